"""Which files of a state folder calsync made: whatever else somebody keeps there is not ours to remove."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["LOCK", "inventory", "others", "own_files", "remove_own_files"]

LOCK = "lock"
"""Removed last: whoever begins a run meanwhile finds it held."""

_TEMPORARY = r"\.(?:{})\.[0-9a-f]{{12}}\.tmp"
_OF_FOLDER = r"calsync\.db(?:-wal|-shm|-journal)?|decisions\.json|config\.snapshot|secrets\.json|lock|setup\.unfinished"
_OF = {
    "": rf"{_OF_FOLDER}|feed\.key|(?:calsync\.db|decisions\.json)\.damaged-\d{{8}}T\d{{6}}(?:-\d+)?(?:-wal|-shm)?",
    "grants": r"[a-z]+-.+\.json(?:\.lock)?",
    "reports": r"calsync-\d{8}T\d{6}Z-.+\.txt",
    "logs": r"\d{4}-\d\d-\d\d\.jsonl",
}
"""The names of our files, by folder."""


def own_files(folder: Path) -> list[Path]:
    """The files in the state folder that calsync made, sorted; the lock is the last. Raises OSError."""
    found = [path for below, names in _OF.items() for path in _named(folder / below, names)]
    return sorted(found, key=lambda path: (path == folder / LOCK, path))


def inventory(folder: Path) -> list[str]:
    """What the state folder has of ours, for a person to read: each file, and a folder as a whole."""
    counts: dict[str, int] = {}
    for path in own_files(folder):
        name = path.relative_to(folder).as_posix()
        below, slash, _ = name.partition("/")
        counts[f"{below}/" if slash and below != "grants" else name] = counts.get(f"{below}/", 0) + 1
    return [
        f"{name} ({count} file{'s' if count > 1 else ''})" if name.endswith("/") else name
        for name, count in counts.items()
    ]


def others(folder: Path) -> list[str]:
    """The names of what lies in the state folder and is not calsync's. Raises OSError."""
    if not folder.is_dir():
        return []
    ours = set(own_files(folder))

    def goes(path: Path) -> bool:
        """Whether it is a folder of ours that will be empty. A link to one is the leader's."""
        return path.name in _OF and path.is_dir() and not path.is_symlink() and all(o in ours for o in path.iterdir())

    return sorted(path.name for path in folder.iterdir() if path not in ours and not goes(path))


def remove_own_files(folder: Path, *, keep_lock: bool = False) -> list[Path]:
    """Remove what calsync made, and each of its folders that is empty then; what was removed. Raises OSError."""
    removed = []
    for path in own_files(folder):
        if keep_lock and path == folder / LOCK:
            continue
        path.unlink(missing_ok=True)
        removed.append(path)
    for below in (*(name for name in _OF if name), *([] if keep_lock else [""])):
        here = folder / below
        if here.is_dir() and not here.is_symlink() and not any(here.iterdir()):
            here.rmdir()
            removed.append(here)
    return removed


def _named(folder: Path, names: str) -> list[Path]:
    if not folder.is_dir():
        return []
    pattern = re.compile(rf"{names}|{_TEMPORARY.format(names)}")
    return [path for path in folder.iterdir() if pattern.fullmatch(path.name) and (path.is_file() or path.is_symlink())]
