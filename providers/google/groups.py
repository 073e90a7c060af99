"""Events of one series belong together: Google hands them out one by one, masters and exceptions alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["Facts", "Group", "Json", "grouped", "is_live", "merged", "private_of"]

Json = Mapping[str, Any]

_NO_DETAILS = frozenset({"freeBusyReader", "none"})
_SOME_DETAILS = frozenset({"reader", "writerWithoutPrivateAccess"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What a list says of the calendar: its zone, None where it names none that is known, and what we may see."""

    zone: ZoneInfo | None = None
    role: str = "owner"

    def hides(self, item: Json) -> bool:
        """True when the details of an event are kept from us."""
        if self.role in _NO_DETAILS:
            return True
        return self.role in _SOME_DETAILS and item.get("visibility") in ("private", "confidential")


@dataclass(frozen=True, slots=True)
class Group:
    """A single event, or a series with its exceptions (changed and cancelled ones), under the id of the master.

    Of a series in which we were invited to single dates only there is no master.
    """

    name: str
    master: Json | None
    exceptions: tuple[Json, ...] = ()

    @property
    def items(self) -> tuple[Json, ...]:
        """Everything in it."""
        return self.exceptions if self.master is None else (self.master, *self.exceptions)

    @property
    def live(self) -> tuple[Json, ...]:
        """The exceptions that take place."""
        return tuple(item for item in self.exceptions if is_live(item))

    @property
    def exists(self) -> bool:
        """False when nothing of it takes place any more."""
        return is_live(self.master) if self.master is not None and not self.live else bool(self.live)

    @property
    def recurs(self) -> bool:
        """True for a series, whole or not."""
        return bool(self.exceptions) or bool(self.master is not None and self.master.get("recurrence"))

    @property
    def uid(self) -> str:
        """The iCalUID, which its events share; "" when only the ids of cancelled ones are known."""
        return next((str(item["iCalUID"]) for item in self.items if item.get("iCalUID")), "")

    def etag(self, payload: bytes = b"") -> str:
        """One version mark for all of it, read as `payload`: another one whenever one of its events has another one.

        Of a cancelled date no version is sure to be given, and not all that are told of are the series' own: they
        count as what they are in the payload.
        """
        versions = sorted(f"{item['id']} {item.get('etag', '')}" for item in self.items if is_live(item))
        return blake2b("\n".join(versions).encode() + b"\n" + payload, digest_size=12).hexdigest()


def grouped(items: Iterable[Json]) -> Iterator[Group]:
    """The groups that events belong to, by name; of two versions of one event the later one counts."""
    masters: dict[str, Json] = {}
    exceptions: dict[str, dict[str, Json]] = {}
    for item in items:
        series = item.get("recurringEventId")
        if series:
            exceptions.setdefault(str(series), {})[str(item["id"])] = item
        else:
            masters[str(item["id"])] = item
    for name in sorted({*masters, *exceptions}):
        own = exceptions.get(name, {})
        yield Group(name, masters.get(name), tuple(own[one] for one in sorted(own)))


def merged(known: Group, found: Group) -> Group:
    """Two views of one series as one; of an event that is in both, the one in `found` counts."""
    dates = {str(item["id"]): item for item in (*known.exceptions, *found.exceptions)}
    master = known.master if found.master is None else found.master
    return Group(known.name, master, tuple(dates[one] for one in sorted(dates)))


def is_live(item: Json) -> bool:
    """False for what is deleted or cancelled."""
    return bool(item.get("status") != "cancelled")


def private_of(item: Json) -> Mapping[str, str]:
    """The properties that only this calendar's copy of an event has."""
    said = item.get("extendedProperties", {}).get("private", {})
    return {str(name): str(value) for name, value in said.items()}
