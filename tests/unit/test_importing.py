"""Who is found in accounts and in past one-on-ones, who is not offered, and whom a pick means."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync.config.load import load_config
from calsync.config.values import CalendarConfig, Config, Names, PlanningConfig
from calsync.desk import Desk
from calsync.errors import CalsyncError, Unreachable, UsageError
from calsync.importing import MEETINGS, FoundPerson, find_people, intake_of_found
from calsync.intake import carry_out
from calsync.model import Person, Span
from calsync.nightly import run_night
from calsync.ports import AccountPerson
from providers.memory import Fault, MemoryProvider, MemoryServer

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 9, 5, tzinfo=BERLIN)
ME = frozenset({"maya@example.com"})
FILE = """\
timezone: Europe/Berlin
me: maya@example.com
calendars:
  - {name: work, provider: ics, path: work}
people:
  - {name: Zoe Adler, email: zoe@example.com, ideal: 14d, max: 28d}
"""
GAPS: dict[str, Any] = {"ideal": 28, "max_": 56}


def add_found(
    desk: Desk, people: list[FoundPerson], picks: list[str], *, dry_run: bool = False, **gaps: int
) -> list[str]:
    return carry_out(desk, intake_of_found(desk, people, picks, **gaps), merge=False, dry_run=dry_run)


def memory(name: str, account: str = "", server: str = "") -> CalendarConfig:
    options = {"server": server or name, **({"account": account} if account else {})}
    return CalendarConfig(name, "memory", options=options)


class Office:
    """A leader's desk with calendars in memory."""

    def __init__(self, folder: Path, *calendars: CalendarConfig, people: tuple[Person, ...] = ()) -> None:
        self.folder = folder
        (folder / "config.yaml").write_text(FILE)
        # Servers outlive a test in the process; the folder keeps those of two tests apart.
        kept = tuple(
            CalendarConfig(c.name, c.provider, options={**c.options, "server": f"{folder}/{c.options['server']}"})
            for c in calendars or (memory("work"),)
        )
        config = Config(
            path=folder / "config.yaml",
            timezone="Europe/Berlin",
            me=ME,
            working_hours={},
            holidays="",
            free_days=frozenset(),
            calendars=kept,
            blocks=(),
            planning=PlanningConfig(),
            people=people or (Person("Zoe Adler", 14, 28, ("zoe@example.com",)),),
            names=Names.NONE,
            exports=(),
            notify=(),
        )
        self.desk = Desk(config, folder / "state", NOW)

    def server(self, name: str = "work") -> MemoryServer:
        made = MemoryProvider.SERVERS.setdefault(f"{self.folder}/{name}", MemoryServer())
        assert isinstance(made, MemoryServer)
        return made

    def knows(self, *people: AccountPerson, server: str = "work") -> None:
        self.server(server).people = list(people)

    def met(self, days_ago: int, *guests: str, server: str = "work", uid: str = "", title: str = "Talk") -> None:
        start = NOW.replace(hour=10) - timedelta(days_ago)
        lines = ["ORGANIZER:mailto:maya@example.com", *(f"ATTENDEE;{guest}" for guest in guests)]
        name = uid or f"{days_ago}-{len(guests)}-{sum(map(ord, ''.join(guests)))}"
        self.server(server).add_event(name, Span(start, start + timedelta(minutes=30)), title, *lines)

    def found(self, source: str = "memory", calendar: str | None = None) -> list[FoundPerson]:
        search = find_people(self.desk, source, calendar)
        assert search.errors == []
        return search.people

    def names(self, source: str = "memory") -> list[str]:
        return [person.name for person in self.found(source)]


def test_whom_an_account_knows_is_shown_in_its_order_with_the_reason(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.knows(
        AccountPerson("Ben Okafor", ("ben@example.com", "b@example.org"), "reports to you"),
        AccountPerson("Ana Sousa", ("ana@example.com",), "in your contacts"),
        AccountPerson("Zoe Adler-Blum", ("ZOE@example.com",)),
        AccountPerson("ZOË ADLER", ("other@example.com",)),
        AccountPerson("zoe  adler", ("zoe2@example.com",)),
    )
    assert office.found() == [
        FoundPerson("Ben Okafor", ("ben@example.com", "b@example.org"), "reports to you"),
        FoundPerson("Ana Sousa", ("ana@example.com",), "in your contacts"),
        FoundPerson(
            "Zoe Adler-Blum",
            ("zoe@example.com", "zoe2@example.com"),
            "",
            known="Zoe Adler",
            would_add=("zoe2@example.com",),
        ),
        FoundPerson("ZOË ADLER", ("other@example.com",), ""),
    ]


def test_the_leader_rooms_groups_and_whoever_has_no_address_are_not_offered(tmp_path: Path) -> None:
    office = Office(tmp_path, memory("work", account="maya.k@example.org"))
    office.knows(
        AccountPerson("Maya", ("Maya@Example.com",)),
        AccountPerson("Maya again", ("private@example.net", "maya.k@example.org")),
        AccountPerson("Room 5", ("c_1888@resource.calendar.google.com",)),
        AccountPerson("Team", ("team@googlegroups.com",)),
        AccountPerson("Old entry", ("/o=ExchangeLabs/ou=Group/cn=Recipients/cn=old", "")),
        AccountPerson("Phone only", ()),
        AccountPerson("Ana Sousa", ("/o=ExchangeLabs/cn=ana", "ana@example.com")),
    )
    assert office.found() == [FoundPerson("Ana Sousa", ("ana@example.com",), "")]


def test_somebody_found_several_times_is_one_person_with_every_address_and_reason(tmp_path: Path) -> None:
    office = Office(tmp_path, memory("work", "maya@example.com"), memory("home", "maya@example.net"))
    office.knows(
        AccountPerson("Ana Sousa", ("ana@example.com",), "reports to you"),
        AccountPerson("Cy", ("cy@example.com",), "in your contacts"),
    )
    office.knows(
        AccountPerson("A. Sousa", ("a.sousa@example.org", "ANA@example.com"), "in your contacts"),
        AccountPerson("ana  sousa", ("ana@home.example",), "in your contacts"),
        AccountPerson("Cy", ("cy@other.example",), "in your contacts"),
        server="home",
    )
    assert office.found() == [
        FoundPerson(
            "Ana Sousa",
            ("ana@example.com", "a.sousa@example.org", "ana@home.example"),
            "reports to you; in your contacts",
        ),
        # One word is too little to take two people for one.
        FoundPerson("Cy", ("cy@example.com",), "in your contacts"),
        FoundPerson("Cy (cy@other.example)", ("cy@other.example",), "in your contacts"),
    ]


def test_an_entry_that_joins_two_others_makes_one_person_of_all_three(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.knows(
        AccountPerson("Ana", ("ana@example.com",)),
        AccountPerson("Ben Okafor", ("ben@example.com",)),
        AccountPerson("Anita", ("anita@example.com",)),
        AccountPerson("Ana Sousa", ("anita@example.com", "ana@example.com")),
        AccountPerson("", ("anita@example.com", "ana3@example.com")),
    )
    assert [(p.name, p.addresses) for p in office.found()] == [
        ("Ana", ("ana@example.com", "anita@example.com", "ana3@example.com")),
        ("Ben Okafor", ("ben@example.com",)),
    ]


@pytest.mark.parametrize(
    ("given", "address", "name"),
    [
        ("Sousa, Ana", "x@example.com", "Ana Sousa"),
        ("Sousa, Ana Maria (External)", "x@example.com", "Ana Maria Sousa"),
        ("Martin King, Jr.", "x@example.com", "Martin King, Jr."),
        ("Sousa, Ana, PhD", "x@example.com", "Sousa, Ana, PhD"),
        ("  Ana\t\u0007Sousa\n", "x@example.com", "Ana Sousa"),
        ("'ana.sousa@example.com'", "ana.sousa@example.com", "Ana Sousa"),
        ("", "jean-luc.o_neil+cal@example.com", "Jean Luc O Neil"),
        ("", "maria99.27@example.com", "Maria99"),
        ("", "4711@example.com", "4711"),
        ("李, 小龍", "x@example.com", "李 小龍"),
        ("x" * 300, "x@example.com", "x" * 100),
    ],
)
def test_a_name_is_told_as_people_say_it(tmp_path: Path, given: str, address: str, name: str) -> None:
    office = Office(tmp_path)
    office.knows(AccountPerson(given, (address,)))
    assert office.names() == [name]


def test_whole_names_are_one_person_and_single_words_may_be_two(tmp_path: Path) -> None:
    office = Office(tmp_path)
    names = ["Ana Sousa", "ANA  sousa", "王小明", "王 小明", "Ana", "Ana", "小明", "小明"]
    office.knows(*(AccountPerson(name, (f"p{at}@example.com",)) for at, name in enumerate(names)))
    assert [(p.name, len(p.addresses)) for p in office.found()] == [
        ("Ana Sousa", 2),
        ("王小明", 2),
        ("Ana", 1),
        ("Ana (p5@example.com)", 1),
        ("小明", 1),
        ("小明 (p7@example.com)", 1),
    ]


def test_one_account_is_asked_once_however_many_of_its_calendars_are_connected(tmp_path: Path) -> None:
    one = memory("work", "maya@example.com", "work")
    office = Office(tmp_path, one, memory("team", "maya@example.com", "work"), memory("other", "m@example.net"))
    office.knows(AccountPerson("Ana", ("ana@example.com",)))
    office.knows(AccountPerson("Ben", ("ben@example.com",)), server="other")
    assert office.names() == ["Ana", "Ben"]
    assert (office.server("work").requests, office.server("other").requests) == (1, 1)
    assert [p.name for p in office.found(calendar="OTHER")] == ["Ben"]
    assert [p.name for p in office.found(calendar="team")] == ["Ana"]


def test_an_account_that_fails_is_told_and_hides_no_other(tmp_path: Path) -> None:
    office = Office(tmp_path, memory("work"), memory("home"), memory("old"))
    office.knows(AccountPerson("Ana", ("ana@example.com",)))
    office.knows(AccountPerson("Ben", ("ben@example.com",)), server="home")
    office.server("work").fail_next(Fault.NO_ANSWER)
    search = find_people(office.desk, "memory")
    assert [p.name for p in search.people] == ["Ben"]
    broken, mute = search.errors
    assert isinstance(broken, Unreachable)
    assert mute.what == "old: a memory calendar does not say whom the account knows"
    assert mute.next_step == "see whom you met: calsync people import --from meetings"
    assert {error.exit_code for error in search.errors} == {3}


def refusal(call: Any, *args: Any, **more: Any) -> tuple[str, str]:
    with pytest.raises(CalsyncError) as caught:
        call(*args, **more)
    assert isinstance(caught.value, UsageError)
    return caught.value.what, caught.value.next_step


def test_a_source_or_a_calendar_that_there_is_not_is_refused_with_the_nearest(tmp_path: Path) -> None:
    desk = Office(tmp_path, memory("work"), CalendarConfig("trips", "ics", options={"server": "x"})).desk
    assert refusal(find_people, desk, "gogle") == ("people cannot be imported from 'gogle'", "did you mean google?")
    assert refusal(find_people, desk, "meeting")[1] == "did you mean meetings?"
    assert refusal(find_people, desk, "xyz")[1] == "it can be google, microsoft or meetings"
    assert refusal(find_people, desk, "google") == (
        "no calendar of provider google is connected",
        "connect one, or say --from meetings",
    )
    assert refusal(find_people, desk, "memory", "wrok") == ("there is no calendar wrok", "did you mean work?")
    assert refusal(find_people, desk, "memory", "q")[1] == "connected are: work, trips"
    assert refusal(find_people, desk, "memory", "trips") == (
        "trips is a calendar of provider ics, not memory",
        "say --from ics",
    )


ANA = 'CN="Ana Sousa":mailto:ana@example.com'
BEN = "CN=Ben:mailto:ben@example.com"
MAYA = "CN=Maya:mailto:maya@example.com"
ROOM = "CUTYPE=ROOM:mailto:room5@example.com"


def test_past_one_on_ones_say_whom_the_leader_met_how_often_and_when(tmp_path: Path) -> None:
    office = Office(tmp_path, memory("work"), memory("home"))
    office.met(3, ANA, MAYA, ROOM)
    office.met(10, ANA, MAYA)
    office.met(4, BEN, server="home")
    office.met(5, ANA, BEN, MAYA)
    office.met(2, f"PARTSTAT=DECLINED;{BEN}", MAYA)
    office.met(-2, "CN=Cy:mailto:cy@example.com", MAYA)
    office.met(6, "CUTYPE=GROUP:mailto:team@example.com", MAYA)
    office.met(70, "CN=Dee:mailto:dee@example.com", MAYA)
    run_night(office.desk)
    assert office.found(MEETINGS) == [
        FoundPerson("Ana Sousa", ("ana@example.com",), "2 one-on-ones, last on Fri 6 Nov"),
        FoundPerson("Ben", ("ben@example.com",), "1 one-on-one, last on Thu 5 Nov"),
    ]
    assert [p.name for p in office.found(MEETINGS, "home")] == ["Ben"]


def test_one_meeting_on_two_calendars_counts_once(tmp_path: Path) -> None:
    office = Office(tmp_path, memory("work"), memory("home"))
    office.met(3, ANA, MAYA, uid="same")
    office.met(3, ANA, MAYA, uid="same", server="home")
    run_night(office.desk)
    assert [p.why for p in office.found(MEETINGS)] == ["1 one-on-one, last on Fri 6 Nov"]


def test_one_meeting_to_which_two_vendors_gave_a_uid_each_counts_once(tmp_path: Path) -> None:
    office = Office(tmp_path, memory("work"), memory("home"))
    office.met(4, "CN=Ana Sousa:mailto:ana@example.com", uid="work")
    office.met(4, "CN=Ana Sousa:mailto:ANA@example.com", server="home", uid="home")
    # Not the same: with somebody else, or on another day.
    office.met(4, "CN=Ben Okafor:mailto:ben@example.com", server="home", uid="ben")
    office.met(5, "CN=Ana Sousa:mailto:ana@example.com", server="home", uid="before")
    # A refused one hides no other at the same time.
    office.met(6, "PARTSTAT=DECLINED;CN=Ben Okafor:mailto:ben@example.com", uid="refused")
    office.met(6, "CN=Ben Okafor:mailto:ben@example.com", server="home", uid="held")
    run_night(office.desk)
    assert [(one.name, one.why[:14]) for one in office.found(MEETINGS)] == [
        ("Ana Sousa", "2 one-on-ones,"),
        ("Ben Okafor", "2 one-on-ones,"),
    ]


def test_somebody_of_the_rotation_with_two_addresses_is_one_person_in_every_meeting(tmp_path: Path) -> None:
    office = Office(tmp_path, people=(Person("Zoe Adler", 14, 28, ("zoe@example.com", "zoe@example.org")),))
    office.met(3, "CN=Zoe:mailto:zoe@example.com", MAYA)
    office.met(4, "CN=Zoe:mailto:ZOE@example.org", MAYA)
    office.met(5, "CN=Zoe:mailto:zoe@example.org", "CN=Zoe A:mailto:zoe@example.com", MAYA)
    office.met(6, ANA, MAYA)
    run_night(office.desk)
    assert office.found(MEETINGS) == [
        FoundPerson("Zoe", ("zoe@example.com",), "3 one-on-ones, last on Fri 6 Nov", known="Zoe Adler"),
        FoundPerson("Ana Sousa", ("ana@example.com",), "1 one-on-one, last on Tue 3 Nov"),
    ]


def test_a_pick_who_is_in_the_rotation_gains_an_address_only_with_merge(tmp_path: Path) -> None:
    office = Office(tmp_path)
    found = [FoundPerson("Zoe", ("zoe@example.com", "zoe@example.org"), "", "Zoe Adler", ("zoe@example.org",))]
    intake = intake_of_found(office.desk, found, [], **GAPS)
    assert carry_out(office.desk, intake, merge=False) == [
        "Zoe Adler: would add zoe@example.org.",
        "They are in the rotation already and stay as they are; --merge adds this to them.",
    ]
    assert rotation(office) == [ZOE]
    carry_out(office.desk, intake, merge=True)
    assert rotation(office) == [("Zoe Adler", 14, 28, ("zoe@example.com", "zoe@example.org"))]


def test_a_calendar_that_no_night_has_read_is_named(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.met(3, ANA, MAYA)
    search = find_people(office.desk, MEETINGS)
    assert search.people == []
    (error,) = search.errors
    assert (error.what, error.next_step, error.exit_code) == (
        "work: no night has read this calendar yet",
        "run one first: calsync nightly",
        3,
    )


def rotation(office: Office) -> list[tuple[str, int, int, tuple[str, ...]]]:
    kinds = {"ics": frozenset({"path"})}
    config = load_config(office.desk.config.path, today=NOW.date(), provider_kinds=kinds)
    return [(p.name, p.ideal_days, p.max_days, p.addresses) for p in config.people]


FOUND = [
    FoundPerson("Ana Sousa", ("ana@example.com", "a@example.org"), ""),
    FoundPerson("Ana Lima", ("lima@example.com",), ""),
    FoundPerson("Ben Okafor", ("ben@example.com",), ""),
    FoundPerson("Zoe A.", ("zoe@example.com",), "", known="Zoe Adler"),
]
ZOE = ("Zoe Adler", 14, 28, ("zoe@example.com",))


def test_who_is_picked_comes_in_with_every_address_and_the_gaps(tmp_path: Path) -> None:
    office = Office(tmp_path)
    told = add_found(office.desk, FOUND, ["okafor", "a@example.org", "Ben Okafor", "zoe"], **GAPS)
    path = office.desk.config.path
    assert told == [
        "Zoe Adler is in the rotation already and stays as they are.",
        f"Ben Okafor is in the rotation (written to {path}).",
        f"Ana Sousa is in the rotation (written to {path}).",
    ]
    assert rotation(office) == [
        ZOE,
        ("Ben Okafor", 28, 56, ("ben@example.com",)),
        ("Ana Sousa", 28, 56, ("ana@example.com", "a@example.org")),
    ]


def test_without_picks_everybody_comes_in_and_on_paper_nobody(tmp_path: Path) -> None:
    office = Office(tmp_path)
    told = add_found(office.desk, FOUND, [], **GAPS, dry_run=True)
    assert len(told) == len(FOUND)
    assert "would be in the rotation (would be written to" in told[1]
    assert rotation(office) == [ZOE]
    add_found(office.desk, FOUND, [], **GAPS)
    assert [name for name, *_ in rotation(office)] == ["Zoe Adler", "Ana Sousa", "Ana Lima", "Ben Okafor"]


def test_a_pick_that_means_nobody_or_several_adds_nobody(tmp_path: Path) -> None:
    office = Office(tmp_path)
    call = (add_found, office.desk, FOUND)
    assert refusal(*call, ["Ben", "Bem Okafor"], **GAPS) == (
        "nobody called Bem Okafor was found",
        "did you mean Ben Okafor?",
    )
    assert refusal(*call, ["Ben", "qqq"], **GAPS)[1] == "without --pick this shows who was found"
    assert refusal(*call, ["Ben", "ana"], **GAPS) == (
        "ana can be any of Ana Sousa, Ana Lima",
        "write the whole name in quotes, or the address",
    )
    assert rotation(office) == [ZOE]


def test_whatever_an_account_calls_its_people_all_of_them_can_be_added(tmp_path: Path) -> None:
    office = Office(tmp_path)
    odd = [
        "Ana #1",
        "a: b",
        "- dash",
        '"quoted"',
        "[x]",
        "{y}",
        "null",
        "true",
        "1",
        "ﬁ\u200b",
        "Ångström, Bo",
        "é" * 250,
    ]
    office.knows(*(AccountPerson(name, (f"p{at}@example.com",)) for at, name in enumerate([*odd, *odd])))
    found = office.found()
    assert len({person.name for person in found}) == len(found)
    add_found(office.desk, found, [], **GAPS)
    assert [name for name, *_ in rotation(office)][1:] == [person.name for person in found]
