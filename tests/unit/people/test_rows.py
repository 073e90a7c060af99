"""Rows of one person are one person; gaps come from the row, its tag, or the command."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.people.exchange import Rules, people_from_csv, people_from_vcard, person_fields

RULES = Rules(30, 60, {"Report": (7, 14), "mentor": (60, 90)})


@pytest.mark.parametrize(
    ("row", "gaps"),
    [
        (",,", (30, 60)),
        (",,report", (7, 14)),
        (",,lisbon;MENTOR;report", (60, 90)),
        ("3d,,report", (3, 14)),
        (",20d,report", (7, 20)),
        ("10d,,lisbon", (10, 20)),
        ("10d,12d,report", (10, 12)),
    ],
)
def test_a_row_without_a_gap_takes_that_of_its_tag(row: str, gaps: tuple[int, int]) -> None:
    (person,) = people_from_csv(f"name,ideal,max,tags\nAna,{row}\n", RULES).people
    assert (person.ideal_days, person.max_days) == gaps


def test_a_gap_that_does_not_go_with_the_tags_is_named() -> None:
    got = people_from_csv("name,ideal,max,tags\nAna,20d,,report\nBo,,5d,report\n", RULES)
    assert [str(problem) for problem in got.problems] == [
        "line 2: max: expected at least the 20 days of the ideal gap, not the 14 of the tag",
        "line 3: max: expected at least the 7 days of the ideal gap, not '5d'",
    ]


def test_the_categories_of_a_card_give_gaps_too_and_these_stay_with_the_tag() -> None:
    (ana,) = people_from_vcard("BEGIN:VCARD\nFN:Ana\nCATEGORIES:REPORT\nNICKNAME:Aninha\nEND:VCARD\n", RULES).people
    assert (ana.ideal_days, ana.max_days, ana.call_name) == (7, 14, "Aninha")
    assert person_fields(ana, RULES.tag_gaps) == {"name": "Ana", "call_name": "Aninha", "tags": ["REPORT"]}
    assert person_fields(ana)["ideal"] == "7d"


def test_a_row_that_joins_two_people_makes_them_one() -> None:
    got = people_from_csv('name,email,tags\nAna,a@x.example,one\nA.,b@x.example,two\nS.,"b@x.example a@x.example",\n')
    assert [(p.name, p.addresses, p.tags) for p in got.people] == [
        ("Ana", ("a@x.example", "b@x.example"), ("one", "two"))
    ]
    assert got.merged == (
        "line 3 (A.) is the same person as line 2 (Ana)",
        "line 4 (S.) is the same person as line 2 (Ana)",
    )


rows = st.lists(
    st.tuples(
        st.sampled_from(["Ana", "Bo", "ana ", "Ána"]),
        st.lists(st.sampled_from(["a@x.example", "b@x.example", "c@x.example"]), max_size=2, unique=True),
    ),
    max_size=7,
)


@settings(deadline=None)
@given(rows)
def test_no_two_people_of_a_file_share_a_name_or_an_address_and_every_row_comes_to_something(
    rows: list[tuple[str, list[str]]],
) -> None:
    text = "".join(f"{name},{' '.join(addresses)}\n" for name, addresses in rows)
    got = people_from_csv("name,email\n" + text)
    assert len({p.name.casefold() for p in got.people}) == len(got.people)
    addresses = [address for person in got.people for address in person.addresses]
    assert len(set(addresses)) == len(addresses)
    assert len(got.people) + len(got.merged) + len(got.problems) == len(rows)
    if not got.problems:
        assert set(addresses) == {address for _, some in rows for address in some}
