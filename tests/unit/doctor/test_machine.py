"""Each finding about the configuration and the machine, injected, with its whole text."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.doctor.configuration import configuration
from calsync.doctor.findings import Level
from calsync.doctor.machine import adapters, libraries, python, zone, zone_rules
from tests.unit.doctor.rig import NOW, Folder, bad, fine, told

NOTHING = "without it a night reads and plans nothing"

# --- the configuration ---


def test_a_configuration_that_is_missing(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.config.unlink()
    (found,) = bad(configuration, folder.case())
    assert told(found) == (
        "fails", f"{folder.config}: there is no configuration here", NOTHING, "run `calsync setup`",
    )  # fmt: skip
    assert (found.key, found.exit_code) == ("config.missing", 2)


def test_every_problem_of_a_wrong_configuration(folder: Folder) -> None:
    folder.write("plannig: {}", hours='{mon: "9-17"}')
    first, second = bad(configuration, folder.case())
    step = "correct the file and run the command again; docs/configuration.md describes every key"
    assert first.what.startswith(f"{folder.config}:6: working_hours.mon: ")
    assert told(first)[2:] == (NOTHING, step)
    assert told(second) == (
        "fails", f"{folder.config}:7: plannig: unknown key; did you mean `planning`?", NOTHING, step,
    )  # fmt: skip
    assert (second.key, second.subject, second.exit_code) == ("config.wrong", f"{folder.config}:7", 2)


def test_a_configuration_that_is_a_folder(folder: Folder) -> None:
    folder.config.unlink()
    folder.config.mkdir()
    (found,) = bad(configuration, folder.case())
    assert told(found) == (
        "fails", f"{folder.config} is a folder, not a configuration file", NOTHING, "name a file with --config",
    )  # fmt: skip


def test_focus_time_on_another_calendar_than_the_primary_is_wrong_already_in_the_configuration(folder: Folder) -> None:
    folder.write(
        calendars="[{name: work, provider: google, account: maya@example.com, calendar: Team, event_type: focus}]"
    )
    (found,) = bad(configuration, folder.case())
    assert found.exit_code == 2
    assert "event_type" in found.what


def test_secrets_in_a_configuration_that_others_can_read(folder: Folder) -> None:
    folder.write("notify: ['mailto://maya:secret@example.com']")
    folder.config.chmod(0o644)
    (found,) = bad(configuration, folder.case())
    assert told(found) == (
        "warns",
        f"{folder.config}: others on this machine can read it (mode 0644)",
        "its addresses under `notify` have passwords in them",
        f"run `chmod 600 {folder.config}`",
    )
    folder.config.chmod(0o600)
    assert fine(configuration, folder.case()) == [f"{folder.config} can be used: 1 calendar, 1 person"]


def test_a_configuration_without_secrets_may_be_read_by_others(folder: Folder) -> None:
    folder.config.chmod(0o644)
    assert bad(configuration, folder.case()) == []


# --- the time zone ---


def test_a_machine_that_does_not_know_its_zone(folder: Folder) -> None:
    (found,) = bad(zone, folder.case(zone=""))
    assert told(found) == (
        "warns",
        "this computer's time zone cannot be told",
        "a schedule goes by this computer's clock; blocks are placed by `timezone: Europe/Berlin`",
        "run `sudo timedatectl set-timezone Europe/Berlin`, or set it in the system's settings",
    )


def test_a_machine_elsewhere(folder: Folder) -> None:
    (found,) = bad(zone, folder.case(zone="America/New_York"))
    assert told(found) == (
        "warns",
        "this computer keeps the time of America/New_York, and blocks are planned in Europe/Berlin",
        "that is right on a journey; after a move, blocks stand at the old place's hours",
        f"set `timezone: America/New_York` in {folder.config} if you have moved",
    )


@pytest.mark.parametrize("here", ["Europe/Berlin", "Europe/Vienna", "Etc/UTC"])
def test_a_zone_of_the_same_clock_and_a_server_in_none_are_fine(folder: Folder, here: str) -> None:
    assert fine(zone, folder.case(zone=here)) == [f"this computer's time zone is {here}"]


def test_rules_of_zones_that_are_old(folder: Folder) -> None:
    (found,) = bad(zone_rules, folder.case(iana="2025a", now=NOW.replace(year=2027)))
    assert told(found) == (
        "warns",
        "the time zones' rules are those of 2025a",
        "where a government has changed its clocks since, blocks and meetings are an hour off",
        "run `/opt/python/bin/python3 -m pip install --upgrade tzdata`",
    )
    assert fine(zone_rules, folder.case(iana="2025a")) == ["the time zones' rules are those of 2025a"]


@pytest.mark.parametrize(
    ("executable", "command"),
    [
        ("/home/m/.local/share/pipx/venvs/calsync/bin/python", "pipx runpip calsync install --upgrade tzdata"),
        ("/home/m/.local/share/uv/tools/calsync/bin/python", "uv tool upgrade calsync"),
    ],
)
def test_the_command_is_the_one_of_the_installation(folder: Folder, executable: str, command: str) -> None:
    (found,) = bad(zone_rules, folder.case(iana="2020a", executable=executable))
    assert found.command == f"run `{command}`"


# --- Python, libraries, adapters ---


def test_a_python_whose_time_is_nearly_over_or_over(folder: Folder) -> None:
    (soon,) = bad(python, folder.case(python=(3, 11), now=NOW.replace(year=2027, month=9)))
    assert told(soon) == (
        "warns",
        "Python 3.11 gets no security fixes after 2027-10-31",
        "a later calsync will want a newer one",
        "install a newer Python, then `pipx reinstall --python python3 calsync`",
    )
    (over,) = bad(python, folder.case(python=(3, 11), now=NOW.replace(year=2028)))
    assert over.what == "Python 3.11 has had no security fixes since 2027-10-31"
    assert fine(python, folder.case(python=(3, 11))) == ["Python 3.11 is new enough"]
    assert fine(python, folder.case(python=(3, 99))) == ["Python 3.99 is new enough"]


def test_a_library_that_is_too_old_and_one_that_is_missing(folder: Folder) -> None:
    there = {"icalendar": "6.0.1", "click": "8.1.7", "apprise": None}
    old, missing = bad(
        libraries,
        folder.case(
            requires=("icalendar>=6.1", "click>=8.1.7", "holidays>=0.60", "apprise>=1; extra == 'notify'"),
            installed=there.get,
        ),
    )
    why = "another program's installation has changed it, and what calsync does with it may fail"
    run, own = "run `/opt/python/bin/python3 -m pip install --upgrade", "an environment of its own (pipx) prevents it"
    assert told(old) == (
        "fails",
        "icalendar is of version 6.0.1; calsync needs 6.1 or newer",
        why,
        f"{run} icalendar`; {own}",
    )
    assert told(missing) == (
        "fails",
        "holidays is not installed; calsync needs 0.60 or newer",
        why,
        f"{run} holidays`; {own}",
    )


@pytest.mark.parametrize("version", ["6.1", "6.1.0", "6.1rc1", "6.10", "7"])
def test_a_library_that_is_new_enough(folder: Folder, version: str) -> None:
    case = folder.case(requires=("icalendar>=6.1",), installed=lambda _name: version)
    assert fine(libraries, case) == ["every library is there and new enough"]


def test_another_package_named_providers(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another program's package, as it would be imported in the place of ours.
    import types

    foreign = types.ModuleType("providers")
    foreign.__file__ = "/somewhere/providers/__init__.py"
    monkeypatch.setitem(__import__("sys").modules, "providers", foreign)
    (found,) = bad(adapters, folder.case())
    assert told(found) == (
        "fails",
        "another package named 'providers' is in the way: /somewhere/providers/__init__.py",
        "calendars are read by a package of that name",
        "run the installed `calsync` command from another folder, or install calsync in an environment of its own",
    )
    assert found.level is Level.FAILS
