"""Whoever comes out of a file can go into the configuration: what one refuses, the other never lets through."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.config.load import load_config
from calsync.config.offers import PROVIDERS
from calsync.config.schema import CHANNELS, THANKS, PersonEntry
from calsync.desk import Desk, open_desk
from calsync.intake import carry_out, read_people
from calsync.model import Person
from calsync.people.exchange import Rules, people_from_csv, people_to_csv, person_fields

NOW = datetime(2026, 11, 9, 5, tzinfo=ZoneInfo("Europe/Berlin"))
FILE = """\
timezone: Europe/Berlin
me: maya@example.com
calendars: [{name: work, provider: ics, path: work}]
tags: {report: {ideal: 7d, max: 14d}}
people:
  - {name: Zoe, email: zoe@example.com, ideal: 14d, max: 28d}   # a friend
  - name: Ben   # no address
    tags: [report]
"""
RULES = Rules(28, 56, {"report": (7, 14)}, CHANNELS, THANKS)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "config.yaml").write_text(FILE, "utf-8")
    return open_desk(tmp_path / "config.yaml", tmp_path / "state", NOW)


def rotation(desk: Desk) -> tuple[Person, ...]:
    kinds = {kind: frozenset(rules.keys) for kind, rules in PROVIDERS.items()}
    return load_config(desk.config.path, today=date(2026, 11, 9), provider_kinds=kinds).people


odd = st.text(st.characters(exclude_categories=["Cs"]), max_size=15)
names = odd | st.sampled_from(
    ["Ana", "ana ", "BEN", "Zoe", "علی\u200cرضا", "\u202eAna", "山田太郎", "- x", "#", "null"]
)
addresses = (
    st.from_regex(r"[a-c]{1,2}@[a-c.]{1,4}", fullmatch=True)
    | odd.map(lambda text: f"{text}@x.example")
    | st.sampled_from(["zoe@example.com", "maya@example.com", "a@b..c", "a@b.", "a\u200bb@x.example", "A@X.example"])
)


def seldom(usual: list[str], wrong: list[str]) -> st.SearchStrategy[str]:
    """Mostly what a file has, now and then what none should: else hardly a row would be right in every cell."""
    return st.sampled_from([*(usual * 8), *wrong])


rows = st.fixed_dictionaries(
    {
        "name": names,
        "email": addresses | st.just(""),
        "ideal": seldom(["", "9d", "3w"], ["731d", "x"]),
        "max": seldom(["", "20d"], ["5d"]),
        "timezone": seldom(["", "Europe/Lisbon"], ["Mars"]),
        "tags": odd | st.sampled_from(["report", "REPORT;peer", "हिन्दी", "-", "a b;c_d"]),
        "channel": seldom(["", "call", "CHAT"], ["fax"]),
        "call_name": odd,
        "working_hours": seldom(["", "mon-fri 09:00-17:00", "sat-sun 00:00-23:59"], ["mon 9-5"]),
        "holidays": seldom(["", "PT"], ["Portugal"]),
        "thanks": seldom(["", "public"], ["no"]),
    }
)


def as_csv(rows: list[dict[str, str]]) -> bytes:
    import csv
    import io

    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["name"])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@settings(deadline=None)
@given(st.lists(rows, max_size=4))
def test_whoever_is_read_has_the_form_of_the_configuration(rows: list[dict[str, str]]) -> None:
    for person in people_from_csv(as_csv(rows), RULES).people:
        PersonEntry.model_validate(person_fields(person))


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, max_size=4))
def test_whatever_a_file_holds_the_rest_of_it_comes_in_and_nothing_that_stood_there_is_lost(
    desk: Desk, rows: list[dict[str, str]]
) -> None:
    desk.config.path.write_text(FILE, "utf-8")
    intake = read_people(desk, as_csv(rows), "people.csv", vcard=False, ideal=28, max_=56)
    before = desk.config.people
    told = carry_out(desk, intake, merge=True)
    after = {person.name: person for person in rotation(desk)}
    assert len(after) == len(before) + len(intake.news)
    for person in before:
        now = after[person.name]
        assert now.addresses[: len(person.addresses)] == person.addresses
        assert now.tags[: len(person.tags)] == person.tags
        assert (now.ideal_days, now.max_days) == (person.ideal_days, person.max_days)
    assert all(line.isprintable() or "\u200c" in line or "\u200d" in line for line in told)
    assert "# a friend" in desk.config.path.read_text("utf-8")
    twice = read_people(
        Desk(load(desk), desk.state_folder, NOW), as_csv(rows), "people.csv", vcard=False, ideal=28, max_=56
    )
    assert (twice.news, twice.gains) == ((), ()), "the second time there is nothing new"


def load(desk: Desk) -> Any:
    kinds = {kind: frozenset(rules.keys) for kind, rules in PROVIDERS.items()}
    return load_config(desk.config.path, today=date(2026, 11, 9), provider_kinds=kinds)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(rows, max_size=4))
def test_what_is_exported_after_an_import_is_the_rotation(desk: Desk, rows: list[dict[str, str]]) -> None:
    desk.config.path.write_text(FILE, "utf-8")
    carry_out(desk, read_people(desk, as_csv(rows), "x", vcard=False, ideal=28, max_=56), merge=True)
    everybody = rotation(desk)
    (back, problems, merged) = people_from_csv(people_to_csv(everybody), RULES)
    assert (problems, merged) == ([], ())
    assert [(p.name, p.addresses, p.ideal_days, p.max_days, p.tags) for p in back] == [
        (p.name, p.addresses, p.ideal_days, p.max_days, p.tags) for p in everybody
    ]


def test_what_is_quoted_of_a_file_is_one_line_that_moves_no_cursor(desk: Desk) -> None:
    group = "BEGIN:VCARD\r\nKIND:group\x1b[0m\r\nFN:\x1b[2JTeam\r\nEND:VCARD\r\n"
    (refused,) = read_people(desk, group.encode(), "a.vcf", vcard=True, ideal=28, max_=56).errors
    assert (refused.what.isprintable(), refused.next_step.isprintable()) == (True, True)
    card = "BEGIN:VCARD\r\nFN:\x1b[31mA\u202ena\x07\r\nEMAIL:ana\r\nPHOTO:" + "A" * 9000 + "\r\nEND:VCARD\r\n"
    errors = read_people(desk, card.encode(), "a.vcf", vcard=True, ideal=28, max_=56).errors
    assert errors
    for error in errors:
        assert error.what.isprintable()
        assert error.next_step.isprintable()
        assert error.next_step.startswith("it says: BEGIN:VCARD / FN:\\x1b[31mA\\x202ena\\x07 / EMAIL:ana / PHOTO:AAA")
        assert len(error.next_step) < 250
