"""What every test may use: the shared folder, the command itself, and Hypothesis without chance or clocks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import stamina
from hypothesis import HealthCheck, settings

import calsync.model  # before any zone is made: it decides where zones come from

PROJECT = Path(__file__).resolve().parents[1]

# No test puts a secret into the keyring of whoever runs it; a backend that a test defines would be taken for it, too.
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
os.environ.update(NO_KEYRING)

# "ci" gives the same examples everywhere and at any load; HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    """Requests are repeated as often as ever, without the pauses between."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@dataclass(frozen=True, slots=True)
class Ran:
    """How a process ended."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """What it printed on stdout, read as JSON."""
        import json

        return json.loads(self.stdout)


RunCalsync = Callable[..., Ran]


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's root."""
    return PROJECT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the project: the calendar generator and the corpus. Without it its tests skip."""
    folder = PROJECT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"the folder {folder} (calendar generator and corpus) is not here")
    return folder


@pytest.fixture(scope="session")
def run_calsync() -> RunCalsync:
    """Run the `calsync` command in a process of its own: `run_calsync(args, env=..., cwd=..., input=...) -> Ran`.

    It is the calsync that the tests import, wherever they run; nothing of the caller's configuration is seen by it.
    """
    # -P, so that a folder `providers` where the command is run is never taken for ours.
    command = [sys.executable, "-P", "-W", "error", "-m", "calsync"]
    home = str(Path(calsync.__file__).resolve().parents[1])

    def run(
        args: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        input: str | None = None,  # noqa: A002 - the word that subprocess.run uses
        timeout: float = 300,
    ) -> Ran:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CALSYNC_", "COLUMNS", "PYTHON"))}
        ended = subprocess.run(
            [*command, *map(str, args)],
            env={**inherited, **NO_KEYRING, "PYTHONPATH": home, "PYTHONIOENCODING": "utf-8", **(env or {})},
            cwd=cwd,
            input=input if input is not None else "",
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return run
