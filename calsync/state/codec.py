"""Values of the model as JSON text, and back: what the state database keeps of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from calsync.model import (
    Answer,
    Event,
    EventType,
    Key,
    Kind,
    Occurrence,
    Override,
    Party,
    PartyKind,
    Role,
    Series,
    Span,
    Status,
)
from calsync.ports import OwnedSeries

__all__ = [
    "dump_occurrences",
    "dump_override",
    "dump_owned",
    "dump_series",
    "from_epoch",
    "load_occurrences",
    "load_override",
    "load_owned",
    "load_series",
    "to_epoch",
]


def to_epoch(instant: datetime) -> int:
    """Whole seconds since the epoch."""
    return int(instant.timestamp())


def from_epoch(seconds: int) -> datetime:
    """The aware UTC datetime of `to_epoch`."""
    return datetime.fromtimestamp(seconds, UTC)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _party(party: Party) -> list[Any]:
    return [party.address, party.name, party.kind.value, party.role.value, party.answer.value, party.is_me]


def _event(event: Event) -> list[Any]:
    return [
        event.uid,
        event.title,
        event.status,
        event.transparent,
        event.event_type,
        event.organizer,
        event.organized_by_me,
        [_party(p) for p in event.parties],
        event.guests_hidden,
        event.private,
        event.ours,
    ]


@lru_cache(maxsize=4096)
def _party_of(address: str, name: str, kind: str, role: str, answer: str, is_me: bool) -> Party:
    # The same colleagues come with meeting after meeting.
    return Party(address, name, PartyKind(kind), Role(role), Answer(answer), is_me)


def _event_of(row: list[Any]) -> Event:
    parties = tuple(_party_of(*party) for party in row[7])
    return Event(
        row[0], row[1], Status(row[2]), row[3], EventType(row[4]), row[5], row[6], parties, row[8], row[9], row[10]
    )


def dump_occurrences(occurrences: tuple[Occurrence, ...]) -> str:
    """Occurrences as text; those of one event share its facts, which are written once."""
    groups: list[tuple[Event, list[list[int]]]] = []
    for occurrence in occurrences:
        if not groups or groups[-1][0] != occurrence.event:
            groups.append((occurrence.event, []))
        span = occurrence.span
        groups[-1][1].append([to_epoch(span.start), to_epoch(span.end), int(occurrence.all_day)])
    return _compact([[_event(event), spans] for event, spans in groups]) if groups else ""


def load_occurrences(text: str, window: Span | None = None) -> list[Occurrence]:
    """What `dump_occurrences` was given, with spans in UTC; with `window`, only what overlaps it."""
    found: list[Occurrence] = []
    begin, finish = (to_epoch(window.start), to_epoch(window.end)) if window is not None else (None, 0)
    for row, spans in json.loads(text) if text else ():
        if begin is not None:
            spans = [span for span in spans if span[0] < finish and span[1] > begin]
        if not spans:
            continue
        event = _event_of(row)
        found.extend(
            Occurrence(event, Span(from_epoch(start), from_epoch(end)), bool(all_day)) for start, end, all_day in spans
        )
    return found


def _override(override: Override | None) -> list[Any] | None:
    if override is None:
        return None
    begin, end = to_epoch(override.span.start), to_epoch(override.span.end)
    return [begin, end, override.title, override.transparent, list(override.extra)]


def dump_override(override: Override | None) -> str:
    """An override as text; None (a date that does not take place) as `null`."""
    return _compact(_override(override))


def load_override(text: str, zone: ZoneInfo) -> Override | None:
    """What `dump_override` was given, with its span in `zone`."""
    return _override_of(json.loads(text), zone)


def _override_of(row: list[Any] | None, zone: ZoneInfo) -> Override | None:
    if row is None:
        return None
    begin, end = (from_epoch(seconds).astimezone(zone) for seconds in row[:2])
    return Override(Span(begin, end), row[2], bool(row[3]), tuple(row[4]))


def _series(series: Series) -> dict[str, Any]:
    return {
        "key": series.key,
        "kind": series.kind,
        "number": series.number,
        "generation": series.generation,
        "timezone": series.timezone,
        "first": series.first.isoformat(),
        "start": series.start.isoformat(),
        "minutes": series.minutes,
        "title": series.title,
        "transparent": series.transparent,
        "changed": to_epoch(series.changed),
        "until": series.until.isoformat() if series.until else None,
        "cancelled": sorted(day.isoformat() for day in series.cancelled),
        "dropped": sorted(day.isoformat() for day in series.dropped),
        "overrides": {day.isoformat(): _override(o) for day, o in series.overrides.items()},
        "description": series.description,
        "sequence": series.sequence,
        "rule_is_ours": series.rule_is_ours,
        "extra": list(series.extra),
    }


def _series_of(row: dict[str, Any]) -> Series:
    zone = ZoneInfo(row["timezone"])
    overrides = {date.fromisoformat(day): _override_of(o, zone) for day, o in row["overrides"].items()}
    return Series(
        key=Key(row["key"]),
        kind=Kind(row["kind"]),
        number=row["number"],
        generation=row["generation"],
        timezone=row["timezone"],
        first=date.fromisoformat(row["first"]),
        start=time.fromisoformat(row["start"]),
        minutes=row["minutes"],
        title=row["title"],
        transparent=row["transparent"],
        changed=from_epoch(row["changed"]),
        until=date.fromisoformat(row["until"]) if row["until"] else None,
        cancelled=frozenset(map(date.fromisoformat, row["cancelled"])),
        dropped=frozenset(map(date.fromisoformat, row["dropped"])),
        overrides={day: o for day, o in overrides.items() if o is not None},
        description=row["description"],
        sequence=row["sequence"],
        rule_is_ours=row["rule_is_ours"],
        extra=tuple(row["extra"]),
    )


def dump_series(series: Series | None) -> str:
    """A series as text, None as ''."""
    return _compact(_series(series)) if series else ""


def load_series(text: str) -> Series | None:
    """What `dump_series` was given."""
    return _series_of(json.loads(text)) if text else None


def dump_owned(owned: OwnedSeries | None) -> str:
    """A series as it stands on a server, as text; None as ''."""
    if owned is None:
        return ""
    leaders = sorted(day.isoformat() for day in owned.leaders)
    return _compact([_series(owned.series), owned.resource, owned.etag, leaders, owned.unfinished])


def load_owned(text: str) -> OwnedSeries | None:
    """What `dump_owned` was given."""
    if not text:
        return None
    body, resource, etag, leaders, *more = json.loads(text)
    return OwnedSeries(_series_of(body), resource, etag, frozenset(map(date.fromisoformat, leaders)), more == [True])
