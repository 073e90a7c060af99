"""`calsync --help` and `--version` load click and hardly anything else: asserted on what is loaded, not on time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, sys
before = set(sys.modules)
import click
bare = set(sys.modules)
sys.path.insert(0, sys.argv[1])
from calsync.cli import main
code = main(sys.argv[2:])
sys.stdout.flush()
print(json.dumps({"code": code, "more": sorted(set(sys.modules) - bare)}), file=sys.stderr)
"""

HEAVY = {
    "alembic",
    "asyncio",
    "dataclasses",
    "dateparser",
    "email",
    "google",
    "googleapiclient",
    "http",
    "icalendar",
    "importlib.metadata",
    "json",
    "logging",
    "msal",
    "pathlib",
    "platformdirs",
    "providers",
    "pydantic",
    "recurring_ical_events",
    "requests",
    "rich",
    "ruamel",
    "sqlalchemy",
    "sqlite3",
    "urllib",
    "zoneinfo",
}


def loaded_by(project: Path, *args: str) -> set[str]:
    """What a fresh interpreter loads for `calsync ARGS` beyond `import click`, click's own and codecs apart."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(project), *args], capture_output=True, encoding="utf-8", check=True
    )
    answer = json.loads(ended.stderr.splitlines()[-1])
    assert answer["code"] == 0, ended.stderr
    return set(answer["more"])


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_no_library_but_click(project: Path, option: str) -> None:
    more = loaded_by(project, option) - {"json"}  # the measuring program's own
    assert {name.split(".")[0] for name in more} & HEAVY == set()
    assert more & HEAVY == set()
    assert {name for name in more if name.split(".")[0] == "calsync"} == {"calsync", "calsync.cli"}


def test_the_help_of_one_command_loads_that_command_and_no_use_case(project: Path) -> None:
    more = loaded_by(project, "nightly", "--help")
    assert {n for n in more if n.startswith("calsync.")} <= {
        "calsync.cli",
        "calsync.cli.failure",
        "calsync.cli.night",
        "calsync.cli.options",
        "calsync.cli.output",
        "calsync.cli.when",
        "calsync.errors",
    }
    slow = {"alembic", "icalendar", "platformdirs", "providers", "pydantic", "requests", "rich", "ruamel", "sqlalchemy"}
    assert {n.split(".")[0] for n in more} & slow == set()
