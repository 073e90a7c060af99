"""What lies at a path, where the system may refuse to say: nothing can be seen under a folder that is closed."""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_folder", "nearest_there"]


def is_folder(path: Path) -> bool:
    """True for a folder that can be seen."""
    try:
        return path.is_dir()
    except OSError:
        return False


def nearest_there(path: Path) -> Path:
    """The path itself, or while nothing can be seen there the nearest one above it at which something lies."""
    for one in (path, *path.absolute().parents):
        try:
            if one.exists():
                return one
        except OSError:
            continue
    return path
