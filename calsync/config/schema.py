"""The configuration's one declaration: every key with its form, default, meaning and example.

Parsing, checks, `docs/configuration.md` and `config.example.yaml` all come from these classes. This module imports
pydantic and is therefore itself imported at first use only.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from calsync.config.forms import (
    Address,
    CalendarName,
    Choice,
    Days,
    HolidayCode,
    Hours,
    NotifyUrl,
    PathText,
    PersonName,
    Tag,
    Text,
    Truth,
    Weekdays,
    Whole,
    Zone,
)
from calsync.config.values import Details, Names, ShowAs
from calsync.people.kindness import EVERY
from calsync.planning.board import Prefer

__all__ = [
    "CHANNELS",
    "DEFAULT_HOURS",
    "THANKS",
    "CalendarEntry",
    "File",
    "PersonEntry",
    "TagGaps",
]

CHANNELS = ("call", "chat", "mail", "walk", "visit")
"""How a person likes to be reached."""

THANKS = ("public", "private")
"""Where a person likes to be thanked."""

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
    every: Annotated[str, Choice(EVERY)] = Field(
        "week",
        description="How often there is another act of kindness: one for each day, or one for each week, which then "
        "stands in all kindness blocks of that week.",
        examples=["week"],
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

    name: Annotated[str, PersonName()] = Field(
        description="The person's name, as you want to read it.", examples=["Ana Sousa"]
    )
    email: Annotated[list[Annotated[str, Address()]], _OneOrMany] = Field(
        [],
        description="The address, or a list of addresses, by which calsync knows the person in your meetings.",
        examples=["ana@example.com"],
    )
    call_name: Annotated[str, PersonName("a name in one line")] = Field(
        "",
        description="What you call the person, where the name does not tell (docs/people.md says how it is told). With "
        "`names: first` this stands in the calendar entry.",
        examples=["Ana"],
    )
    ideal: Annotated[int | None, Days()] = Field(
        None,
        description="How often you would like to talk with the person, personally and not about work. Needed, unless a "
        "tag of theirs has gaps under `tags`.",
        examples=["14d"],
    )
    max: Annotated[int | None, Days()] = Field(
        None,
        description="The longest gap that you would accept; at least as long as `ideal`. Needed as `ideal` is.",
        examples=["28d"],
    )
    timezone: Annotated[str, Zone()] = Field(
        "", description="Where the person is, when that is not your own time zone.", examples=["Europe/Lisbon"]
    )
    working_hours: dict[Annotated[str, Weekdays()], Annotated[Any, Hours()]] | None = Field(
        None,
        description="When the person works, on their own clock (`timezone`), written as your own `working_hours`. "
        "Leave it out where you do not know.",
        examples=[{"mon-thu": "09:00-17:00", "fri": "09:00-13:00"}],
    )
    holidays: Annotated[str, HolidayCode()] = Field(
        "",
        description="The country, or the country and its part, whose public holidays the person has off.",
        examples=["PT"],
    )
    tags: Annotated[list[Annotated[str, Tag()]], _OneOrMany] = Field(
        [], description="Words of your own to group people by.", examples=[["report"]]
    )
    channel: Annotated[str, Choice(CHANNELS)] = Field(
        "", description="How the person likes to be reached.", examples=["call"]
    )
    thanks: Annotated[str, Choice(THANKS)] = Field(
        "",
        description="Whether the person likes to be thanked before others or alone; leave it out until you have asked.",
        examples=["private"],
    )


class TagGaps(Section):
    """The gaps of everybody with a tag who has none of their own."""

    ideal: Annotated[int, Days()] = Field(
        description="The ideal gap of those with this tag who have no `ideal` of their own.", examples=["7d"]
    )
    max: Annotated[int, Days()] = Field(
        description="The longest gap of those with this tag who have no `max` of their own; at least as long as "
        "`ideal`.",
        examples=["14d"],
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
    free_busy: Annotated[bool, Truth()] = Field(
        False,
        description="true: calsync may ask your own calendar server when the people of the rotation are free, which "
        "sends their addresses to that server. false: no request says anything of them.",
        examples=[False],
    )
    notes_months: Annotated[int, Whole(1, 120, unit="months")] = Field(
        18, description="How long your notes on talks are kept; older ones are deleted.", examples=[18]
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
    tags: Annotated[dict[Annotated[str, Tag()], TagGaps], _Nothing] = Field(
        default_factory=dict,
        description="Gaps for everybody with a tag. What a person has of their own wins; the first of their tags that "
        "stands here gives what they lack of `ideal` and `max`.",
        examples=["report"],
    )
    privacy: Annotated[Privacy, _Nothing] = Field(
        default_factory=lambda: Privacy.model_validate({}), description="What others may see in your calendar."
    )
    exports: Annotated[list[Export], _NoItems] = Field(
        [], description="Files to share: your blocks as iCalendar, for others or for another calendar to subscribe to."
    )
    notify: Annotated[list[Annotated[str, NotifyUrl()]], _NoItems] = Field(
        [],
        description="Where `calsync today --notify` sends the day's blocks, and a quiet night that it failed, as "
        "Apprise URLs. Nothing is sent without one; docs/notices.md says what goes out.",
        examples=[[]],
    )
