"""The setup from its first question to the first night: each step once, what was answered before is not asked again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from calsync.desk import open_desk
from calsync.errors import CalsyncError
from calsync.nightly import Progress, run_night
from calsync.nightreport import NightReport
from calsync.schedule.kinds import USUAL
from calsync.setup.connect import calendars, unpicked
from calsync.setup.crowd import people
from calsync.setup.interview import Option
from calsync.setup.plan import Setup
from calsync.setup.shape import blocks, privacy
from calsync.setup.timing import schedule
from calsync.setup.week import hours
from calsync.tokens import SecretStore

__all__ = ["STEPS", "answer_all", "first_night", "let_run", "preview", "take_effect"]

Step = Callable[[Setup], None]

STEPS: tuple[tuple[str, str, Step], ...] = (
    ("calendars", "Calendars", calendars),
    ("hours", "Hours and holidays", hours),
    ("blocks", "Blocks", blocks),
    ("people", "People", people),
    ("privacy", "Privacy", privacy),
    ("schedule", "Every night", schedule),
)
"""The steps in order: the name of each, its heading, and what it does."""


def answer_all(setup: Setup) -> None:
    """Go through the steps: all of them in a new setup, in one that is resumed those that are not answered yet.

    Where a configuration is there already, the leader chooses what to change, and goes on with that after a stop.
    A step that an option says something of is gone through in any case.
    """
    talk, draft = setup.talk, setup.draft
    if draft.is_new or not talk.attended:
        if draft.answered:
            done = ", ".join(heading.lower() for name, heading, _ in STEPS if name in draft.answered)
            talk.say(f"Going on where you stopped. Answered already: {done}; `calsync setup --afresh` begins anew.")
        for name, heading, step in STEPS:
            if name not in draft.answered or not talk.attended or setup.wishes.concern(name):
                _go_through(setup, name, heading, step)
        return
    talk.say(f"There is a configuration already: {draft.config}. What you do not change stays as it is.")
    if draft.resumed:
        talk.say("What you changed before you stopped is kept; `calsync setup --afresh` begins anew.")
    for name, heading, step in STEPS:
        if setup.wishes.concern(name) or (step is calendars and unpicked(setup)):
            _go_through(setup, name, heading, step)
    options: list[Option] = [(name, heading) for name, heading, _ in STEPS]
    options.append(("done", "nothing more"))
    while True:
        chosen = talk.choose("What do you want to change?", options, "done")
        if chosen == "done":
            return
        _go_through(setup, *next(one for one in STEPS if one[0] == chosen))


def _go_through(setup: Setup, name: str, heading: str, step: Step) -> None:
    number = [one for one, _, _ in STEPS].index(name) + 1
    setup.talk.heading(f"{number} of {len(STEPS)}: {heading}")
    while True:
        try:
            step(setup)
            break
        except CalsyncError as error:
            if not setup.talk.attended:
                raise
            setup.talk.warn(error.what, error.next_step)
            if not setup.talk.agree("Try this part again?", default=True):
                break
    setup.draft.answer(name)


def preview(setup: Setup, progress: Progress) -> NightReport:
    """What the first night would do, on paper. Raises Busy and StateError as a night does."""
    return run_night(setup.draft.desk(), dry_run=True, progress=progress)


def take_effect(setup: Setup) -> list[str]:
    """Put the configuration in its place; a line on each thing done. Raises UsageError, StateError.

    The passwords of calendars that are no longer in it are forgotten.
    """
    draft = setup.draft
    before = _names(draft.real)
    lines = [f"The configuration is in {draft.config}." if draft.put_in_place() else f"{draft.config} is as it was."]
    gone = [name for name in before if name not in _names(draft.real)]
    return lines + [f"The password of {name} is forgotten." for name in gone if SecretStore(draft.state).forget(name)]


def _names(values: Mapping[str, Any]) -> list[str]:
    return [str(entry.get("name")) for entry in values.get("calendars") or [] if isinstance(entry, dict)]


def let_run(setup: Setup) -> list[str]:
    """Install the schedule as was answered, or take it out; a line on each thing. Raises UsageError, StateError."""
    from calsync.schedule.service import install, remove

    draft, lines = setup.draft, list[str]()
    kind = draft.noted("schedule")
    if kind == "none":
        lines += remove(draft.config, draft.state)
        lines.append("Nothing runs calsync by itself; `calsync schedule install` sees to that when you like.")
    elif kind is not None:
        at = time.fromisoformat(str(draft.noted("at") or USUAL))
        made = install(draft.config, draft.state, kind=None if kind == "auto" else kind, at=at)
        lines.append(f"calsync runs every night from {made.at:%H:%M} on ({made.kind}: {made.where}).")
        lines += _within_reach(setup, made.kind)
    return lines


def _within_reach(setup: Setup, kind: str) -> list[str]:
    """Copy what only a desktop's keyring has to where a night without a desktop finds it, unless that is not wanted."""
    from calsync.doctor.cronkeys import out_of_reach

    if kind not in ("cron", "systemd"):
        return []  # launchd and Windows start the night in the session of whoever is logged in
    store = SecretStore(setup.draft.state)
    names = out_of_reach(open_desk(setup.draft.config, setup.draft.state, setup.draft.now), sys.executable, store)
    question = (
        f"Without a desktop a night cannot open your keyring, which has the secrets of {', '.join(names)}. Copy them "
        "into a file that only you can read"
    )
    if not names or not setup.talk.agree(question, default=True):
        return []
    for name in names:
        store.copy_to_file(name)
    return [f"The secrets of {', '.join(names)} are in a file in {setup.draft.state} now, which only you can read."]


def first_night(setup: Setup, progress: Progress) -> NightReport:
    """The first night in earnest, with the configuration in its place."""
    draft = setup.draft
    return run_night(open_desk(draft.config, draft.state, draft.now), progress=progress)
