"""A folder with one event a file (vdir), or a folder of such folders: what is in it, and what changed.

A file that the file system reports unchanged is not opened. A file that cannot be understood fails the read: an
event that is left out would look like free time.
"""

from __future__ import annotations

import json
import os
import stat
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from calsync.errors import Malformed, NotFound
from calsync.ports import Delta, Resource
from providers.ics.cursor import Cursor, parse
from providers.ics.files import Signature, content_tag, read_whole, settled, signature, trouble

__all__ = ["TEMP_SUFFIX", "Listing", "event_files", "list_folder", "read_folder", "temp_target"]

TEMP_SUFFIX = ".calsync.tmp"
"""How the temporary files of calsync end; every reader of such folders passes over *.tmp and names with a dot."""

_LEFT_OUT = 1
_KIND = 0o170000  # the bits of a mode that tell files from folders, without a call for each


class Listing(NamedTuple):
    """The event files of a folder by resource name, its folders by name, and the temporary files of calsync."""

    files: dict[str, tuple[Signature, str]]
    folders: list[str]
    temps: list[str]


def temp_target(temp: str) -> str:
    """The name of the file that a temporary file of calsync was to become."""
    return temp[1 : -len(TEMP_SUFFIX)].rpartition(".")[0]


def list_folder(folder: Path, prefix: str = "") -> Listing:
    """What is in `folder`; resource names begin with `prefix`. One pass over the folder, a stat for each event file.

    Raises NotFound, Unreachable, or Malformed for an event file that is none.
    """
    files: dict[str, tuple[Signature, str]] = {}
    folders: list[str] = []
    temps: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    if name.endswith(TEMP_SUFFIX):
                        temps.append(name)
                elif name.lower().endswith(".ics"):
                    seen = _look(entry)
                    if seen is None:
                        continue
                    if seen.st_mode & _KIND == stat.S_IFREG:
                        files[prefix + (name if name.isascii() else _clean(name))] = (signature(seen), entry.path)
                    elif seen.st_mode & _KIND == stat.S_IFDIR:
                        folders.append(name)
                    else:
                        raise Malformed(f"{entry.path}: it is not a file", "take it out of the folder")
                elif entry.is_dir():
                    folders.append(name)
    except OSError as error:
        raise trouble(error.filename or folder, error) from error
    for temp in temps:
        # Without hard links a creation reserves its name with an empty file; killed just then, it was not made yet.
        name = prefix + temp_target(temp)
        if name in files and files[name][0].size == 0:
            del files[name]
    return Listing(files, sorted(folders), temps)


def event_files(folder: Path, nested: bool) -> tuple[dict[str, tuple[Signature, str]], set[str]]:
    """The event files of `folder` by resource name, and the prefixes of the folders in it that were read too.

    With `nested` the folders in it are read too, each event's name then beginning with its folder's.
    """
    top = list_folder(folder)
    files, prefixes = dict(top.files), set[str]()
    for name in top.folders if nested else ():
        prefix = f"{_clean(name)}/"
        prefixes.add(prefix)
        files.update(list_folder(folder / name, prefix).files)
    return files, prefixes


def read_folder(folder: Path, nested: bool, start: datetime, cursor: str | None) -> Delta:
    """What changed since `cursor` in `folder`, for a window that begins at `start`.

    A folder in it that was read before and is gone fails the read, as the whole calendar would.
    Raises NotFound, Unreachable or Malformed, naming the path.
    """
    known = parse(cursor, str(folder), start)
    old: dict[str, list[int | str]] = {} if known is None else known.parts()
    files, prefixes = event_files(folder, nested)
    lost = sorted({name.partition("/")[0] + "/" for name in old if "/" in name} - prefixes)
    if lost:
        raise NotFound(
            f"{folder / lost[0]}: the folder is gone",
            "put it back; if it was removed on purpose, put an empty folder in its place for one run",
        )
    origin = start if known is None else known.origin
    now: dict[str, list[int | str]] = {}
    changed: list[Resource] = []
    for name, (seen, path) in files.items():
        before = old.get(name)
        if before is not None and before[:3] == [*seen]:
            now[name] = before
            continue
        try:
            data, seen = read_whole(path)
        except NotFound:
            continue  # deleted since the folder was listed
        tag = content_tag(data)
        if before is not None and before[3] == tag:
            now[name] = [*settled(seen), *before[3:]]
            continue
        unknown = before is None or before[4:] == [_LEFT_OUT]
        if _is_past(data, path, origin) and unknown:
            now[name] = [*settled(seen), tag, _LEFT_OUT]
            continue
        now[name] = [*settled(seen), tag]
        changed.append(Resource(name, tag, data))
    if known is not None and cursor is not None and now == old:
        return Delta((), (), cursor, complete=False)
    removed = [name for name, entry in old.items() if name not in now and entry[4:] != [_LEFT_OUT]]
    body = json.dumps(now, separators=(",", ":"))
    changed.sort(key=lambda resource: resource.name)
    made = Cursor(origin, {}, body).text(str(folder))
    return Delta(tuple(changed), tuple(sorted(removed)), made, complete=known is None)


def _look(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What an event file is; None when it was deleted since the folder was opened."""
    try:
        return entry.stat()
    except FileNotFoundError as error:
        if entry.is_symlink():
            raise Malformed(
                f"{entry.path}: it is a link to nothing", "repair the link, or take it out of the folder"
            ) from error
        return None


def _is_past(data: bytes, path: str, origin: datetime) -> bool:
    from calsync.ical.lexical import cannot_touch, split

    try:
        cut = split(data)
    except Malformed as error:
        raise Malformed(f"{path}: {error.what}", "repair it, or take it out of the folder") from error
    return all(cannot_touch(group, origin) for group in cut.groups)


def _clean(name: str) -> str:
    # A name that is not UTF-8 cannot be kept as text; it is only ever read, so another spelling does no harm.
    return os.fsencode(name).decode("utf-8", "backslashreplace")
