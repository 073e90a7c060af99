"""What a configuration may say, and the values that come of it."""

from __future__ import annotations

import os
import tempfile
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.config.load import LARGEST, load_config
from calsync.config.offers import PROVIDERS
from calsync.config.values import (
    BlockConfig,
    CalendarConfig,
    Config,
    Details,
    ExportConfig,
    Names,
    PlanningConfig,
    ShowAs,
)
from calsync.config.zones import system_timezone
from calsync.errors import ConfigError, UsageError
from calsync.model import Kind, Person
from calsync.planning.board import Prefer

KINDS = {
    "ics": frozenset({"path", "url"}),
    "caldav": frozenset({"url", "username", "calendar"}),
    "other": frozenset({"account", "path"}),
}
WITH: dict[str, Any] = {"today": date(2026, 12, 7), "provider_kinds": KINDS, "system_zone": "Europe/Berlin"}
CALENDARS = "calendars: [{name: work, provider: ics, path: work}]\n"
DAY = ((time(9), time(12, 30)), (time(13, 15), time(17, 30)))


def loaded(folder: Path, text: str, **changes: Any) -> Config:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, **{**WITH, **changes})


def only_problem(folder: Path, text: str, **changes: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, **changes)
    (problem,) = caught.value.problems
    return f"{problem.line}: {problem.key}: {problem.text}"


def test_a_file_with_one_calendar_is_enough_and_has_the_documented_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, CALENDARS)
    assert config == Config(
        path=tmp_path / "config.yaml",
        timezone="Europe/Berlin",
        me=frozenset(),
        working_hours=dict.fromkeys(range(5), DAY),
        holidays="",
        free_days=frozenset(),
        calendars=(CalendarConfig("work", "ics", False, {"path": str(tmp_path / "work")}),),
        blocks=(),
        planning=PlanningConfig(),
        people=(),
        names=Names.NONE,
        exports=(),
        notify=(),
    )


FULL = """\
timezone: America/New_York
me: [Maya@Example.com, maya@example.org]
working_hours: {fri-mon: "10:00-11:00", "tue,thu": "13:15-17:30,09:00-12:30"}
holidays: DE-BY
calendars:
  - {name: work, provider: ics, path: ~/calendars/../work, write: true}
  - {name: Familie Müller_2, provider: caldav, url: "https://dav.example.net/maya/", username: maya}
  - {name: trips, provider: ics, url: "http://127.0.0.1:8000/trips.ics"}
  - {name: third, provider: other, account: me, path: sub/folder}
blocks:
  connect: {minutes: 25, per_week: 3, pings: 1, prefer: afternoon, title: Ruhe}
  follow-through:
  kindness: {per_week: 0}
planning: {horizon_weeks: 52, freeze_hours: 0, buffer_minutes: 10, max_blocks_a_day: 2, grid_minutes: 5, show_as: free,
  tentative: free}
people:
  - {name: "Ana  Sousa", email: [ANA@example.com, a@example.com], ideal: 2w, max: 28, timezone: Europe/Lisbon,
     tags: report, channel: call}
  - {name: Ben, ideal: 1 day, max: 3 weeks}
privacy: {names: first}
exports:
  - {path: ~/public/connect.ics, details: full}
  - {path: out.ics}
notify: ["mailto://maya@example.com"]
"""


def test_every_key_becomes_its_value(tmp_path: Path) -> None:
    config = loaded(tmp_path, FULL)
    home = Path.home()
    assert config.timezone == "America/New_York"
    assert config.me == {"maya@example.com", "maya@example.org"}
    short = ((time(10), time(11)),)
    assert config.working_hours == {0: short, 1: DAY, 3: DAY, 4: short, 5: short, 6: short}
    assert config.calendars == (
        CalendarConfig("work", "ics", True, {"path": str(home / "work")}),
        CalendarConfig(
            "Familie Müller_2", "caldav", False, {"url": "https://dav.example.net/maya/", "username": "maya"}
        ),
        CalendarConfig("trips", "ics", False, {"url": "http://127.0.0.1:8000/trips.ics"}),
        CalendarConfig("third", "other", False, {"account": "me", "path": str(tmp_path / "sub" / "folder")}),
    )
    assert [c.name for c in config.writable] == ["work"]
    assert config.blocks == (
        BlockConfig(Kind.CONNECT, 25, 3, 1, Prefer.AFTERNOON, "Ruhe"),
        BlockConfig(Kind.FOLLOW_THROUGH, 45, 1, 0, Prefer.ANY, "Focus: follow-through"),
    )
    assert config.planning == PlanningConfig(52, 0, 10, 2, 5, ShowAs.FREE, False)
    assert config.people == (
        Person("Ana Sousa", 14, 28, ("ana@example.com", "a@example.com"), "Europe/Lisbon", ("report",), "call"),
        Person("Ben", 1, 21),
    )
    assert config.names is Names.FIRST
    assert config.exports == (
        ExportConfig(home / "public" / "connect.ics", Details.FULL),
        ExportConfig(tmp_path / "out.ics", Details.BUSY),
    )
    assert config.notify == ("mailto://maya@example.com",)


def test_holidays_are_the_days_of_the_years_that_a_plan_can_touch(tmp_path: Path) -> None:
    days = loaded(tmp_path, CALENDARS + "holidays: DE-BY\n").free_days
    assert {date(2026, 12, 25), date(2027, 1, 6), date(2028, 10, 3), date(2025, 12, 26)} <= days
    assert {day.year for day in days} == {2025, 2026, 2027, 2028}
    assert date(2027, 1, 6) not in loaded(tmp_path, CALENDARS + "holidays: DE\n").free_days


@pytest.mark.parametrize(
    "text",
    [
        CALENDARS + "people:\nblocks:\nplanning:\nprivacy:\nexports:\nnotify:\nme:\nworking_hours:\n",
        "---\n" + CALENDARS,
        "%YAML 1.2\n---\n" + CALENDARS,
        "\ufeff" + CALENDARS,
        CALENDARS.replace("\n", "\r\n") + "me: []\r\n",
        '{"calendars": [{"name": "work", "provider": "ics", "path": "work"}]}',
        "calendars:\n- name: &n work\n  provider: ics\n  path: *n\n",
        "calendars:\n  - &c {provider: ics, path: other}\n  - {<<: *c, name: work, path: work}\n".replace(
            "- &c {", "- &c {name: first, "
        ),
    ],
)
def test_empty_groups_anchors_and_other_spellings_of_yaml_are_fine(tmp_path: Path, text: str) -> None:
    config = loaded(tmp_path, text)
    assert config.calendars[-1] == CalendarConfig("work", "ics", False, {"path": str(tmp_path / "work")})
    assert config.working_hours == dict.fromkeys(range(5), DAY)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path / "config.yaml", **WITH)
    assert caught.value.what == f"there is no configuration at {tmp_path / 'config.yaml'}"
    assert caught.value.next_step == "run `calsync setup` or `calsync demo`, or name another file with --config"
    assert not isinstance(caught.value, ConfigError)


def test_a_folder_a_path_through_a_file_and_a_path_that_cannot_be_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path, what in (
        (tmp_path, f"{tmp_path} is a folder, not a configuration file"),
        (file / "config.yaml", f"{file / 'config.yaml'} cannot be read: Not a directory"),
        (Path("a\0b"), "a\0b cannot be read: embedded null byte"),
    ):
        with pytest.raises(UsageError) as caught:
            load_config(path, **WITH)
        assert caught.value.what == what


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root can read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.touch(mode=0o000)
    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        load_config(path, **WITH)


def test_a_file_of_more_than_a_mebibyte_is_refused_without_being_parsed(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(ConfigError) as caught:
        load_config(path, **WITH)
    assert str(caught.value) == f"{path}: is larger than 1 MiB, so it is not a configuration"


def test_without_a_zone_of_the_system_the_file_has_to_name_one(tmp_path: Path) -> None:
    assert only_problem(tmp_path, CALENDARS, system_zone="") == (
        "1: timezone: is missing, and this computer's time zone cannot be told; "
        "add for instance `timezone: Europe/Berlin`"
    )
    assert loaded(tmp_path, CALENDARS + "timezone: Asia/Kathmandu\n", system_zone="").timezone == "Asia/Kathmandu"


def test_a_single_file_and_a_folder_named_like_one_are_told_apart_on_the_disk(tmp_path: Path) -> None:
    text = "calendars: [{name: work, provider: ics, path: work.ics, write: true}]\n"
    assert "a single .ics file cannot be written to" in only_problem(tmp_path, text)
    (tmp_path / "work.ics").mkdir()
    assert loaded(tmp_path, text).writable
    (tmp_path / "plain").touch()
    assert "cannot be written to" in only_problem(tmp_path, text.replace("work.ics", "plain"))


def test_relative_paths_begin_at_the_folder_of_the_file_even_when_it_is_named_relatively(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CALENDARS)
    relative = Path(os.path.relpath(tmp_path / "config.yaml"))
    config = load_config(relative, **WITH)
    assert config.path.is_absolute()
    assert Path(config.calendars[0].options["path"]) == Path(os.path.normpath(Path.cwd() / relative)).parent / "work"


@pytest.mark.parametrize(
    ("tz", "link", "text", "expected"),
    [
        ("Asia/Kathmandu", "Europe/London", "Europe/Paris", "Asia/Kathmandu"),
        (":America/New_York", None, None, "America/New_York"),
        ("/usr/share/zoneinfo/Africa/Casablanca", None, None, "Africa/Casablanca"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Europe/London", None, ""),
        (None, "Europe/London", "Europe/Paris", "Europe/London"),
        ("", None, "Europe/Paris\n", "Europe/Paris"),
        (None, "Nowhere/Town", "Europe/Paris\n", "Europe/Paris"),
        (None, None, "Nowhere/Town\n", ""),
        (None, None, None, ""),
    ],
)
def test_the_zone_of_the_system_is_read_from_tz_then_the_link_then_the_file(
    tmp_path: Path, tz: str | None, link: str | None, text: str | None, expected: str
) -> None:
    if link:
        (tmp_path / "localtime").symlink_to(f"../usr/share/zoneinfo/{link}")
    if text is not None:
        (tmp_path / "timezone").write_text(text)
    assert system_timezone({} if tz is None else {"TZ": tz}, tmp_path) == expected


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.text(st.sampled_from("abz09 \t\n:-[]{},&*!|>'\"%@`#?<~=."), max_size=80).map(str.encode),
        st.tuples(st.integers(0, len(FULL)), st.integers(0, 12), st.text(max_size=4)).map(
            lambda cut: (FULL[: cut[0]] + cut[2] + FULL[cut[0] + cut[1] :]).encode("utf-8", "surrogatepass")
        ),
    )
)
def test_whatever_a_file_holds_it_loads_or_is_refused_with_lines_that_it_has(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_bytes(data)
        refused: ConfigError | None = None
        try:
            load_config(path, **WITH)
        except ConfigError as error:
            refused = error
    if refused is not None:
        lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\xc2\x85") + data.count(b"\xe2\x80") + 2
        assert refused.problems
        for problem in refused.problems:
            assert 1 <= problem.line <= lines
            assert f"{problem.key}{problem.text}".isprintable()


ACCOUNTS = """\
calendars:
  - {name: a, provider: google, account: Maya@Example.COM, client: ~/oauth/client.json, event_type: focus}
  - {name: b, provider: google, account: maya@example.com, calendar: Team, service_account: keys/../robot.json}
  - {name: c, provider: google, account: ana@example.com, calendar: ANA@example.com, event_type: focus}
  - {name: d, provider: microsoft, account: maya@example.com, tenant: Example.ORG, cloud: us-gov,
     client: 1F0C3B6E-77AA-4A6B-9D0F-63A1C0A15C01}
  - {name: e, provider: microsoft, account: maya@example.com, calendar: Team, tenant: consumers}
  - {name: f, provider: microsoft, account: ana@example.com, tenant: 1F0C3B6E-77AA-4A6B-9D0F-63A1C0A15C01}
  - {name: g, provider: microsoft, account: ben@example.com, tenant: maya.onmicrosoft.com}
"""


def test_the_keys_of_an_account_come_in_one_spelling_and_their_paths_whole(tmp_path: Path) -> None:
    kinds = {kind: frozenset(rules.keys) for kind, rules in PROVIDERS.items()}
    uuid = "1f0c3b6e-77aa-4a6b-9d0f-63a1c0a15c01"
    options = [calendar.options for calendar in loaded(tmp_path, ACCOUNTS, provider_kinds=kinds).calendars]
    assert options == [
        {"account": "maya@example.com", "client": str(Path.home() / "oauth/client.json"), "event_type": "focus"},
        {"account": "maya@example.com", "calendar": "Team", "service_account": str(tmp_path / "robot.json")},
        {"account": "ana@example.com", "calendar": "ANA@example.com", "event_type": "focus"},
        {"account": "maya@example.com", "tenant": "example.org", "cloud": "us-gov", "client": uuid},
        {"account": "maya@example.com", "calendar": "Team", "tenant": "consumers"},
        {"account": "ana@example.com", "tenant": uuid},
        {"account": "ben@example.com", "tenant": "maya.onmicrosoft.com"},
    ]


def test_other_peoples_providers_take_any_text_under_the_names_of_our_keys(tmp_path: Path) -> None:
    text = "calendars: [{name: x, provider: other, account: me, client: 5 of 7, path: sub}]\n"
    kinds = {"other": frozenset({"account", "client", "path"})}
    (calendar,) = loaded(tmp_path, text, provider_kinds=kinds).calendars
    assert calendar.options == {"account": "me", "client": "5 of 7", "path": str(tmp_path / "sub")}
