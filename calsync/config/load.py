"""The one way from a configuration file to checked values: every problem at once, or a `Config`.

A file that was checked before is rebuilt from its snapshot without the parser, the schema and the holiday tables:
they cost more than a quiet night's own work. Hence the imports inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calsync.config.snapshot import Snapshot
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
from calsync.config.zones import system_timezone
from calsync.errors import ConfigError, Problem, UsageError
from calsync.model import Kind
from calsync.names import is_one_line, tidy_name
from calsync.planning.board import Prefer

if TYPE_CHECKING:
    from calsync.config.schema import Block, CalendarEntry, File
    from calsync.config.tree import Fault, Tree, Where

__all__ = ["LARGEST", "check_config", "load_config", "read_config_bytes"]

LARGEST = 1024 * 1024
"""The most bytes that a configuration may have."""

_NEXT_STEP = "correct the file and run the command again; docs/configuration.md describes every key"
_YEARS_BACK, _YEARS_AHEAD = 1, 2
_NO_ZONE = "is missing, and this computer's time zone cannot be told; add for instance `timezone: Europe/Berlin`"


def read_config_bytes(path: Path) -> bytes:
    """What the file at `path` holds; raises UsageError when it cannot be read, ConfigError when it is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(
            f"there is no configuration at {path}",
            "run `calsync setup` or `calsync demo`, or name another file with --config",
        ) from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a configuration file", "name a file with --config") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} cannot be read: {reason}", "check the path and its permissions") from None
    if len(data) > LARGEST:
        problem = Problem(str(path), 0, "", "is larger than 1 MiB, so it is not a configuration")
        raise ConfigError([problem], "name another file with --config")
    return data


def load_config(
    path: Path,
    *,
    snapshot_folder: Path | None = None,
    today: date,
    provider_kinds: Mapping[str, frozenset[str]],
    system_zone: str | None = None,
) -> Config:
    """The checked configuration at `path`.

    `provider_kinds` has the option keys of each provider that this version offers; `today` is the local date around
    which holidays are needed (from the year before it to two years after). With a `snapshot_folder` the checked
    values are kept there and read instead while file, version, providers and years stay the same; a snapshot that is
    damaged or cannot be kept changes nothing but the time this takes. `system_zone` stands in for this machine's
    time zone ("" when it cannot be told).

    Raises UsageError when there is no such file or it cannot be read, ConfigError with every problem, in the order of
    the file, when it cannot be used. Nothing but the file, the snapshot and the existence of paths is looked at.
    """
    data = read_config_bytes(path)
    zone = system_timezone() if system_zone is None else system_zone
    if snapshot_folder is None:
        return check_config(data, path, today=today, provider_kinds=provider_kinds, system_zone=zone)[0]
    snapshot = Snapshot.of(snapshot_folder, data, path, _years(today), provider_kinds)
    config = snapshot.read(zone)
    if config is None:
        config, zone_used = check_config(data, path, today=today, provider_kinds=provider_kinds, system_zone=zone)
        snapshot.keep(config, zone if zone_used else "")
    return config


def _years(today: date) -> range:
    return range(today.year - _YEARS_BACK, today.year + _YEARS_AHEAD + 1)


def check_config(
    data: bytes, path: Path, *, today: date, provider_kinds: Mapping[str, frozenset[str]], system_zone: str
) -> tuple[Config, bool]:
    """The checked values of `data` as the file `path` would hold it, and whether the system's zone went into them.

    Raises ConfigError with every problem.
    """
    from calsync.config.checks import cross_checks
    from calsync.config.tree import Fault, Mark, Tree, decode, read_tree

    text, faults = decode(data)
    tree = read_tree(text) if not faults else Tree()
    faults += tree.faults
    file: File | None = None
    if not faults or tree.value is not None:
        if tree.value is None:
            faults.append(Fault(Mark(1, 1), "there is nothing in this file; config.example.yaml shows what can be"))
        elif not isinstance(tree.value, dict):
            faults.append(Fault(tree.mark(()), f"expected keys and values (`key: value`), not {_shown(tree.value)}"))
        else:
            file, wrong = _validated(tree)
            found = [*wrong, *cross_checks(tree, path, provider_kinds)]
            faults += [f for f in found if not any(f.where[: len(w)] == w for w in tree.unread)]
            if not tree.value.get("timezone") and "timezone" not in tree.value and not system_zone:
                faults.append(Fault(Mark(1, 1), _NO_ZONE, ("timezone",)))
    if faults or file is None:
        raise ConfigError(_problems(path, tree, faults), _NEXT_STEP)
    return _config(file, path, system_zone, _years(today)), not file.timezone


def _shown(value: Any) -> str:
    from calsync.config.wording import shown

    return shown(value)


def _problems(path: Path, tree: Tree, faults: list[Fault]) -> list[Problem]:
    """The faults as problems, in the order of the file, each once."""
    ordered = sorted({(f.mark.line, f.mark.column, _key(f.where, tree.value), f.text) for f in faults})
    return [Problem(str(path), line, key, text, column) for line, column, key, text in ordered]


def _key(where: Where, value: Any) -> str:
    """`where` as a person reads it: `people[Ana Sousa].max`; items without a name are counted from 1 (`[#2]`)."""
    label = ""
    for step in where:
        if isinstance(step, str):
            shown = step if step.isprintable() else ascii(step)[1:-1]
            label += f".{shown[:60]}" if label else shown[:60]
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list) and step < len(value):
            value = value[step]
            name = value.get("name") if isinstance(value, dict) else None
            named = isinstance(name, str) and is_one_line(name) and 0 < len(tidy_name(name)) <= 40
            label += f"[{name}]" if named else f"[#{step + 1}]"
    return label


def _validated(tree: Tree) -> tuple[File | None, list[Fault]]:
    """The file in the schema's classes, or what is wrong with the form of its values."""
    from pydantic import ValidationError

    from calsync.config.schema import File

    try:
        return File.model_validate(tree.value), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
        wrong_keys = {one["loc"][:-1] for one in errors if one["loc"][-1:] == ("[key]",)}
        # What stands behind a key that is wrong itself matters only where something does.
        told = [e for e in errors if not (e["loc"] in wrong_keys and e["input"] is None)]
        faults = [_fault(tree, dict(one)) for one in told]
        return None, [fault for fault in faults if fault is not None]


def _fault(tree: Tree, error: dict[str, Any]) -> Fault | None:
    """One of pydantic's errors in our words; None where `cross_checks` says it better."""
    from calsync.config.keys import form_of, keys_of, section_at
    from calsync.config.tree import Fault
    from calsync.config.wording import nearest

    where: Where = tuple(error["loc"])
    kind, value = error["type"], error.get("input")
    if where == ("calendars",) and kind == "missing":
        return None
    at_key = kind == "extra_forbidden" or where[-1:] == ("[key]",)
    where = where[:-1] if where[-1:] == ("[key]",) else where
    if kind == "value_error":
        text = str(error["ctx"]["error"])
    elif kind == "missing":
        section = section_at(where[:-1])
        known = keys_of(section) if section else {}
        closed = section is not None and section.model_config.get("extra") == "forbid"
        if closed and any(nearest(key, known) == where[-1] for key in value or () if key not in known):
            return None  # the misspelt key says it
        form = form_of(known[str(where[-1])]) if section else None
        text = f"is missing; expected {form.text}" if form else "is missing"
    elif kind == "extra_forbidden":
        text = _unknown_key(where)
    elif kind == "list_type":
        text = f"expected a list (each entry begins with a dash), not {_shown(value)}"
    else:
        text = f"expected keys and values (`key: value`), not {_shown(value)}"
    # One value where a list may stand has no place of its own in the list.
    while where and isinstance(where[-1], int) and where not in tree.values:
        where = where[:-1]
    return Fault(tree.mark(where, key=at_key), text, where)


def _unknown_key(where: Where) -> str:
    from calsync.config.keys import keys_of, section_at, section_of
    from calsync.config.schema import File
    from calsync.config.wording import did_you_mean, nearest

    section, name = section_at(where[:-1]), str(where[-1])
    known = keys_of(section) if section else {}
    if not nearest(name, known):
        for key, info in keys_of(File).items():
            other = section_of(info)
            if other is not None and name in keys_of(other):
                return f"unknown key here; it belongs under `{key}`"
        if name in keys_of(File):
            return "unknown key here; it stands at the left margin, outside every group"
    return f"unknown key{did_you_mean(name, known)}"


def _config(file: File, path: Path, system_zone: str, years: range) -> Config:
    from calsync.config.checks import resolved
    from calsync.config.persons import free_days, hours_by_weekday, people_of

    folder = path.absolute().parent
    kinds = ((Kind.CONNECT, file.blocks.connect), (Kind.FOLLOW_THROUGH, file.blocks.follow_through))
    blocks = [_block(kind, block) for kind, block in (*kinds, (Kind.KINDNESS, file.blocks.kindness)) if block]
    return Config(
        path=path.absolute(),
        timezone=file.timezone or system_zone,
        me=frozenset(file.me),
        working_hours=hours_by_weekday(file.working_hours),
        holidays=file.holidays,
        free_days=free_days(file.holidays, years),
        calendars=tuple(_calendar(entry, folder) for entry in file.calendars),
        blocks=tuple(block for block in blocks if block.per_week),
        planning=PlanningConfig(
            horizon_weeks=file.planning.horizon_weeks,
            freeze_hours=file.planning.freeze_hours,
            buffer_minutes=file.planning.buffer_minutes,
            max_blocks_a_day=file.planning.max_blocks_a_day,
            grid_minutes=file.planning.grid_minutes,
            show_as=ShowAs(file.planning.show_as),
            tentative_is_busy=file.planning.tentative == "busy",
        ),
        people=people_of(file, years),
        names=Names(file.privacy.names),
        exports=tuple(ExportConfig(resolved(e.path, folder), Details(e.details)) for e in file.exports),
        notify=tuple(file.notify),
        tag_gaps={tag: (gaps.ideal, gaps.max) for tag, gaps in file.tags.items()},
        free_busy=file.privacy.free_busy,
        notes_months=file.privacy.notes_months,
        kindness_every=file.blocks.kindness.every if file.blocks.kindness is not None else "week",
    )


def _block(kind: Kind, block: Block) -> BlockConfig:
    pings = int(getattr(block, "pings", 0))
    return BlockConfig(kind, block.minutes, block.per_week, pings, Prefer(block.prefer), block.title)


def _calendar(entry: CalendarEntry, folder: Path) -> CalendarConfig:
    from calsync.config.checks import option_value

    said = (entry.model_extra or {}).items()
    options = {key: option_value(entry.provider, key, value, folder) for key, value in said}
    return CalendarConfig(entry.name, entry.provider, entry.write, options)
