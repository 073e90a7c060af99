"""The picture of a week shows what the week says, in one file that needs nothing else."""

from __future__ import annotations

from datetime import date, datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from calsync.cli.weekpicture import Entry, Week, demo_week, drawn

SVG = "{http://www.w3.org/2000/svg}"
ZONE = ZoneInfo("Europe/Berlin")
DAYS = (date(2026, 11, 16), date(2026, 11, 17))


def at(hour: int, minute: int = 0, day: int = 16) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def boxes(svg: str, kind: str) -> list[tuple[float, float, float, float]]:
    """x, y, width and height of what is drawn of a kind, the legend's own apart."""
    found = [one.attrib for one in ElementTree.fromstring(svg).iter(f"{SVG}rect") if one.get("class") == kind]
    return [(float(r["x"]), float(r["y"]), float(r["width"]), float(r["height"])) for r in found[:-1]]


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_one_file_that_needs_and_does_nothing(dark: bool) -> None:
    svg = drawn(demo_week(), dark=dark)
    tags = {one.tag.removeprefix(SVG) for one in ElementTree.fromstring(svg).iter()}
    assert tags == {"svg", "title", "desc", "style", "rect", "line", "text"}
    assert svg.count("http") == 1  # the name of what it is written in
    assert "url(" not in svg
    assert len(svg) < 20_000


def test_it_shows_each_block_of_that_week_and_says_it_in_words_too() -> None:
    week = demo_week()
    kinds = [entry.kind for entry in week.entries if entry.kind != "meeting"]
    assert {"connect", "follow-through", "kindness"} == set(kinds)
    svg = drawn(week, dark=False)
    [told] = [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}desc")]
    for kind in set(kinds):
        assert len(boxes(svg, kind)) == kinds.count(kind)
        assert kind in told


def test_no_block_of_it_touches_a_meeting() -> None:
    week = demo_week()
    for block in (entry for entry in week.entries if entry.kind != "meeting"):
        for meeting in (entry for entry in week.entries if entry.kind == "meeting"):
            assert block.end <= meeting.start or meeting.end <= block.start


def test_what_stands_at_one_time_stands_side_by_side_and_nothing_leaves_the_hours_that_are_drawn() -> None:
    entries = (
        Entry("meeting", at(9), at(10), "One <&> two"),
        Entry("meeting", at(9, 30), at(11), "Another"),
        Entry("meeting", at(0, day=17), at(23, 59, day=17), "A whole day"),
    )
    svg = drawn(Week(DAYS, (), entries), dark=False)
    first, second, whole = boxes(svg, "meeting")
    assert first[0] + first[2] <= second[0]
    assert second[1] - first[1] == 23
    assert whole[1] >= 40
    assert whole[1] + whole[3] <= 40 + 10 * 46
    assert "One &lt;&amp;&gt; two" in svg


def test_a_text_too_long_for_its_place_is_cut() -> None:
    entries = (
        Entry(
            "connect", at(9), at(9, 30), "Somebody with a name that is longer than any place that a picture has for it"
        ),
    )
    svg = drawn(Week(DAYS, (), entries), dark=True)
    [text] = [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text") if one.get("class") == "in"]
    assert text.startswith("Somebody with a name")
    assert text.endswith("…")
