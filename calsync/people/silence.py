"""When somebody does not answer: first more room, then another channel, then peace. No label is put on anybody."""

from __future__ import annotations

from collections.abc import Iterable

from calsync.people.contacts import Contact, ContactKind

__all__ = ["PAUSE", "SWITCH", "channel_now", "silences"]

SWITCH = 3
"""From this many silences in a row on, another channel is suggested."""
PAUSE = 4
"""From this many on, the person is left in peace until they answer or the leader says otherwise."""

_GENTLER = {"call": "chat", "visit": "chat", "walk": "chat", "chat": "mail", "mail": "chat", "": "chat"}
"""What to try in place of a channel: something that can be answered in one's own time."""


def silences(contacts: Iterable[Contact]) -> int:
    """How often in a row, up to now, one person did not answer. `contacts` are theirs, in any order.

    A talk and a "not now" are answers; a skip was the leader's own choice and changes nothing; a return to the rotation
    begins anew.
    """
    count = 0
    for contact in sorted(contacts, key=lambda c: c.at):
        if contact.kind is ContactKind.NO_ANSWER:
            count += 1
        elif contact.kind is not ContactKind.SKIP:
            count = 0
    return count


def channel_now(channel: str, silences: int) -> str:
    """How to reach somebody whose own wish is `channel` ("" where it is not known) after so many silences."""
    return _GENTLER.get(channel, "chat") if silences >= SWITCH else channel
