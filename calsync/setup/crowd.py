"""The step of the setup that fills the rotation: whom the leader met, whom an account knows, a file, or by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from calsync.agenda import horizon
from calsync.config.forms import Address, Days, Text
from calsync.desk import Desk
from calsync.errors import CalsyncError, SignInNeeded, UsageError
from calsync.importing import MEETINGS, FoundPerson, find_people, intake_of_found
from calsync.intake import Intake, intake_of, read_people
from calsync.model import Person
from calsync.people.exchange import person_fields
from calsync.reading import read_calendars, reading_window
from calsync.setup.interview import unquoted
from calsync.setup.letin import sign_in_for_people
from calsync.setup.plan import Setup
from calsync.setup.wishes import IDEAL
from calsync.state.lock import hold
from calsync.state.store import Store

__all__ = ["people"]

_MOST = 730
"""The longest gap in days that a person may have; what is proposed is twice the ideal one, as far as that may be."""
_MANY = 4
"""So many who come in at once are counted, not named."""
_ACCOUNTS = {"google": "your Google account's contacts", "microsoft": "whom your Microsoft account knows"}
_NAME_AND_ADDRESS = re.compile(r"(?P<name>[^<>]+?)\s*<(?P<address>[^<>\s]+)>")


def people(setup: Setup) -> None:
    """Take in whom the options name; at a terminal, propose people until the leader has enough."""
    wishes, talk = setup.wishes, setup.talk
    _take_options(setup)
    if not talk.attended or wishes.any_people:
        return
    talk.say(
        "Whom do you want to keep in touch with, personally and not about work? Ten people is a good beginning; "
        "`calsync people` adds more at any time."
    )
    usual = "met"
    while True:
        there = setup.draft.values.get("people") or []
        if there:
            talk.say(f"In the rotation: {', '.join(str(person.get('name')) for person in there)}.")
        accounts = {str(one["provider"]) for one in setup.draft.values["calendars"]} & set(_ACCOUNTS)
        options = [
            ("met", "those whom you met in one-on-ones of the last five weeks"),
            *((kind, _ACCOUNTS[kind]) for kind in sorted(accounts)),
            ("file", "a CSV or vCard file"),
            ("type", "type them here"),
            ("done", "nobody more" if there else "nobody yet"),
        ]
        source = talk.choose("Where from?", options, "done" if there else usual)
        if source == "done":
            return
        usual = "done"  # whoever has looked in vain gets on with Enter
        try:
            _from(setup, source)
        except CalsyncError as error:
            talk.warn(error.what, error.next_step)


def _take_options(setup: Setup) -> None:
    wishes = setup.wishes
    gaps = (wishes.ideal or IDEAL, wishes.max or _twice(wishes.ideal or IDEAL))
    known = {str(one.get("name", "")).casefold() for one in setup.draft.values.get("people") or []}
    for person in wishes.people:
        if str(person["name"]).casefold() not in known:
            setup.draft.add("people", person)
    for file in wishes.people_files:
        _take_in(setup, _read_file(setup, file, gaps))
    for source in wishes.people_from:
        desk = setup.draft.desk()
        search = find_people(desk if source != MEETINGS else _after_reading(setup, desk), source)
        for error in search.errors:
            if not setup.talk.attended:
                raise error
            setup.talk.warn(error.what, error.next_step)
        if wishes.picks or wishes.everybody:
            _take_in(setup, intake_of_found(desk, search.people, wishes.picks, ideal=gaps[0], max_=gaps[1]))
        elif setup.talk.attended:
            _tick(setup, desk, search.people)


def _from(setup: Setup, source: str) -> None:
    desk, talk = setup.draft.desk(), setup.talk
    if source == "type":
        _typed(setup)
    elif source == "file":
        file = talk.ask("The file", "", _file, example="~/people.csv")
        talk.say("Whoever has gaps of their own in it keeps them; for the others:")
        _take_in(setup, _read_file(setup, file, _gaps(setup)))
    else:
        if source == "met":
            desk = _after_reading(setup, desk)
        search = find_people(desk, MEETINGS if source == "met" else source)
        if source in _ACCOUNTS and any(isinstance(error, SignInNeeded) for error in search.errors):
            talk.say("The sign-in does not include whom the account knows.")
            if not sign_in_for_people(setup, source):
                return
            search = find_people(setup.draft.desk(), source)
        for error in search.errors:
            talk.warn(error.what, error.next_step)
        if search.people or not search.errors:
            _tick(setup, desk, search.people)


def _after_reading(setup: Setup, desk: Desk) -> Desk:
    """The desk, after a look at every calendar: what was held of late is then known."""
    setup.talk.say("Reading your calendars …")
    window = reading_window(desk.now, horizon(desk.now, desk.config.planning.horizon_weeks, desk.config.zone).span.end)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        for reading in read_calendars(desk, store, window):
            if reading.error is not None:
                setup.talk.warn(reading.error.what, reading.error.next_step)
    return desk


def _tick(setup: Setup, desk: Desk, found: Sequence[FoundPerson]) -> None:
    news = [one for one in found if not one.known]
    if not news:
        setup.talk.say("All who were found are in the rotation already." if found else "Nobody was found.")
        return
    rows = [f"{one.name} <{one.addresses[0]}>{', ' + one.why if one.why else ''}" for one in news]
    ticked = setup.talk.tick("Who of them should come into the rotation?", rows, frozenset())
    if ticked:
        ideal, longest = _gaps(setup, news[min(ticked)].name if len(ticked) == 1 else "each of them")
        chosen = [Person(news[at].name, ideal, longest, news[at].addresses) for at in sorted(ticked)]
        _take_in(setup, intake_of(desk, chosen))


def _typed(setup: Setup) -> None:
    """One after the other, until an empty line."""
    gaps: tuple[int, int] | None = None
    while True:
        said = setup.talk.ask(
            "A name, with the address behind it (Enter when there is nobody more)",
            "",
            _typed_person,
            example="Ana Sousa <ana@example.com>",
        )
        if said is None:
            return
        gaps = gaps or _gaps(setup)
        _take_in(setup, intake_of(setup.draft.desk(), [Person(said[0], *gaps, said[1])]))


def _typed_person(text: str) -> tuple[str, tuple[str, ...]] | None:
    said = text.strip()
    if not said:
        return None
    found = _NAME_AND_ADDRESS.fullmatch(said)
    if found:
        return Text("a name").check(found["name"].strip()), (Address().check(found["address"]),)
    if "@" in said or "<" in said:
        raise ValueError(f"expected a name with the address behind it in < >, not {said!r}")
    return Text("a name").check(said), ()


def _gaps(setup: Setup, whom: str = "each of them") -> tuple[int, int]:
    """The ideal and the longest gap in days."""
    ideal = setup.talk.ask(
        f"How often would you like to talk with {whom}?", f"{IDEAL}d", Days().check, example="14d or 2w"
    )

    def longest(text: str) -> int:
        days = Days().check(text)
        if days < ideal:
            raise ValueError(f"expected at least {ideal}d, the gap that you would like")
        return days

    return ideal, setup.talk.ask("And at the latest after", f"{_twice(ideal)}d", longest, example="28d")


def _twice(gap: int) -> int:
    return min(2 * gap, _MOST)


def _file(text: str) -> Path:
    path = Path(unquoted(text)).expanduser().absolute()
    if not text.strip() or not path.is_file():
        raise ValueError(f"there is no file {path}" if text.strip() else "is empty")
    return path


def _read_file(setup: Setup, file: Path, gaps: tuple[int, int]) -> Intake:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror})", "check the path and its permissions") from None
    vcard = file.suffix.lower() in {".vcf", ".vcard"}
    return read_people(setup.draft.desk(), content, str(file), vcard=vcard, ideal=gaps[0], max_=gaps[1])


def _take_in(setup: Setup, intake: Intake) -> None:
    """Put who is new into the draft; what cannot be used is shown, or raised where nobody sees it."""
    for error in intake.errors:
        if not setup.talk.attended:
            raise error
        setup.talk.warn(error.what, error.next_step)
    for name in (*intake.known, *(gain.person.name for gain in intake.gains)):
        setup.talk.say(f"{name} is in the rotation already and stays as they are.")
    if intake.news:
        tag_gaps = setup.draft.desk().config.tag_gaps
        setup.draft.add("people", *(person_fields(person, tag_gaps) for person in intake.news))
        names = [person.name for person in intake.news]
        # The list of all of them comes next at a terminal.
        few = len(names) < _MANY or not setup.talk.attended
        setup.talk.say(f"Added: {', '.join(names) if few else f'{len(names)} people'}.")
