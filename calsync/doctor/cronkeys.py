"""Checks of secrets: that a night which starts without a desktop finds them, too."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence

from calsync.desk import Desk
from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine
from calsync.errors import StateError
from calsync.schedule.environment import handed_on
from calsync.tokens import SERVICE, SecretStore, environment_name
from calsync.vault import KEY_NAME

__all__ = ["out_of_reach", "secrets"]

_PATIENCE = 30.0
"""Seconds: a keyring that wants to be unlocked waits for somebody who is not there."""
_LOOK = (
    "import json, sys\n"
    "found = []\n"
    "try:\n"
    "    import keyring\n"
    "    for name in sys.argv[2:]:\n"
    "        if keyring.get_password(sys.argv[1], name):\n"
    "            found.append(name)\n"
    "except Exception:\n"
    "    pass\n"
    "print(json.dumps(found))\n"
)
_BARE_PATH = "/usr/bin:/bin"
"""What cron gives a command to find programs by."""
_OF_A_LOGIN = "DBUS_SESSION_BUS_ADDRESS"
"""A schedule is given it, and it leads somewhere only while somebody is logged in."""


def secrets(case: Case) -> Iterator[Finding]:
    """Secrets that lie in the keyring only and cannot be had there without a desktop; those of this terminal alone."""
    assert case.desk is not None
    store = SecretStore(case.desk.state_folder, case.machine.environment)
    try:
        places = {name: store.place(name) for name in _names(case.desk)}
    except StateError:
        return  # told by the check of that file, or by the calendar that needs it
    hidden = set(out_of_reach(case.desk, case.machine.executable, store)) if _without_desktop(case) else set()
    lacking = False
    for name, place in places.items():
        notes = name == KEY_NAME
        what = "the key of the notes" if notes else f"the password of {name}"
        loss = (
            "a night cannot read what was promised and noted"
            if notes
            else "a night is not let in, and nothing is planned against that calendar"
        )
        if name in hidden:
            lacking = True
            yield Finding(
                "secret.keyring",
                name,
                Level.WARNS if notes else Level.FAILS,
                f"{what} lies in the system keyring only, and a night without a desktop cannot open that",
                f"without it {loss}",
                "run `calsync doctor --fix`, which copies it into secrets.json, for your eyes only",
            )
        elif place == "environment":
            lacking = True
            yield Finding(
                "secret.environment",
                name,
                Level.WARNS,
                f"{what} is known here by {environment_name(name)} only",
                f"a schedule has an environment of its own; without the variable there {loss}",
                f"set it where the schedule runs, or keep it with `calsync calendars sign-in {shlex.quote(name)}`"
                if not notes
                else "set it where the schedule runs (docs/notes.md)",
            )
    if not lacking:
        yield fine("secret", "secrets", "every secret can be had without a desktop")


def out_of_reach(desk: Desk, executable: str, store: SecretStore) -> list[str]:
    """The names of secrets that are in the keyring only and are not found there with a schedule's bare environment.

    Raises StateError as SecretStore.place does.
    """
    names = [name for name in _names(desk) if store.place(name) == "keyring"]
    if not names:
        return []
    found = _found_bare(executable, names)
    return [name for name in names if name not in found]


def _without_desktop(case: Case) -> bool:
    """True when the night may start while nobody is logged in, or no schedule is there yet.

    systemd without lingering, launchd and Windows start it in the session of whoever is there.
    """
    from calsync.schedule.service import installed
    from calsync.schedule.systemd import lingers

    kinds = {one.kind for one in installed(case.config_path, case.state_folder, case.now)}
    return not kinds or "cron" in kinds or ("systemd" in kinds and lingers() is True)


def _names(desk: Desk) -> list[str]:
    return [*(calendar.name for calendar in desk.config.calendars), KEY_NAME]


def _found_bare(executable: str, names: Sequence[str]) -> set[str]:
    """Those of `names` that the keyring gives to a process with cron's environment and what a schedule hands on."""
    environment = {name: value for name, value in handed_on(os.environ)[0].items() if name != _OF_A_LOGIN}
    environment["PATH"] = _BARE_PATH
    for variable in ("HOME", "USERPROFILE", "SYSTEMROOT"):
        if variable in os.environ:
            environment[variable] = os.environ[variable]
    try:
        ended = subprocess.run(  # noqa: S603 - this very Python, with a literal program
            [executable, "-P", "-c", _LOOK, SERVICE, *names],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
        said = json.loads(ended.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return set()
    return {str(name) for name in said}
