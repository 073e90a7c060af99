"""The configuration's one declaration: every key with its form, default, meaning and example.

Parsing, checks, `docs/configuration.md` and `config.example.yaml` all come from these classes. This module imports
pydantic and is therefore itself imported at first use only.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

from calsync.config.forms import (
    Address,
    CalendarName,
    Choice,
    Days,
    Form,
    HolidayCode,
    Hours,
    NotifyUrl,
    PathText,
    Tag,
    Text,
    Truth,
    Weekdays,
    Whole,
    Zone,
)
from calsync.config.values import Details, Names, ShowAs
from calsync.planning.board import Prefer

__all__ = [
    "CHANNELS",
    "DEFAULT_HOURS",
    "CalendarEntry",
    "File",
    "PersonEntry",
    "form_of",
    "keys_of",
    "section_at",
    "section_of",
]

CHANNELS = ("call", "chat", "mail", "walk", "visit")
"""How a person likes to be reached."""

DEFAULT_HOURS = "09:00-12:30, 13:15-17:30"
"""The working hours of mon-fri when the file names none."""


_Nothing = BeforeValidator(lambda value: {} if value is None else value)
_NoItems = BeforeValidator(lambda value: [] if value is None else value)
_OneOrMany = BeforeValidator(lambda value: [] if value is None else value if isinstance(value, list) else [value])


class Section(BaseModel):
    """A group of keys; a key that is not declared is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Block(Section):
    """One kind of block. A kind that is not listed is not planned."""

    minutes: Annotated[int, Whole(5, 240, step=5, unit="minutes")] = Field(
        30, description="How long one block is.", examples=[30]
    )
    per_week: Annotated[int, Whole(0, 5)] = Field(
        1, description="How many a week. 0 is a pause: the kind is not planned, as if it were not listed.", examples=[1]
    )
    prefer: Annotated[str, Choice(p.value for p in Prefer)] = Field(
        Prefer.ANY.value, description="The part of the working day that suits you best.", examples=["any"]
    )
    title: Annotated[str, Text("a title")] = Field(
        description="What stands in the calendar. Others may see it, so name nobody.", examples=["Focus"]
    )


class ConnectBlock(Block):
    """Time to reach people."""

    per_week: Annotated[int, Whole(0, 5)] = Field(
        2, description="How many a week. 0 is a pause: the kind is not planned, as if it were not listed.", examples=[2]
    )
    pings: Annotated[int, Whole(1, 5)] = Field(
        2,
        description="How many people one block names: the first someone easy, then the longest overdue.",
        examples=[2],
    )
    prefer: Annotated[str, Choice(p.value for p in Prefer)] = Field(
        Prefer.ANY.value, description="The part of the working day that suits you best.", examples=["afternoon"]
    )
    title: Annotated[str, Text("a title")] = Field(
        "Focus", description="What stands in the calendar. Others may see it, so name nobody.", examples=["Focus"]
    )


class FollowThroughBlock(Block):
    """Time to do what people asked of you."""

    minutes: Annotated[int, Whole(5, 240, step=5, unit="minutes")] = Field(
        45, description="How long one block is.", examples=[45]
    )
    title: Annotated[str, Text("a title")] = Field(
        "Focus: follow-through",
        description="What stands in the calendar. Others may see it, so name nobody.",
        examples=["Focus: follow-through"],
    )


class KindnessBlock(Block):
    """Time for one small act of kindness."""

    minutes: Annotated[int, Whole(5, 240, step=5, unit="minutes")] = Field(
        10, description="How long one block is.", examples=[10]
    )
    title: Annotated[str, Text("a title")] = Field(
        "Focus: small things",
        description="What stands in the calendar. Others may see it, so name nobody.",
        examples=["Focus: small things"],
    )


class Blocks(Section):
    """The kinds of blocks."""

    connect: Annotated[ConnectBlock | None, _Nothing] = Field(
        None, description="Time to reach people, outside your meetings."
    )
    follow_through: Annotated[FollowThroughBlock | None, _Nothing] = Field(
        None, alias="follow-through", description="Time to do what people asked of you."
    )
    kindness: Annotated[KindnessBlock | None, _Nothing] = Field(
        None, description="A few minutes for one small act of kindness."
    )


class Planning(Section):
    """How far and how carefully to plan."""

    horizon_weeks: Annotated[int, Whole(1, 52, unit="weeks")] = Field(
        12, description="How many weeks ahead the plan is kept free of clashes.", examples=[12]
    )
    freeze_hours: Annotated[int, Whole(0, 168, unit="hours")] = Field(
        20, description="A block that begins sooner than this is no longer moved, added or dropped.", examples=[20]
    )
    buffer_minutes: Annotated[int, Whole(0, 60, unit="minutes")] = Field(
        5, description="How much room to leave before and after each meeting.", examples=[5]
    )
    max_blocks_a_day: Annotated[int, Whole(1, 5)] = Field(
        1, description="At most this many blocks of one kind on one day.", examples=[1]
    )
    grid_minutes: Annotated[int, Choice((5, 10, 15))] = Field(
        15, description="Blocks begin on these minutes of the clock: 15 means :00, :15, :30 and :45.", examples=[15]
    )
    show_as: Annotated[str, Choice(s.value for s in ShowAs)] = Field(
        ShowAs.AUTO.value,
        description="How blocks look to others. `auto`: free at first, busy once the day fills up or the block is "
        "near.",
        examples=["auto"],
    )
    tentative: Annotated[str, Choice(("busy", "free"))] = Field(
        "busy",
        description="Whether a meeting that is only tentative counts as busy or as free.",
        examples=["busy"],
    )


class PersonEntry(Section):
    """One person of the rotation."""

    name: Annotated[str, Text()] = Field(
        description="The person's name, as you want to read it.", examples=["Ana Sousa"]
    )
    email: Annotated[list[Annotated[str, Address()]], _OneOrMany] = Field(
        [],
        description="The address, or a list of addresses, by which calsync knows the person in your meetings.",
        examples=["ana@example.com"],
    )
    ideal: Annotated[int, Days()] = Field(
        description="How often you would like to talk with the person, personally and not about work.", examples=["14d"]
    )
    max: Annotated[int, Days()] = Field(
        description="The longest gap that you would accept; at least as long as `ideal`.", examples=["28d"]
    )
    timezone: Annotated[str, Zone()] = Field(
        "", description="Where the person is, when that is not your own time zone.", examples=["Europe/Lisbon"]
    )
    tags: Annotated[list[Annotated[str, Tag()]], _OneOrMany] = Field(
        [], description="Words of your own to group people by.", examples=[["report"]]
    )
    channel: Annotated[str, Choice(CHANNELS)] = Field(
        "", description="How the person likes to be reached.", examples=["call"]
    )


class CalendarEntry(BaseModel):
    """One calendar. Further keys are the provider's own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Annotated[str, CalendarName()] = Field(
        description="Your own name for the calendar; it stands in every message about it.", examples=["work"]
    )
    provider: Annotated[str, Text("a kind of calendar, such as ics")] = Field(
        description="What kind of calendar it is; each kind has keys of its own.", examples=["ics"]
    )
    write: Annotated[bool, Truth()] = Field(
        False,
        description="true: blocks are written to this calendar. false: it only counts as busy time.",
        examples=[True],
    )


class Privacy(Section):
    """What others may see."""

    names: Annotated[str, Choice(n.value for n in Names)] = Field(
        Names.NONE.value,
        description="`first` puts the person's first name into the calendar entry, `none` keeps names out.",
        examples=["none"],
    )


class Export(Section):
    """One iCalendar file with your blocks."""

    path: Annotated[str, PathText()] = Field(
        description="The file to keep up to date. It must not lie in a folder that is connected as a calendar.",
        examples=["~/public/connect.ics"],
    )
    details: Annotated[str, Choice(d.value for d in Details)] = Field(
        Details.BUSY.value,
        description="How much the file says of each block: only that you are `busy`, the `titles`, or "
        "everything (`full`).",
        examples=["busy"],
    )


class File(Section):
    """The whole file."""

    timezone: Annotated[str, Zone()] = Field(
        "",
        description="Your time zone. Without this key, the one that this computer is set to.",
        examples=["Europe/Berlin"],
    )
    me: Annotated[list[Annotated[str, Address()]], _OneOrMany] = Field(
        [],
        description="Your own mail addresses. calsync tells by them whose answer to an invitation counts, and who in a "
        "meeting is not another person.",
        examples=[["maya@example.com", "maya@example.org"]],
    )
    working_hours: Annotated[
        dict[Annotated[str, Weekdays()], Annotated[Any, Hours()]],
        BeforeValidator(lambda value: {"mon-fri": DEFAULT_HOURS} if value is None else value),
    ] = Field(
        default_factory=lambda: {"mon-fri": Hours().check(DEFAULT_HOURS)},
        description="When you work. Blocks are only placed inside these hours; leave out the days on which you do not "
        "work. Days can be a range (mon-thu, fri-mon) or a list (mon,wed). Put the hours in quotes.",
        examples=[{"mon-thu": "09:00-12:30, 13:15-17:30", "fri": "09:00-15:00"}],
    )
    holidays: Annotated[str, HolidayCode()] = Field(
        "",
        description="The country, or the country and its part, whose public holidays are days off.",
        examples=["DE-BY"],
    )
    calendars: Annotated[list[CalendarEntry], _NoItems] = Field(
        description="Your calendars. Each one counts as busy time; blocks are written to those with `write: true`."
    )
    blocks: Annotated[Blocks, _Nothing] = Field(
        default_factory=lambda: Blocks.model_validate({}),
        description="The kinds of blocks that calsync plans for you. A kind that is not listed is not planned.",
    )
    planning: Annotated[Planning, _Nothing] = Field(
        default_factory=lambda: Planning.model_validate({}), description="How far and how carefully to plan."
    )
    people: Annotated[list[PersonEntry], _NoItems] = Field(
        [], description="The people whom you want to keep in touch with. `calsync people add` writes here too."
    )
    privacy: Annotated[Privacy, _Nothing] = Field(
        default_factory=lambda: Privacy.model_validate({}), description="What others may see in your calendar."
    )
    exports: Annotated[list[Export], _NoItems] = Field(
        [], description="Files to share: your blocks as iCalendar, for others or for another calendar to subscribe to."
    )
    notify: Annotated[list[Annotated[str, NotifyUrl()]], _NoItems] = Field(
        [],
        description="Where to send the morning digest, as Apprise URLs. Checked, but not used yet: this version sends "
        "nothing anywhere.",
        examples=[[]],
    )


def section_at(where: tuple[str | int, ...]) -> type[BaseModel] | None:
    """The class that declares the keys of the group at `where`, or None when no class does."""
    section: type[BaseModel] | None = File
    for step in where:
        if section is None:
            return None
        if isinstance(step, int):
            continue
        section = section_of(keys_of(section).get(step))
    return section


def section_of(info: FieldInfo | None) -> type[BaseModel] | None:
    """The class that a field's value, or each item of its list, is declared by; None for a plain value."""
    waiting: list[Any] = [info.annotation] if info is not None else []
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        waiting += get_args(kind)
    return None


def form_of(info: FieldInfo) -> Form | None:
    """The form of a field's value, or of each item of its list."""
    waiting: list[Any] = [*info.metadata, info.annotation]
    while waiting:
        kind = waiting.pop(0)
        if isinstance(kind, Form):
            return kind
        waiting += get_args(kind)
    return None


def keys_of(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a section by the key that stands in the file, in order."""
    return {info.alias or name: info for name, info in section.model_fields.items()}
