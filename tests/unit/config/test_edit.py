"""People are added, changed and removed in the file, and nothing else in it changes."""

from __future__ import annotations

import os
import re
import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.config import inplace
from calsync.config.edit import Edited, add_people, add_person, change_people, edit_person, remove_person
from calsync.config.load import load_config
from calsync.config.render import flow
from calsync.config.splice import Tangled, add_items, change_item, remove_item
from calsync.config.tree import read_tree
from calsync.errors import ConfigError, UsageError

KINDS = {"ics": frozenset({"path", "url"}), "caldav": frozenset({"url", "username", "calendar"})}
WITH: dict[str, Any] = {"today": date(2026, 12, 7), "provider_kinds": KINDS, "system_zone": "Europe/Berlin"}

FILE = """\
# Maya's file
calendars:   # two spaces too many
  - {name: work,   provider: ics, path: work, write: true}   # aligned

people:      # the rotation
  # my mentor
  - {name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}   # since May
  - name: 'Ben Okafor'   # likes walks
    # how often
    ideal: 2w
    max: 28
    tags: [report,   peer]

# what others see
privacy: {names:   none}
"""


def written(folder: Path, text: str = FILE) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(text.encode())
    return path


def names(path: Path) -> list[str]:
    return [person.name for person in load_config(path, **WITH).people]


def test_a_person_is_added_behind_the_others_and_every_other_byte_stays(tmp_path: Path) -> None:
    path = written(tmp_path)
    add_person(path, {"name": "Chi Nwosu", "max": "30d", "ideal": "10d", "email": ["chi@example.com"]}, **WITH)
    new = "  - name: Chi Nwosu\n    email: chi@example.com\n    ideal: 10d\n    max: 30d\n"
    assert path.read_text() == FILE.replace("    tags: [report,   peer]\n", "    tags: [report,   peer]\n" + new)
    assert names(path) == ["Ana Sousa", "Ben Okafor", "Chi Nwosu"]


def test_a_changed_value_takes_the_old_ones_place_and_every_other_byte_stays(tmp_path: Path) -> None:
    path = written(tmp_path)
    edit_person(path, "ana sousa", {"max": "35d"}, **WITH)
    edit_person(path, "Ben Okafor", {"ideal": "3w", "channel": "walk"}, **WITH)
    expected = FILE.replace("14d, max: 28d", "14d, max: 35d").replace("ideal: 2w", "ideal: 3w")
    assert path.read_text() == expected.replace("[report,   peer]\n", "[report,   peer]\n    channel: walk\n")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Ana Sousa", "  - {name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}   # since May\n", ""),
        (
            "Ben Okafor",
            """  - name: 'Ben Okafor'   # likes walks
    # how often
    ideal: 2w
    max: 28
    tags: [report,   peer]
""",
            "",
        ),
    ],
)
def test_a_removed_person_leaves_every_other_byte(tmp_path: Path, name: str, before: str, after: str) -> None:
    path = written(tmp_path)
    remove_person(path, name, **WITH)
    assert path.read_text() == FILE.replace(before, after)


def test_an_empty_value_takes_the_key_out(tmp_path: Path) -> None:
    path = written(tmp_path)
    edit_person(path, "Ben Okafor", {"tags": []}, **WITH)
    edit_person(path, "Ana Sousa", {"email": ""}, **WITH)
    assert path.read_text() == FILE.replace("    tags: [report,   peer]\n", "").replace(" email: ana@example.com,", "")


def test_a_person_can_be_renamed(tmp_path: Path) -> None:
    path = written(tmp_path)
    edit_person(path, "Ben Okafor", {"name": 'Ben O\'Kafor: "B"'}, **WITH)
    assert names(path) == ["Ana Sousa", 'Ben O\'Kafor: "B"']


CALENDARS = "calendars: [{name: work, provider: ics, path: work}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CALENDARS, CALENDARS + "\npeople:\n  - {P}\n"),
        (CALENDARS.rstrip("\n"), CALENDARS + "\npeople:\n  - {P}"),
        (CALENDARS + "# the end\n", CALENDARS + "# the end\n\npeople:\n  - {P}\n"),
        (CALENDARS + "...\n# the end\n", CALENDARS + "\npeople:\n  - {P}\n...\n# the end\n"),
        (CALENDARS + "people:\n", CALENDARS + "people:\n  - {P}\n"),
        (CALENDARS + "people:", CALENDARS + "people:\n  - {P}"),
        ("people:  # nobody yet\n" + CALENDARS, "people:  # nobody yet\n  - {P}\n" + CALENDARS),
        ("people: ~  # none\n" + CALENDARS, "people: [{P}]  # none\n" + CALENDARS),
        ("people: []  # none\n" + CALENDARS, "people: [{P}]  # none\n" + CALENDARS),
        ("people: [\n]\n" + CALENDARS, "people: [{P}]\n" + CALENDARS),
        (
            "people: [{name: A, ideal: 1, max: 2},]\n" + CALENDARS,
            "people: [{name: A, ideal: 1, max: 2}, {P},]\n" + CALENDARS,
        ),
        (
            "people:\n- name: A\n  ideal: 1\n  max: 2\n" + CALENDARS,
            "people:\n- name: A\n  ideal: 1\n  max: 2\n- name: Zoë\n  ideal: 1w\n  max: 14\n" + CALENDARS,
        ),
        (
            "people:\n  -   name: A\n      ideal: 1\n      max: 2\n  # tail\n" + CALENDARS,
            "people:\n  -   name: A\n      ideal: 1\n      max: 2\n  -   name: Zoë\n      ideal: 1w\n      max: 14\n"
            "  # tail\n" + CALENDARS,
        ),
        ("{" + CALENDARS.strip() + "}\n", "{" + CALENDARS.strip() + ", people: [{P}]}\n"),
        ("---\n" + CALENDARS + "people: []\n", "---\n" + CALENDARS + "people: [{P}]\n"),
        (
            '{"calendars": [{"name": "w", "provider": "ics", "path": "w"}], "people": []}',
            '{"calendars": [{"name": "w", "provider": "ics", "path": "w"}], "people": [{P}]}',
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_person_is_added_to_any_form_of_the_list(
    tmp_path: Path, text: str, expected: str, newline: str, bom: bytes
) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(bom + text.replace("\n", newline).encode())
    add_person(path, {"name": "Zoë", "ideal": "1w", "max": 14}, **WITH)
    wanted = expected.replace("{P}", "{name: Zoë, ideal: 1w, max: 14}")
    ends_bare = not text.endswith("\n")
    if ends_bare and newline == "\r\n" and "\n" not in text:
        newline = "\n"  # a file of one line shows no line ending to keep
    assert path.read_bytes() == bom + wanted.replace("\n", newline).encode()


def test_removing_the_last_person_leaves_an_empty_list_that_still_loads(tmp_path: Path) -> None:
    path = written(tmp_path, CALENDARS + "people:  # all\n  # Ana\n  - {name: A, ideal: 1, max: 2}\n# the end\n")
    remove_person(path, "A", **WITH)
    assert path.read_text() == CALENDARS + "people: []  # all\n  # Ana\n# the end\n"
    assert names(path) == []
    add_person(path, {"name": "B", "ideal": 1, "max": 2}, **WITH)
    assert names(path) == ["B"]


@pytest.mark.parametrize(
    ("text", "gone", "expected"),
    [
        ("[{P1}, {P2}, {P3}]", "P2", "[{P1}, {P3}]"),
        ("[{P1}, {P2}, {P3}]", "P1", "[{P2}, {P3}]"),
        ("[{P1}, {P2}, {P3}]", "P3", "[{P1}, {P2}]"),
        ("[{P1}]", "P1", "[]"),
        ("[\n  {P1},\n  {P2},  # two\n]", "P2", "[\n  {P1},\n  # two\n]"),
        ("[\n  {P1},\n  {P2},\n]", "P1", "[\n  {P2},\n]"),
    ],
)
def test_a_person_is_removed_from_a_list_on_one_line(tmp_path: Path, text: str, gone: str, expected: str) -> None:
    def filled(form: str) -> str:
        return re.sub(r"\{(P\d)\}", r"{name: \1, ideal: 1, max: 2}", form)

    path = written(tmp_path, "people: " + filled(text) + "\n" + CALENDARS)
    remove_person(path, gone, **WITH)
    assert path.read_text() == "people: " + filled(expected) + "\n" + CALENDARS


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("- name: A\n  ideal: 1\n  max:\n    2\n", {"max": 3}, "- name: A\n  ideal: 1\n  max:\n    3\n"),
        (
            "- name: A\n  email:\n  - a@example.com # first\n  - b@example.com # second\n  ideal: 1\n  max: 2\n",
            {"email": ["c@example.com", "d@example.com"]},
            "- name: A\n  email: [c@example.com, d@example.com] # second\n  ideal: 1\n  max: 2\n",
        ),
        ("- channel: call\n  name: A\n  ideal: 1\n  max: 2\n", {"channel": None}, "- name: A\n  ideal: 1\n  max: 2\n"),
        (
            "- channel: call # by phone\n  name: A\n  ideal: 1\n  max: 2\n",
            {"channel": None},
            "-  # by phone\n  name: A\n  ideal: 1\n  max: 2\n",
        ),
        ("- {name: A, ideal: 1, max: 2, channel: call}\n", {"channel": None}, "- {name: A, ideal: 1, max: 2}\n"),
        (
            "- {ideal: 1, max: 2, name: A}\n",
            {"max": "3d", "tags": ["x"]},
            "- {ideal: 1, max: 3d, name: A, tags: [x]}\n",
        ),
        ("- name: >-\n    A\n  ideal: 1\n  max: 2\n", {"name": "B"}, "- name: B\n  ideal: 1\n  max: 2\n"),
        ("-\n  # her\n  name: A\n  ideal: 1\n  max: 2\n", {"max": 9}, "-\n  # her\n  name: A\n  ideal: 1\n  max: 9\n"),
    ],
)
def test_a_person_is_changed_in_any_form(tmp_path: Path, text: str, changes: dict[str, object], expected: str) -> None:
    path = written(tmp_path, "people:\n" + text + CALENDARS)
    edit_person(path, "A", changes, **WITH)
    assert path.read_text() == "people:\n" + expected + CALENDARS


def test_what_is_the_same_already_is_not_written(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.stat()
    result = edit_person(path, "Ana Sousa", {"max": "28d", "email": ["ana@example.com"]}, **WITH)
    assert result == Edited(path, FILE, FILE)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_dry_run_says_what_would_stand_there_and_writes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    result = remove_person(path, "Ana Sousa", **WITH, dry_run=True)
    assert "Ana Sousa" not in result.after
    assert path.read_text() == FILE


def refusal(path: Path, call: Any, *args: Any) -> str:
    before = path.read_bytes()
    with pytest.raises(UsageError) as caught:
        call(path, *args, **WITH)
    assert caught.value.next_step
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name]
    return str(caught.value)


def test_an_unknown_name_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    path = written(tmp_path)
    expected = 'nobody in the rotation is called "Anna Souza"; did you mean `Ana Sousa`?'
    assert refusal(path, edit_person, "Anna Souza", {"max": 30}) == expected
    assert refusal(path, remove_person, "Anna Souza") == expected


def test_a_second_person_of_one_name_or_address_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    one = {"name": "ANA  sousa", "ideal": 1, "max": 2}
    assert refusal(path, add_person, one) == "ANA  sousa is in the rotation already"
    two = {"name": "Dee", "email": "Ana@Example.com", "ideal": 1, "max": 2}
    assert refusal(path, add_person, two) == "Dee: email: ana@example.com is an address of the person on line 7 already"


def test_several_people_are_added_at_once_as_they_would_be_one_by_one(tmp_path: Path) -> None:
    bare = FILE.partition("people:")[0]
    for at, text in enumerate((FILE, bare, *(f"{bare}people:{nobody}\n" for nobody in ("", " []", " null")))):
        news = [{"name": f"P{i}", "email": f"p{i}@example.com", "ideal": "1w", "max": "2w"} for i in range(3)]
        one, other = tmp_path / f"one-{at}.yaml", tmp_path / f"other-{at}.yaml"
        one.write_text(text)
        other.write_text(text)
        add_people(one, news, **WITH)
        for person in news:
            add_person(other, person, **WITH)
        assert one.read_bytes() == other.read_bytes()


def test_of_several_people_with_a_wrong_one_among_them_nobody_is_added(tmp_path: Path) -> None:
    path = written(tmp_path)
    good, bad = {"name": "Dee", "ideal": 1, "max": 2}, {"name": "Eve", "email": "eve", "ideal": 1, "max": 2}
    assert refusal(path, add_people, [good, bad]) == (
        'people[Eve].email: expected a mail address, such as maya@example.com, not "eve"'
    )
    assert refusal(path, add_people, [good, {**good, "name": "DEE"}]) == "DEE is in the rotation already"
    assert refusal(path, add_people, [good, {"name": " "}]) == "a person needs a name"
    assert add_people(path, [], **WITH).before == path.read_text()


def test_a_wrong_field_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert refusal(path, edit_person, "Ana Sousa", {"max": "3d"}) == (
        "Ana Sousa: max: expected at least the 14 days of `ideal`, not 3"
    )
    assert refusal(path, edit_person, "Ana Sousa", {"chanel": "call"}) == (
        "Ana Sousa: chanel: unknown key; did you mean `channel`?"
    )
    assert "max: is missing" in refusal(path, add_person, {"name": "Dee", "ideal": 1})
    assert refusal(path, add_person, {"ideal": 1}) == "a person needs a name"


def test_a_file_that_is_wrong_already_is_refused_with_its_own_problems(tmp_path: Path) -> None:
    path = written(tmp_path, FILE.replace("names:   none", "names: all"))
    with pytest.raises(ConfigError, match=r"privacy\.names: expected none or first"):
        add_person(path, {"name": "Dee", "ideal": 1, "max": 2}, **WITH)


@pytest.mark.parametrize(
    "text",
    [
        "people:\n  - &a {name: A, ideal: 1, max: 2}\n  - {<<: *a, name: B}\n",
        "people:\n  - {name: A, ideal: &d 1, max: *d}\n",
    ],
)
def test_a_change_that_would_reach_others_through_an_anchor_is_refused(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text + CALENDARS)
    assert "cannot be edited safely" in refusal(path, edit_person, "A", {"ideal": 2, "max": 3})


def test_a_linked_file_stays_a_link_and_keeps_its_mode(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles"
    kept.mkdir()
    real = written(kept)
    real.chmod(0o640)
    link = tmp_path / "config.yaml"
    link.symlink_to(real)
    remove_person(link, "Ana Sousa", **WITH)
    assert link.is_symlink()
    assert "Ana Sousa" not in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert list(kept.iterdir()) == [real]


def test_a_file_that_somebody_else_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(UsageError, match="was changed by somebody else meanwhile"):
        inplace.replace_in_place(path, b"what was read before", b"what would be written")
    assert path.read_text() == FILE
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"


def test_what_is_no_plain_file_cannot_be_edited(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is not a plain file"):
        inplace.replace_in_place(tmp_path / "pipe", b"", b"new")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


LINE_PARTS = st.sampled_from(["# why", "#", "# über: [x", "# - {name: no}", "# 'quote"])
NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\ufeff"), min_size=1, max_size=12
).filter(lambda n: n.isprintable() and n.strip() == n)
VALUES = st.one_of(
    NAMES, st.integers(0, 99), st.lists(NAMES, max_size=3), st.sampled_from(["14d", "true", "~", "a: b"])
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A file with people in any mixture of forms, and comments everywhere that YAML has room for them."""
    indent = draw(st.sampled_from(["", "  ", "    "]))
    people: list[dict[str, Any]] = []
    lines = ["# head", "before: {a:   1}   # kept", "people:" + draw(st.sampled_from(["", "   # all", " "]))]
    for name in draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        person = {"name": name, **draw(st.dictionaries(st.sampled_from(["ideal", "tags", "x"]), VALUES))}
        people.append(person)
        if draw(st.booleans()):
            lines.append(indent + draw(LINE_PARTS))
        tail = draw(st.sampled_from(["", "  # aside", " "]))
        if draw(st.booleans()):
            lines.append(f"{indent}- {flow(person)}{tail}")
            continue
        gap = draw(st.sampled_from([" ", "   "]))
        lead = f"{indent}-{gap}"
        for key, value in person.items():
            lines.append(f"{lead}{key}: {flow(value)}{tail}")
            lead = indent + " " + " " * len(gap)
            if draw(st.integers(0, 3)) == 0:
                lines += draw(st.sampled_from([[lead + "# inside"], [""]]))
    lines += draw(st.sampled_from([[], ["", "# tail", "after: [1,   2]  # kept"], ["after: {}"], ["# the end"]]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return newline.join(lines) + draw(st.sampled_from(["", newline])), people


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents(), st.data())
def test_whatever_the_form_the_right_values_come_out_and_no_comment_is_lost(
    document: tuple[str, list[dict[str, Any]]], data: st.DataObject
) -> None:
    text, people = document
    assert read_tree(text).value["people"] == people
    entries = st.fixed_dictionaries({"name": NAMES, "tags": st.lists(NAMES, max_size=2)})
    news = data.draw(st.lists(entries, max_size=3))
    added = add_items(text, "people", news)
    assert read_tree(added).value["people"] == [*people, *news]
    assert comments(added) == comments(text)

    at = data.draw(st.integers(0, len(people) - 1))
    key = data.draw(st.sampled_from(["name", "ideal", "tags", "z"]))
    value = data.draw(VALUES)
    changed = change_item(text, "people", at, {key: value})
    assert read_tree(changed).value["people"] == [*people[:at], {**people[at], key: value}, *people[at + 1 :]]
    assert comments(changed) == comments(text)

    removed = remove_item(text, "people", at)
    assert read_tree(removed).value["people"] == [*people[:at], *people[at + 1 :]]
    # Only comments inside the entry go with it.
    assert [c for c in comments(removed) if c != "# inside"] == [c for c in comments(text) if c != "# inside"]
    for result in (added, changed, removed):
        rest, old = read_tree(result).value, read_tree(text).value
        assert {**rest, "people": 0} == {**old, "people": 0}
        if "\r\n" in text:
            assert result.count("\n") == result.count("\r\n")


def test_an_alias_in_the_place_of_the_list_is_not_cut() -> None:
    with pytest.raises(Tangled):
        add_items("a: &p [{name: A}]\npeople: *p\n", "people", [{"name": "B"}])
    with pytest.raises(Tangled):
        remove_item("a: &p {name: A}\npeople: [*p]\n", "people", 0)


LISTS = """\
calendars: [{name: work, provider: ics, path: work}]
people:
  - name: Ana   # first
    email:
      # the office
      - Ana@Example.com   # since May
    ideal: 14d
    max: 28d
    tags: [a,   b]   # odd
  - {name: Bo, email: bo@example.com, ideal: 1w, max: 2w}
"""


def test_what_comes_behind_a_list_leaves_the_list_as_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, LISTS)
    more = {
        "Ana": {"email": ["a@x.example", "b@x.example"], "tags": ["c"]},
        "bo": {"email": ["b@x.org"], "tags": ["d"]},
    }
    change_people(path, extend=more, **WITH)
    assert path.read_text() == LISTS.replace(
        "# since May\n", "# since May\n      - a@x.example\n      - b@x.example\n"
    ).replace("[a,   b]", "[a,   b, c]").replace(
        "email: bo@example.com, ideal: 1w, max: 2w", "email: [bo@example.com, b@x.org], ideal: 1w, max: 2w, tags: [d]"
    )


def test_one_write_changes_takes_out_and_adds_or_does_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, LISTS)
    change_people(
        path,
        edit={"Ana": {"name": "Ana Sousa", "channel": "call"}},
        extend={"Ana": {"email": ["bo@example.com"]}},
        remove=["Bo"],
        add=[{"name": "Chi", "ideal": "1w", "max": "2w"}],
        **WITH,
    )
    assert names(path) == ["Ana Sousa", "Chi"]
    before = path.read_text()
    for wrong in (
        {"edit": {"Ana Sousa": {"max": "1d"}}, "remove": ["Chi"]},
        {"remove": ["Chi", "Nobody"]},
        {"add": [{"name": "chi", "ideal": "1w", "max": "2w"}]},
        {"extend": {"Chi": {"email": ["ana@example.com"]}}},
    ):
        with pytest.raises(UsageError):
            change_people(path, **wrong, **WITH)
    assert path.read_text() == before


@given(
    st.lists(st.from_regex(r"[a-z]{1,5}@x\.example", fullmatch=True), unique=True, max_size=3),
    st.sampled_from(["block", "flow", "one", "none"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_a_list_is_written_it_is_the_old_one_with_the_new_behind_it(
    tmp_path: Path, more: list[str], form: str
) -> None:
    there = {"block": ["A@b.example", "c@b.example"], "flow": ["A@b.example"], "one": ["A@b.example"], "none": []}[form]
    said = {
        "block": "    email:\n    - A@b.example # x\n    - 'c@b.example'\n",
        "flow": "    email: [ 'A@b.example' ] # y\n",
        "one": '    email: "A@b.example"\n',
        "none": "",
    }[form]
    head = "calendars: [{name: work, provider: ics, path: work}]\npeople:\n  - name: Ana\n"
    text = f"{head}{said}    ideal: 1w\n    max: 2w\n"
    path = written(tmp_path, text)
    change_people(path, extend={"Ana": {"email": more}}, **WITH)
    (ana,) = load_config(path, **WITH).people
    assert list(ana.addresses) == [*(address.lower() for address in there), *more]
    kept = path.read_text().splitlines()
    if form != "one" or not more:
        assert all(any(line.split(" ]")[0] in now for now in kept) for line in text.splitlines())
