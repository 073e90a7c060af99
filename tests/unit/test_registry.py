"""Kinds of calendars are found by name, and a stranger's package of the same name is refused by its path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync import registry
from calsync.errors import UsageError
from calsync.ports import ProviderContext

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def context(tmp_path: Path) -> ProviderContext:
    return ProviderContext(ZoneInfo("Europe/Berlin"), tmp_path, lambda _name: None)


def python(code: str, cwd: Path, *path: Path) -> str:
    """Run `code` in a fresh interpreter with `path` in front; returns what it printed."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_kinds_offered_leave_out_the_one_for_tests() -> None:
    assert {"caldav", "google", "ics", "microsoft"} <= set(registry.kinds())
    assert "memory" not in registry.kinds()
    assert registry.kinds() == sorted(registry.kinds())


def test_every_built_in_kind_says_what_its_options_mean() -> None:
    for kind in (*registry.kinds(), "memory"):
        assert all(key and meaning for key, meaning in registry.option_keys(kind).items())
    assert set(registry.option_keys("ics")) == {"path", "url", "username", "calendar"}
    assert set(registry.option_keys("caldav")) == {"url", "username", "calendar"}


def test_a_built_in_kind_opens_without_touching_the_calendar(context: ProviderContext, tmp_path: Path) -> None:
    provider = registry.open_provider("ics", "travel", {"path": str(tmp_path / "nowhere")}, context)
    assert type(provider).__module__ == "providers.ics.provider"
    assert registry.open_provider("memory", "m", {}, context).capabilities.can_write


def test_a_kind_that_needs_more_than_a_password_has_a_sign_in_of_its_own() -> None:
    for kind in ("google", "microsoft"):
        assert getattr(registry.sign_in_of(kind), "__module__", "") == f"providers.{kind}.signin"
    for kind in ("caldav", "ics", "memory", "zzz"):
        assert registry.sign_in_of(kind) is None


def test_an_unknown_kind_is_refused_with_the_nearest_name(context: ProviderContext) -> None:
    with pytest.raises(UsageError) as caught:
        registry.open_provider("calldav", "work", {}, context)
    assert caught.value.what == "there is no provider 'calldav'"
    assert caught.value.next_step.startswith("did you mean 'caldav'? There are: caldav")
    with pytest.raises(UsageError, match="there is no provider 'zzz'") as caught:
        registry.option_keys("zzz")
    assert caught.value.next_step.startswith("there are: caldav")


def test_an_unknown_option_is_refused_with_the_nearest_key(context: ProviderContext) -> None:
    with pytest.raises(UsageError) as caught:
        registry.open_provider("ics", "travel", {"paht": "x"}, context)
    assert caught.value.what == "travel: 'paht' is not an option of a calendar with provider ics"
    assert "did you mean 'path'?" in caught.value.next_step


def test_asking_for_kinds_and_options_imports_no_adapter_and_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys; from calsync import registry; registry.kinds(); registry.option_keys('ics');"
        "print([m for m in ('providers', 'icalendar', 'requests', 'sqlalchemy', 'pydantic') if m in sys.modules])"
    )
    assert python(code, tmp_path, ROOT) == "[]"


def test_opening_an_adapter_imports_neither_icalendar_nor_requests(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib, zoneinfo; from calsync import registry; from calsync.ports import ProviderContext;"
        "c = ProviderContext(zoneinfo.ZoneInfo('UTC'), pathlib.Path('.'), lambda n: None);"
        "registry.open_provider('ics', 'a', {'path': 'x'}, c);"
        "registry.open_provider('ics', 'b', {'url': 'http://127.0.0.1/x'}, c);"
        "print([m for m in ('icalendar', 'requests', 'recurring_ical_events') if m in sys.modules])"
    )
    assert python(code, tmp_path, ROOT) == "[]"


def test_another_package_named_providers_is_refused_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "__init__.py").write_text("x = 1\n")
    code = (
        "from calsync import registry\n"
        "from calsync.errors import UsageError\n"
        "try:\n    registry.open_provider('ics', 'a', {}, None)\n"
        "except UsageError as e:\n    print(e.what, '|', e.next_step)\n"
    )
    printed = python(code, tmp_path, tmp_path, ROOT)
    assert printed.startswith("another package named 'providers' is in the way: ")
    assert str(tmp_path / "providers" / "__init__.py") in printed
    assert "| run the installed `calsync` command from another folder" in printed


def test_a_strangers_adapter_comes_in_through_its_entry_point_but_cannot_replace_ours(tmp_path: Path) -> None:
    info = tmp_path / "stranger-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[calsync.providers]\nstranger = stranger:Stranger\nics = stranger:Stranger\nbroken = stranger:Nothing\n"
    )
    (tmp_path / "stranger.py").write_text(
        "class Stranger:\n"
        "    OPTIONS = {'shelf': 'where it lies'}\n"
        "    def __init__(self, name, options, context):\n        self.said = (name, options, context)\n"
    )
    code = (
        "from calsync import registry\n"
        "from calsync.errors import UsageError\n"
        "print(registry.kinds(), dict(registry.option_keys('stranger')))\n"
        "print(registry.open_provider('stranger', 'n', {'shelf': '3'}, None).said)\n"
        "print(type(registry.open_provider('ics', 'n', {'path': 'x'}, "
        "__import__('types').SimpleNamespace(zone=None, folder=None, secret=None, me=()))).__name__)\n"
        "try:\n    registry.open_provider('broken', 'n', {}, None)\n"
        "except UsageError as e:\n    print(e.what)\n"
    )
    lines = python(code, tmp_path, tmp_path, ROOT).splitlines()
    assert lines[0].startswith("['broken', 'caldav', 'google', 'ics', 'microsoft', 'stranger'")
    assert lines[0].endswith("{'shelf': 'where it lies'}")
    assert lines[1] == "('n', {'shelf': '3'}, None)"
    assert lines[2] == "IcsProvider"
    assert lines[3].startswith("the adapter for provider broken (stranger:Nothing) cannot be loaded: ")


def test_every_built_in_kind_tells_how_it_stands_and_those_with_open_questions_try_them() -> None:
    for kind in registry.kinds():
        assert getattr(registry.health_of(kind), "__module__", "") == f"providers.{kind}.health"
    for kind in ("caldav", "google", "microsoft"):
        assert getattr(registry.probe_of(kind), "__module__", "") == f"providers.{kind}.probes"
    assert registry.probe_of("ics") is None
    for kind in ("memory", "zzz"):
        assert registry.health_of(kind) is None
        assert registry.probe_of(kind) is None
