"""The morning digest, and the notice of a night that failed, as the texts that leave the machine.

Both are read on phones, kept by services and shown on lock screens. So they have times and kinds of blocks; a first
name only where `privacy: {names: first}` allows it on the calendar too; and never what the leader noted, what was
promised, a topic, an act, the title of a meeting, or the name of a calendar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from calsync.config.values import Names
from calsync.errors import CalsyncError, ProviderError, Refused, SignInNeeded
from calsync.model import Kind
from calsync.names import first_name_of, name_key
from calsync.planning.words import day_words

if TYPE_CHECKING:
    from calsync.coming import ComingBlock
    from calsync.history import LastNight
    from calsync.model import Person

__all__ = ["Message", "digest", "night_failed", "trouble"]

_UNDER_WAY = timedelta(hours=2)
"""So long a night that has not ended is taken to be under way; no night lasts so long."""
_LATEST = timedelta(days=2)
_WELL = frozenset({0, 5})
"""Exit codes of nights that did their work."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text to send, exactly as it goes out."""

    title: str
    body: str


def trouble(last: LastNight | None, now: datetime) -> str:
    """One line when the last night failed or none has run for two days, else "". `now` is in the leader's zone."""
    if last is None:
        return ""
    began = last.started_at.astimezone(now.tzinfo)
    on = f"{day_words(began.date())} {began:%H:%M}"
    if now - last.started_at > _LATEST:
        return f"No night has run since {on}: `calsync schedule show` says when the next is due."
    if not last.ended:
        under_way = now - last.started_at < _UNDER_WAY
        return "" if under_way else f"The night of {on} was cut off: `calsync log last` has its events."
    if last.exit in _WELL:
        return ""
    return f"The night of {on} did not go well (exit code {last.exit}): `calsync log last` says why."


def digest(
    blocks: Sequence[ComingBlock], people: Sequence[Person], names: Names, today: date, said: str
) -> Message | None:
    """Today's blocks; None on a day without any, unless there is trouble (`said`) to tell.

    `people` are those of the configuration: they know what each is called. Times are those of the blocks' own zone.
    """
    calls = {name_key(person.name): person.first_name for person in people}
    lines = [_block(block, calls if names is Names.FIRST else None) for block in blocks if block.state != "skipped"]
    if not lines and not said:
        return None
    if any(block.kind == Kind.CONNECT and block.people for block in blocks) and lines:
        more = "what to know first" if names is Names.FIRST else "whom"
        lines.append(f"`calsync today` says {more}.")
    return Message(f"calsync: {day_words(today)}", "\n".join([*lines, *([said] if said else [])]))


def _block(block: ComingBlock, calls: Mapping[str, str] | None) -> str:
    text = f"{block.start:%H:%M}-{block.end:%H:%M} {block.kind}"
    if calls is None or block.kind != Kind.CONNECT or not block.people:
        return text
    firsts = [calls.get(name_key(name)) or first_name_of(name) for name, _ in block.people]
    return f"{text}: {', '.join(firsts)}"


def night_failed(errors: Sequence[CalsyncError], today: date) -> Message:
    """That a night failed, and in what way; which calendar it was is said on the machine."""
    kinds = Counter(_kind(error) for error in errors)
    said = [one if count == 1 else many.format(count) for (one, many), count in kinds.items()]
    body = f"The night of {day_words(today)} did not go well: {'; '.join(said)}.\n`calsync log last` says more."
    return Message("calsync: the night did not go well", body)


def _kind(error: CalsyncError) -> tuple[str, str]:
    if isinstance(error, SignInNeeded):
        return "an account wants you to sign in", "{} accounts want you to sign in"
    if isinstance(error, Refused):
        return "it stopped at a plan that would change surprisingly much", "it stopped at {} surprising changes"
    if isinstance(error, ProviderError):
        return "a calendar could not be read or written", "{} calendars could not be read or written"
    return "a part of the work was left", "{} parts of the work were left"
