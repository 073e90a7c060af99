"""A process that is killed while it refreshes a token leaves a whole file, and the next one goes on or says sign in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import calsync
from calsync.accounts import SignInWay, SignInWish
from calsync.errors import SignInNeeded
from calsync.grants import GrantFile
from calsync.wire import Wire
from providers.google.auth import GoogleAccess
from providers.google.signin import sign_in as google_sign_in
from providers.microsoft.auth import MicrosoftAccess
from providers.microsoft.signin import sign_in as microsoft_sign_in
from tests.servers.accounts import Front, google_front, microsoft_front
from tests.servers.oauth_google import GOOGLE_CLIENT, GOOGLE_SECRET
from tests.servers.oauth_microsoft import MICROSOFT_APP

ROOT = Path(calsync.__file__).resolve().parents[1]
MAYA = "maya@example.com"
OPTIONS = {"account": MAYA}
FRONTS: dict[str, Callable[[Path], AbstractContextManager[Front]]] = {
    "google": google_front,
    "microsoft": microsoft_front,
}


class Leader:
    """Somebody with an account whose refresh token changes with every use."""

    def __init__(self, vendor: str, front: Front, folder: Path) -> None:
        self.vendor = vendor
        self.front = front
        self.log = folder / "steps.log"
        self.file = GrantFile(front.context.folder, vendor, MAYA)
        self.refresh_tokens: set[str] = set()
        front.login.rotates = True

    def sign_in(self) -> None:
        front, person = self.front, self.front.person(self.front.pasted)
        if self.vendor == "google":
            client = front.context.folder.parent / "client.json"
            installed = {"client_id": GOOGLE_CLIENT, "client_secret": GOOGLE_SECRET}
            client.write_text(json.dumps({"installed": installed}))
            wish = SignInWish(way=SignInWay.PASTE, client=str(client))
            made = google_sign_in("work", OPTIONS, front.context, wish, person, http=front.http)
            grant = dict(made.grant)
        else:
            wish = SignInWish(way=SignInWay.PASTE, client=MICROSOFT_APP)
            made = microsoft_sign_in("work", OPTIONS, front.context, wish, person, http=front.http)
            cache: dict[str, Any] = json.loads(made.grant["cache"]) | {"AccessToken": {}}
            grant = {**made.grant, "cache": json.dumps(cache)}
        self.file.write(grant)

    def refresh(self, die_at: int = 0) -> subprocess.CompletedProcess[str]:
        self.log.unlink(missing_ok=True)
        places = json.dumps(self.front.places)
        return subprocess.run(
            [
                sys.executable, "-m", "tests.system.dying_refresh",
                self.vendor, str(self.front.context.folder), places, str(die_at), str(self.log),
            ],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )  # fmt: skip

    def steps(self) -> list[str]:
        return self.log.read_text().splitlines()

    def next_run_works(self) -> bool:
        """False when it says sign in; anything else fails the test."""
        make = GoogleAccess if self.vendor == "google" else MicrosoftAccess
        try:
            make("work", OPTIONS, self.front.context, Wire("work", self.front.http)).authorization()
        except SignInNeeded:
            return False
        return True

    def check_disk(self) -> None:
        """The grant is whole, nothing beside it is for others, and the token in it is one that was given."""
        grant = self.file.read()
        assert grant is not None
        tokens = [
            grant.get("refresh_token"),
            *(one["secret"] for one in json.loads(grant.get("cache", "{}")).get("RefreshToken", {}).values()),
        ]
        assert next(token for token in tokens if token is not None) in self.front.login.given
        for path in self.file.path.parent.iterdir():
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.fixture(params=["google", "microsoft"])
def leader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Leader]:
    with FRONTS[request.param](tmp_path / "state") as front:
        yield Leader(request.param, front, tmp_path)


def counted(leader: Leader) -> list[str]:
    """What a refresh does to the disk, the second one: the first makes the file that it locks."""
    for _ in range(2):
        leader.sign_in()
        whole = leader.refresh()
        assert whole.returncode == 0, whole.stderr
    return leader.steps()


def check(leader: Leader, points: list[int]) -> None:
    """Kill a refresh before the step of each of `points`, and look what it leaves."""
    for point in points:
        leader.sign_in()
        before = len(leader.front.login.access_tokens)
        killed = leader.refresh(point)
        assert killed.returncode == -9, (point, killed.stderr)
        leader.check_disk()
        used = len(leader.front.login.access_tokens) > before
        kept = any(step.startswith("os.rename") for step in leader.steps()[:-1])
        # The one gap: the old token has been used, and the new one is not in place yet.
        works = not used or kept or leader.front.login.old_ones_live
        assert leader.next_run_works() is works, (point, leader.steps())
        if not works:
            leader.sign_in()
            assert leader.next_run_works()


@pytest.mark.slow
@pytest.mark.parametrize("old_ones_live", [False, True], ids=["strict", "as Microsoft does"])
def test_killed_at_any_step_it_leaves_a_whole_file(leader: Leader, old_ones_live: bool) -> None:
    leader.front.login.old_ones_live = old_ones_live
    steps = counted(leader)
    assert {"write", "half written", "written", "fsync", "fcntl.flock"} <= set(steps)
    check(leader, list(range(1, len(steps) + 1)))


def test_killed_in_the_middle_of_the_file_it_leaves_a_whole_one(leader: Leader) -> None:
    steps = counted(leader)
    renamed = 1 + next(at for at, step in enumerate(steps) if step.startswith("os.rename"))
    check(leader, [1 + steps.index("half written"), renamed, renamed + 1])
