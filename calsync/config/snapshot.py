"""A copy of the checked configuration, so that a quiet night pays for no parser, no schema and no holiday tables.

It is only ever a copy: it counts while everything that it was made from is the same, and one that is torn, edited or
of another version is passed over. It holds what the file holds and is readable by its owner only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

from calsync import __version__
from calsync.config.values import (
    BlockConfig,
    CalendarConfig,
    Config,
    Details,
    ExportConfig,
    Names,
    PlanningConfig,
    ShowAs,
)
from calsync.model import Kind, Person
from calsync.planning.board import Prefer
from calsync.wholefile import replace_file

__all__ = ["FILE_NAME", "Snapshot"]

FILE_NAME = "config.snapshot"

_FORM = 3
_LARGEST = 16 * 1024 * 1024

_Stretches = tuple[tuple[time, time], ...]


def _holiday_tables() -> str:
    """What changes when the holiday tables are updated; finding the package does not import it."""
    spec = importlib.util.find_spec("holidays")
    if spec is None or spec.origin is None:
        return ""
    found = Path(spec.origin).stat()
    return f"{spec.origin} {found.st_mtime_ns} {found.st_size}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The snapshot that belongs to one state of a configuration file: `key` names everything that went into it."""

    file: Path
    key: str
    path: Path

    @classmethod
    def of(
        cls, folder: Path, data: bytes, path: Path, years: range, provider_kinds: Mapping[str, frozenset[str]]
    ) -> Snapshot:
        """The snapshot in `folder` for the file `path` with the content `data`."""
        parts = [
            _FORM,
            __version__,
            hashlib.sha256(data).hexdigest(),
            os.fspath(path.absolute()),
            os.path.expanduser("~"),  # noqa: PTH111 - Path.home raises where there is none
            [years.start, years.stop],
            sorted((kind, sorted(keys)) for kind, keys in provider_kinds.items()),
            _holiday_tables(),
        ]
        key = hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogateescape")).hexdigest()
        return cls(folder / FILE_NAME, key, path.absolute())

    def read(self, system_zone: str) -> Config | None:
        """The checked values, or None when there is no whole snapshot of this very state (`system_zone` included)."""
        try:
            with self.file.open("rb") as file:
                key, digest, body = file.read(_LARGEST).split(b"\n", 2)
        except (OSError, ValueError):
            return None
        if key.decode("ascii", "replace") != self.key:
            return None
        if digest.decode("ascii", "replace") != hashlib.sha256(key + body).hexdigest():
            return None
        try:
            values = json.loads(body)
            if values["system_zone"] not in {"", system_zone}:
                return None
            return _decoded(values["config"], self.path)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def keep(self, config: Config, system_zone: str) -> bool:
        """Keep `config`; `system_zone` is the machine's zone where it went into the values, "" where not.

        Gives False when the folder cannot be written: then the next run checks the file again, and nothing else
        is different.
        """
        body = json.dumps({"system_zone": system_zone, "config": _encoded(config)}, ensure_ascii=True).encode("ascii")
        key = self.key.encode("ascii")
        content = key + b"\n" + hashlib.sha256(key + body).hexdigest().encode("ascii") + b"\n" + body
        try:
            replace_file(self.file, content)
        except OSError:
            return False
        return True


def _hours_encoded(hours: Mapping[int, _Stretches]) -> list[Any]:
    return [[day, [[start.isoformat(), end.isoformat()] for start, end in some]] for day, some in hours.items()]


def _hours_decoded(hours: list[Any]) -> dict[int, _Stretches]:
    return {
        day: tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in some) for day, some in hours
    }


def _days_encoded(days: Iterable[date]) -> list[str]:
    return sorted(day.isoformat() for day in days)


def _days_decoded(days: list[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(day) for day in days)


def _person_encoded(p: Person) -> list[Any]:
    hours = None if p.working_hours is None else _hours_encoded(p.working_hours)
    said = [p.name, p.ideal_days, p.max_days, list(p.addresses), p.timezone, list(p.tags), p.channel]
    return [*said, hours, p.thanks, p.holidays, p.call_name]


def _person_decoded(values: list[Any], days_off: Mapping[str, frozenset[date]]) -> Person:
    name, ideal, longest, addresses, zone, tags, channel, hours, thanks, holidays, call_name = values
    return Person(
        name,
        ideal,
        longest,
        tuple(addresses),
        zone,
        tuple(tags),
        channel,
        None if hours is None else _hours_decoded(hours),
        days_off[holidays],
        thanks,
        holidays,
        call_name,
    )


def _encoded(config: Config) -> dict[str, Any]:
    planning = config.planning
    return {
        "timezone": config.timezone,
        "me": sorted(config.me),
        "working_hours": _hours_encoded(config.working_hours),
        "holidays": config.holidays,
        "free_days": _days_encoded(config.free_days),
        # Once a country, not once a person: there may be hundreds.
        "days_off": {p.holidays: _days_encoded(p.free_days) for p in config.people},
        "calendars": [[c.name, c.provider, c.write, dict(c.options)] for c in config.calendars],
        "blocks": [[b.kind.value, b.minutes, b.per_week, b.pings, b.prefer.value, b.title] for b in config.blocks],
        "planning": {
            "horizon_weeks": planning.horizon_weeks,
            "freeze_hours": planning.freeze_hours,
            "buffer_minutes": planning.buffer_minutes,
            "max_blocks_a_day": planning.max_blocks_a_day,
            "grid_minutes": planning.grid_minutes,
            "show_as": planning.show_as.value,
            "tentative_is_busy": planning.tentative_is_busy,
        },
        "people": [_person_encoded(p) for p in config.people],
        "names": config.names.value,
        "exports": [[os.fspath(e.path), e.details.value] for e in config.exports],
        "notify": list(config.notify),
        "tag_gaps": {tag: list(gaps) for tag, gaps in config.tag_gaps.items()},
        "free_busy": config.free_busy,
        "notes_months": config.notes_months,
        "kindness_every": config.kindness_every,
    }


def _decoded(values: dict[str, Any], path: Path) -> Config:
    planning = dict(values["planning"])
    planning["show_as"] = ShowAs(planning["show_as"])
    days_off = {code: _days_decoded(days) for code, days in values["days_off"].items()}
    return Config(
        path=path,
        timezone=values["timezone"],
        me=frozenset(values["me"]),
        working_hours=_hours_decoded(values["working_hours"]),
        holidays=values["holidays"],
        free_days=_days_decoded(values["free_days"]),
        calendars=tuple(CalendarConfig(*calendar) for calendar in values["calendars"]),
        blocks=tuple(
            BlockConfig(Kind(kind), minutes, per_week, pings, Prefer(prefer), title)
            for kind, minutes, per_week, pings, prefer, title in values["blocks"]
        ),
        planning=PlanningConfig(**planning),
        people=tuple(_person_decoded(person, days_off) for person in values["people"]),
        names=Names(values["names"]),
        exports=tuple(ExportConfig(Path(file), Details(details)) for file, details in values["exports"]),
        notify=tuple(values["notify"]),
        tag_gaps={tag: (ideal, longest) for tag, (ideal, longest) in values["tag_gaps"].items()},
        free_busy=values["free_busy"],
        notes_months=values["notes_months"],
        kindness_every=values["kindness_every"],
    )
