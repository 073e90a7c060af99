"""Many events in one text (a file, an answer from the web): which of them changed since the last time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from calsync.errors import Malformed
from calsync.ports import Resource

if TYPE_CHECKING:
    from calsync.ical.lexical import Cut, Group

__all__ = ["compare"]

# Some servers stamp every event anew at every request; the stamp says nothing about the event (RFC 5545 3.8.7.2).
_STAMP = re.compile(rb"\nDTSTAMP[;:][^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE)


def compare(
    data: bytes, where: str, known: Mapping[str, str], origin: datetime
) -> tuple[list[Resource], list[str], str]:
    """The resources of `data` that differ from `known` (UID to tag), the UIDs that are gone, and what to know next.

    Resources that end before `origin` and were not known are left out. Raises Malformed, naming `where`.
    """
    from calsync.ical.lexical import cannot_touch, split

    try:
        cut = split(data)
    except Malformed as error:
        raise Malformed(f"{where}: {error.what}", error.next_step) from error
    changed: list[Resource] = []
    now: dict[str, str] = {}
    for group in cut.groups:
        old = known.get(group.uid)
        if old is None and cannot_touch(group, origin):
            continue
        now[group.uid] = tag = _tag(cut, group, origin)
        if tag != old:
            changed.append(Resource(group.uid, tag, group.payload(origin)))
    removed = [uid for uid in known if uid not in now]
    return changed, removed, json.dumps(now, separators=(",", ":"))


def _tag(cut: Cut, group: Group, origin: datetime) -> str:
    """A hash of all that the payload says, but for the stamps."""
    seen = blake2b(cut.zone_hint.encode(), digest_size=12)
    components = group.relevant(origin)
    for block in (*components, *group.zones(components)):
        plain = _STAMP.sub(b"", block)
        seen.update(len(plain).to_bytes(8, "big"))
        seen.update(plain)
    return seen.hexdigest()
