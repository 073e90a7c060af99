"""Two steps of the setup: which blocks are planned, and how much of them others may see."""

from __future__ import annotations

from typing import Any

from calsync.config.forms import Choice, PathText, Text, Whole
from calsync.config.keys import keys_of, section_of
from calsync.config.schema import Blocks, Privacy
from calsync.config.values import Details, Names
from calsync.errors import CalsyncError
from calsync.planning.board import Prefer
from calsync.setup.plan import Setup
from calsync.setup.wishes import NOTHING

__all__ = ["blocks", "privacy"]

_ABOUT = {
    "connect": "time to reach people, outside of your meetings",
    "follow-through": "time to do what people asked of you",
    "kindness": "a few minutes for one small act of kindness",
}
_PREFER = {Prefer.ANY: "any time", Prefer.MORNING: "in the morning", Prefer.AFTERNOON: "in the afternoon"}


def blocks(setup: Setup) -> None:
    """Show the three kinds of blocks as they would be, and ask for each thing where that is not right."""
    talk = setup.talk
    _take_options(setup)
    talk.say("Three kinds of blocks are planned, all of them private and with a neutral title:")
    for kind, about in _ABOUT.items():
        talk.say(f"  {kind}: {_worded(setup, kind)}; {about}")
    if talk.agree("Is that right for you?", default=True):
        return
    for kind in _ABOUT:
        _ask_block(setup, kind)


def _take_options(setup: Setup) -> None:
    wishes = setup.wishes
    said = {"connect": wishes.connect, "follow-through": wishes.follow_through, "kindness": wishes.kindness}
    for kind, wish in said.items():
        changes: dict[str, Any] = {} if wish is None else {"per_week": wish[0]}
        if wish is not None and wish[0]:
            changes["minutes"] = wish[1]
        if kind == "connect":
            more = {"pings": wishes.pings, "prefer": wishes.prefer, "title": wishes.title}
            changes |= {key: value for key, value in more.items() if value is not None}
        elif setup.draft.is_new or kind in (setup.draft.values.get("blocks") or {}):
            pass
        elif wish is None:
            continue
        setup.draft.change(("blocks", kind), changes or {"per_week": _now(setup, kind, "per_week")})


def _ask_block(setup: Setup, kind: str) -> None:
    talk, draft = setup.talk, setup.draft
    talk.say(f"{kind.capitalize()} blocks: {_ABOUT[kind]}.")
    many = talk.ask("How many a week? 0 for none", str(_now(setup, kind, "per_week")), _whole(0, 5), example="2")
    draft.change(("blocks", kind), {"per_week": many})
    if not many:
        return
    minutes = talk.ask("How many minutes each?", str(_now(setup, kind, "minutes")), _whole(5, 240, 5), example="30")
    changes: dict[str, Any] = {"minutes": minutes}
    if kind == "connect":
        changes["pings"] = talk.ask(
            "How many people does one block name?", str(_now(setup, kind, "pings")), _whole(1, 5), example="2"
        )
    changes["prefer"] = talk.choose(
        "When do they suit you best?", [(p.value, words) for p, words in _PREFER.items()], _now(setup, kind, "prefer")
    )
    changes["title"] = talk.ask(
        "What stands in the calendar? Others may see it, so name nobody",
        str(_now(setup, kind, "title")),
        Text("a title").check,
        example="Focus",
    )
    draft.change(("blocks", kind), changes)


def _worded(setup: Setup, kind: str) -> str:
    many, minutes = _now(setup, kind, "per_week"), _now(setup, kind, "minutes")
    if not many or (not setup.draft.is_new and kind not in (setup.draft.values.get("blocks") or {})):
        return "none"
    words = f"{many} a week of {minutes} minutes"
    if kind == "connect":
        pings = _now(setup, kind, "pings")
        words += f", {pings} {'person' if pings == 1 else 'people'} each"
    when = _PREFER[Prefer(_now(setup, kind, "prefer"))]
    return f"{words}, {when}, titled {_now(setup, kind, 'title')}"


def _now(setup: Setup, kind: str, key: str) -> Any:
    """What the draft says of a kind of block, else the default."""
    said = ((setup.draft.values.get("blocks") or {}).get(kind) or {}).get(key)
    if said is not None:
        return said
    section = section_of(keys_of(Blocks)[kind])
    assert section is not None
    return keys_of(section)[key].default


def _whole(least: int, most: int, step: int = 1) -> Any:
    form = Whole(least, most, step=step)

    def check(text: str) -> int:
        return form.check(int(text) if text.strip().isdecimal() else text)

    return check


def privacy(setup: Setup) -> None:
    """Ask, or take from the options, whether names may stand in the calendar, and what else leaves the machine."""
    draft, wishes, talk = setup.draft, setup.wishes, setup.talk
    said = draft.values.get("privacy") or {}
    names = wishes.names or talk.choose(
        "What may stand in your calendar about the person whom a block is for?",
        [
            (Names.NONE.value, "nothing at all"),
            (Names.FIRST.value, "the first name; whoever sees the details of your calendar can read it"),
        ],
        str(said.get("names") or keys_of(Privacy)["names"].default),
    )
    draft.change(("privacy",), {"names": Choice(n.value for n in Names).check(names)})
    free_busy = wishes.free_busy
    if free_busy is None and (_tells_free_busy(setup) or said.get("free_busy")):
        free_busy = talk.agree(
            "May calsync ask your own calendar server when your people are free, which tells it their addresses?",
            default=bool(said.get("free_busy")),
        )
    if free_busy is not None:
        draft.change(("privacy",), {"free_busy": free_busy})
    _exports(setup)


def _tells_free_busy(setup: Setup) -> bool:
    try:
        desk = setup.draft.desk()
        return any(desk.provider(one.name).capabilities.can_ask_busy for one in desk.config.calendars)
    except CalsyncError:
        return False


def _exports(setup: Setup) -> None:
    draft, wishes, talk = setup.draft, setup.wishes, setup.talk
    there = [str(one.get("path")) for one in draft.values.get("exports") or []]
    if there and not wishes.export:
        talk.say(f"Your blocks are exported to {', '.join(there)}.")
        return
    path = wishes.export or talk.ask(
        f"A file with your blocks for other calendars to subscribe to, or {NOTHING}",
        NOTHING,
        _export_path,
        example="~/public/connect.ics",
    )
    if path == NOTHING or path in there:
        return
    details = wishes.details or talk.choose(
        "How much does it say of each block?",
        [
            (Details.BUSY.value, "only that you are busy"),
            (Details.TITLES.value, "the title"),
            (Details.FULL.value, "all that stands on the block"),
        ],
        Details.BUSY.value,
    )
    draft.add("exports", {"path": path, "details": details})


def _export_path(text: str) -> str:
    said = text.strip()
    return NOTHING if said.lower() in ("", NOTHING, "no", "-") else str(PathText().check(said))
