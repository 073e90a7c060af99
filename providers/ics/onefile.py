"""One .ics file with a whole calendar in it: one look at the file system while it stays as it was; never written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from calsync.ports import Delta
from providers.ics.cursor import Cursor, parse
from providers.ics.files import Signature, content_tag, read_whole, settled, signature, trouble
from providers.ics.parts import compare

__all__ = ["read_file"]


def read_file(path: Path, start: datetime, cursor: str | None) -> Delta:
    """What changed in the file since `cursor`, for a window that begins at `start`.

    Raises NotFound, Unreachable or Malformed, naming the path.
    """
    known = parse(cursor, str(path), start)
    try:
        seen = signature(path.stat())
    except OSError as error:
        raise trouble(path, error) from error
    if known is not None and cursor is not None and known.head.get("seen") == [*seen]:
        return Delta((), (), cursor, complete=False)
    data, seen = read_whole(path)
    tag = content_tag(data)
    if known is not None and known.head.get("tag") == tag:
        return Delta((), (), _text(known.origin, seen, tag, known.body, path), complete=False)
    origin = start if known is None else known.origin
    changed, removed, body = compare(data, str(path), {} if known is None else known.parts(), origin)
    made = _text(origin, seen, tag, body, path)
    return Delta(tuple(changed), tuple(removed), made, complete=known is None)


def _text(origin: datetime, seen: Signature, tag: str, body: str, path: Path) -> str:
    return Cursor(origin, {"seen": [*settled(seen)], "tag": tag}, body).text(str(path))
