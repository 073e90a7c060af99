"""When other people are busy: fifty at a time, with an error about one that is nobody else's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from calsync.model import Span
from calsync.ports import BusyAnswer
from providers.google.calls import Calls
from providers.google.reading import NOT_UNDERSTOOD

__all__ = ["ask"]

_AT_ONCE = 50
_LONGEST = timedelta(days=60)
"""Google refuses to look at more than about three months at once."""
_WORDS = {
    "notFound": "Google does not show when they are busy",
    "groupTooBig": "it is a group of too many people",
    "tooManyCalendarsRequested": "too many calendars at once",
    "internalError": "Google could not tell; try again later",
}


def ask(calls: Calls, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:
    """One answer for each address, in order. Raises Rejected when nothing at all can be asked."""
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses))
    busy: dict[str, list[Span]] = {address: [] for address in wanted}
    errors: dict[str, str] = {}
    for begin, end in _pieces(window):
        for at in range(0, len(wanted), _AT_ONCE):
            part = wanted[at : at + _AT_ONCE]
            body = {
                "timeMin": f"{begin:%Y-%m-%dT%H:%M:%SZ}",
                "timeMax": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "calendarExpansionMax": _AT_ONCE,
                "items": [{"id": address} for address in part],
            }
            said = calls.run(calls.freebusy.query(body=body))
            for address in part:
                try:
                    _take(said, address, busy[address], errors)
                except NOT_UNDERSTOOD:
                    errors.setdefault(address, "what Google says of them cannot be understood")
    keys = [address.strip().lower() for address in addresses]
    return [
        BusyAnswer(address, () if key in errors else tuple(_joined(busy[key])), errors.get(key, ""))
        for address, key in zip(addresses, keys, strict=True)
    ]


def _take(said: Mapping[str, Any], address: str, busy: list[Span], errors: dict[str, str]) -> None:
    calendars = said.get("calendars", {})
    one = calendars.get(address)
    if one is None:
        members = said.get("groups", {}).get(address)
        reasons = [e.get("reason", "") for e in (members or {}).get("errors", ())]
        # The busy times of a group's members are theirs; the group itself has none.
        errors.setdefault(address, _why(reasons) if reasons or members is None else "it is a group, not a person")
        return
    if one.get("errors"):
        errors.setdefault(address, _why([error.get("reason", "") for error in one["errors"]]))
        return
    for row in one.get("busy", ()):
        start, stop = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
        if start < stop:
            busy.append(Span(start.astimezone(UTC), stop.astimezone(UTC)))


def _why(reasons: Iterable[str]) -> str:
    first = next(iter(reasons), "")
    return _WORDS.get(first, f"Google could not tell ({first or 'no reason given'})")


def _pieces(window: Span) -> Iterable[tuple[datetime, datetime]]:
    begin, end = window.start.astimezone(UTC), window.end.astimezone(UTC)
    while begin < end:
        stop = min(end, begin + _LONGEST)
        yield begin, stop
        begin = stop


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The spans sorted, those that meet where two questions met as one."""
    made: list[Span] = []
    for span in sorted(spans):
        if made and span.start <= made[-1].end:
            made[-1] = Span(made[-1].start, max(made[-1].end, span.end))
        else:
            made.append(span)
    return made
