"""People read from CSV and vCard and written again; every bad file with its message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Person
from calsync.names import tidy_name
from calsync.people.exchange import (
    IDEAL_DAYS,
    MAX_DAYS,
    Imported,
    Rules,
    people_from_csv,
    people_from_vcard,
    people_to_csv,
    person_fields,
)

DATA = Path(__file__).resolve().parents[2] / "data" / "people"
BAD = sorted(path for path in DATA.iterdir() if path.suffix in {".csv", ".vcf"})
CHANNELS = ("call", "chat", "mail", "walk", "visit")
RULES = Rules(IDEAL_DAYS, MAX_DAYS, channels=CHANNELS)

ANA = Person("Ana Sousa", 14, 28, ("ana@example.com",), "Europe/Lisbon", ("report",), "call")


def read(path: Path) -> Imported:
    return (people_from_vcard if path.suffix == ".vcf" else people_from_csv)(path.read_bytes(), RULES)


@pytest.mark.parametrize("path", BAD, ids=[path.name for path in BAD])
def test_a_bad_file_gives_its_message_and_keeps_everybody_else(path: Path) -> None:
    got = read(path)
    lines = [f"people: {', '.join(p.name for p in got.people)}".strip(), *got.merged, *map(str, got.problems)]
    assert lines == path.with_name(f"{path.name}.expected").read_text("utf-8").splitlines()


def test_the_folders_of_files_are_there() -> None:
    assert (len(BAD) >= 40, len(GOOD_CSV) >= 9, len(GOOD_VCARDS) >= 5) == (True, True, True)


def test_a_problem_carries_the_text_of_its_row_so_that_nothing_is_lost() -> None:
    got = people_from_csv('name,ideal\n"Bo\nBerg",soon\nCy,7d\n"Di,\nEd\n')
    assert [(p.line, p.raw) for p in got.problems] == [(2, '"Bo\nBerg",soon'), (5, '"Di,\nEd')]
    assert [p.name for p in got.people] == ["Cy"]
    card = "BEGIN:VCARD\nEMAIL:bo\nEND:VCARD"
    assert {p.raw for p in people_from_vcard(card).problems} == {card}


GOOD_CSV = sorted((DATA / "good").glob("*.csv"))
GOOD_VCARDS = sorted((DATA / "good").glob("*.vcf"))


@pytest.mark.parametrize("path", GOOD_CSV, ids=[path.stem for path in GOOD_CSV])
def test_csv_is_read_however_it_is_written(path: Path) -> None:
    text = path.read_bytes().decode()
    assert people_from_csv(path.read_bytes()) == ([ANA], [], ())
    assert people_from_csv(text) == ([ANA], [], ())
    assert people_from_csv(text.removeprefix("\ufeff").encode("utf-16")) == ([ANA], [], ())


def test_who_has_no_gap_gets_the_usual_one_and_who_has_one_gets_the_other_from_it() -> None:
    got = people_from_csv("name,ideal,max\nAna,,\nBo,10d,\nCy,,20d\nDi,,90d\nEd,500d,\n")
    gaps = [(p.ideal_days, p.max_days) for p in got.people]
    assert gaps == [(IDEAL_DAYS, MAX_DAYS), (10, 20), (20, 20), (30, 90), (500, 730)]
    assert [(p.ideal_days, p.max_days) for p in people_from_csv("name\nAna", Rules(7, 9)).people] == [(7, 9)]


@pytest.mark.parametrize(
    ("cell", "addresses"),
    [
        ("a@x.example b@x.example", ("a@x.example", "b@x.example")),
        ('"a@x.example, B@x.example;c@x.example"', ("a@x.example", "b@x.example", "c@x.example")),
        ("a@x.example ::: b@x.example", ("a@x.example", "b@x.example")),
        ("a@x.example;A@X.example", ("a@x.example",)),
        ('"A <a@x.example>, ""B, C"" <b@x.example>"', ("a@x.example", "b@x.example")),
        ("", ()),
    ],
)
def test_one_cell_may_hold_several_addresses(cell: str, addresses: tuple[str, ...]) -> None:
    quoted = cell if cell.startswith('"') else f'"{cell}"'
    assert people_from_csv(f"name,email\nAna,{quoted}\n").people[0].addresses == addresses


def test_a_quoted_cell_may_stand_behind_a_space() -> None:
    assert [p.name for p in people_from_csv('email, name\n, "Sousa, Ana"\n').people] == ["Sousa, Ana"]


def test_tags_become_single_words() -> None:
    got = people_from_csv('name,tags\nAna,"* my Contacts ::: peer; skip level, !"\n')
    assert got.people[0].tags == ("my-Contacts", "peer", "skip-level")


@pytest.mark.parametrize(
    "name", ["山田 太郎", "Олена Шевченко", "محمد علي", "Ζωή", "ኣበበ", "O'Neil-Smith", "נועה", "Nguyễn Ánh 🙂"]
)
def test_names_in_any_script_come_through(name: str) -> None:
    assert [p.name for p in people_from_csv(f"name\n{name}\n".encode()).people] == [name]
    assert [p.name for p in people_from_vcard(f"BEGIN:VCARD\nFN:{name}\nEND:VCARD".encode()).people] == [name]
    assert people_from_csv(people_to_csv([Person(name, 1, 2)])).people == [Person(name, 1, 2)]


@pytest.mark.parametrize("path", GOOD_VCARDS, ids=[path.stem for path in GOOD_VCARDS])
def test_vcards_of_every_version_are_read(path: Path) -> None:
    expected = Person("Ana Sousa", 14, 28, ("ana@example.com",), "Europe/Lisbon", ("report",))
    assert people_from_vcard(path.read_bytes(), Rules(14, 28)) == ([expected], [], ())


def test_backslashes_latin_letters_and_preferences_of_a_vcard_are_understood() -> None:
    got = people_from_vcard(
        "BEGIN:VCARD\nFN:Sousa\\, Ana\\NMaria \\\\ co\nEMAIL:c@x.example\nEMAIL;PREF=9:b@x.example\n"
        "EMAIL;TYPE=pref:a@x.example\nCATEGORIES:a\\,b,c\nEND:VCARD\n"
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=latin-1;ENCODING=QUOTED-PRINTABLE:=C5ngstr=F6m;Zo=EB\nEND:VCARD\n"
        "BEGIN:VCARD\nN:山田;太郎;;;\nEND:VCARD\n"
    )
    assert [p.name for p in got.people] == ["Sousa, Ana Maria \\ co", "Zoë Ångström", "山田 太郎"]
    assert got.people[0].addresses == ("a@x.example", "b@x.example", "c@x.example")
    assert got.people[0].tags == ("a-b", "c")


def test_a_person_is_written_in_the_form_of_the_configuration() -> None:
    assert person_fields(ANA) == {
        "name": "Ana Sousa",
        "email": "ana@example.com",
        "ideal": "14d",
        "max": "28d",
        "timezone": "Europe/Lisbon",
        "tags": ["report"],
        "channel": "call",
    }
    bare = Person("Bo", 1, 2, ("b@x.example", "c@x.example"))
    assert person_fields(bare) == {
        "name": "Bo",
        "email": ["b@x.example", "c@x.example"],
        "ideal": "1d",
        "max": "2d",
    }
    assert person_fields(Person("Bo", 1, 2)) == {"name": "Bo", "ideal": "1d", "max": "2d"}


words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
persons = st.builds(
    lambda name, ideal, extra, addresses, zone, tags, channel: Person(
        tidy_name(" ".join(name)) or "Bo", ideal, min(ideal + extra, 730), tuple(addresses), zone, tuple(tags), channel
    ),
    st.lists(words, min_size=1, max_size=3),
    st.integers(1, 730),
    st.integers(0, 300),
    st.lists(st.from_regex(r"[a-z0-9.+_-]{1,8}@[a-z]{1,8}\.example", fullmatch=True), max_size=3, unique=True),
    st.sampled_from(["", "Europe/Lisbon", "America/Argentina/Buenos_Aires"]),
    st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), max_size=3, unique=True),
    st.sampled_from(["", "call", "walk"]),
)


@settings(deadline=None)
@given(persons)
def test_what_is_written_as_csv_is_read_back(person: Person) -> None:
    assert people_from_csv(people_to_csv([person])) == ([person], [], ())
    assert people_from_csv(people_to_csv([person]).encode()) == ([person], [], ())


@settings(deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_no_file_at_all_makes_the_readers_fail(data: str | bytes) -> None:
    for got in (people_from_csv(data), people_from_vcard(data)):
        assert got.people or got.problems or data


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["name", "email", "\n", "\r\n", ",", ";", "\t", '"', "Ana", "14d", "a@b.c", "=", " ", ":", "\\"]
        )
        | st.sampled_from(["BEGIN:VCARD", "END:VCARD", "FN", "EMAIL;", "ENCODING=QUOTED-PRINTABLE", "=E4", "KIND:"]),
        max_size=40,
    )
)
def test_scraps_of_files_never_make_the_readers_fail_and_every_problem_names_a_line_of_the_file(
    scraps: list[str],
) -> None:
    text = "".join(scraps)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for got in (people_from_csv("name,email\n" + text), people_from_vcard("BEGIN:VCARD\n" + text)):
        assert all(1 <= p.line <= len(lines) + 1 for p in got.problems)
        assert len({p.name for p in got.people}) == len(got.people)


@settings(deadline=None, max_examples=60)
@given(st.lists(words, min_size=1, max_size=8), st.lists(words, max_size=3))
def test_cards_that_another_library_wrote_are_read(name: list[str], tags: list[str]) -> None:
    vobject = pytest.importorskip("vobject", reason="vobject is not installed: pip install 'calsync[test]'")
    card = vobject.vCard()
    card.add("n").value = vobject.vcard.Name(family="Sousa", given="Ana")
    card.add("fn").value = " ".join(name)
    card.add("email").value = "ana@example.com"
    if tags:
        card.add("categories").value = tags
    got = people_from_vcard(card.serialize())
    assert [(p.name, p.addresses) for p in got.people] == [(" ".join(name), ("ana@example.com",))]
