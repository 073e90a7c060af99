"""What is shipped: the wheel, installed in a clean environment and run from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from calsync import __version__

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the build backend of this environment: no index is asked for anything."""
    return built_from(PROJECT, tmp_path_factory.mktemp("dist"))


def built_from(source: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
    ended = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(source)],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sources")
    ended = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(folder)],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    [packed] = folder.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    return folder / packed.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel in it; its libraries are those of this environment, by a .pth file."""
    folder = tmp_path_factory.mktemp("clean") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    ended = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "-q", str(wheel)],
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    return folder


MANUAL = f"calsync-{__version__}.data/data/share/man/man1/calsync.1"
"""Where a wheel has what an installer puts beside the packages: pip and pipx, so that `man calsync` finds it."""


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CALSYNC_", "PYTHON"))}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", check=False)


def test_the_wheel_has_both_packages_with_their_types_data_and_migrations_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for needed in (
        "calsync/py.typed",
        "providers/py.typed",
        "providers/ics/provider.py",
        "providers/caldav/provider.py",
        "calsync/demo.yaml",
        "calsync/people/data/topics.yaml",
        "calsync/people/data/topics.json",
        "calsync/people/data/kindness.yaml",
        "calsync/people/data/kindness.json",
        "calsync/cli/__init__.py",
    ):
        assert needed in names
    assert any(name.startswith("calsync/state/versions/") and name.endswith(".py") for name in names)
    shipped = {
        str(path.relative_to(PROJECT))
        for package in ("calsync", "providers")
        for path in (PROJECT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    assert {name for name in names if ".dist-info/" not in name} == shipped | {MANUAL}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sources_have_code_tests_and_pages_and_a_wheel_made_from_them_is_the_same(
    wheel: Path, sources: Path, tmp_path: Path
) -> None:
    for needed in (
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "config.example.yaml",
        "docs/conf.py",
        "docs/tutorial.md",
        "docs/calsync.1",
        "docs/week-light.svg",
        "docs/static/site.css",
        "tests/conftest.py",
        "tests/data/state/0001/calsync.sql",
        "benchmarks/README.md",
    ):
        assert (sources / needed).is_file(), needed
    assert {path.name for path in sources.iterdir()} <= {
        *(path.name for path in PROJECT.iterdir()),
        "PKG-INFO",
    }
    assert not list(sources.rglob("__pycache__"))
    with zipfile.ZipFile(wheel) as ours, zipfile.ZipFile(built_from(sources, tmp_path)) as theirs:
        assert {info.filename: info.CRC for info in ours.infolist()} == {
            info.filename: info.CRC for info in theirs.infolist()
        }


def test_what_is_installed_without_extras_is_enough_for_every_kind_of_calendar_and_every_command(wheel: Path) -> None:
    """An extra may only be what a message can name: the notices, and what builds, tests and measures."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode().partition("\n\n")[0].splitlines()
    extras = {line.partition(": ")[2] for line in metadata if line.startswith("Provides-Extra")}
    assert extras == {"notify", "docs", "test", "lint", "benchmark"}
    assert "Requires-Python: >=3.11" in metadata


def test_the_installed_command_runs_from_another_folder_with_its_own_code(environment: Path, tmp_path: Path) -> None:
    ended = run([str(environment / "bin" / "calsync"), "--version"], tmp_path)
    assert (ended.returncode, ended.stdout) == (0, f"calsync {__version__}\n"), ended.stderr
    where = run([str(environment / "bin" / "python"), "-c", "import calsync; print(calsync.__file__)"], tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(environment)


LOAD = """
from pathlib import Path
from zoneinfo import ZoneInfo
from calsync.ports import ProviderContext
from calsync.registry import kinds, open_provider
context = ProviderContext(ZoneInfo("Europe/Berlin"), Path.cwd(), lambda name: None)
account = {"account": "maya@example.com"}
options = {
    "ics": {"path": "calendars"},
    "caldav": {"url": "http://127.0.0.1:9/", "username": "maya"},
    "google": account,
    "microsoft": account,
}
for kind in kinds():
    print(kind, type(open_provider(kind, "work", options[kind], context)).__module__)
"""


def test_every_adapter_loads_from_another_folder_even_one_that_has_a_folder_named_providers(
    environment: Path, tmp_path: Path
) -> None:
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "__init__.py").write_text("raise ImportError('not ours')\n", "utf-8")
    ended = run([str(environment / "bin" / "python"), "-P", "-W", "error", "-c", LOAD], tmp_path)
    assert ended.returncode == 0, ended.stderr
    kinds = ("caldav", "google", "ics", "microsoft")
    assert ended.stdout.splitlines() == [f"{kind} providers.{kind}.provider" for kind in kinds]


def test_the_installed_demo_runs_a_night_from_the_wheel_alone(environment: Path, tmp_path: Path) -> None:
    command = str(environment / "bin" / "calsync")
    now = ["--now", "2026-11-09T05:00:00+01:00"]
    ended = run([command, "demo", "leader", *now], tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "Try next:" in ended.stdout
    again = run([command, "--config", "leader/config.yaml", "--state", "leader/state", "nightly", *now], tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Nothing to change" in again.stdout
