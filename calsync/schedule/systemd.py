"""A timer of the user's own systemd: a service that runs one night, kept from all that it does not need, and its clock.

What a user's service manager can do is less than what the system's can: it has no capabilities to drop, and whatever
needs a view of the file system of its own needs user namespaces, which not every kernel gives to everybody. Hence the
sandbox is tried before it is written down.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from calsync.errors import StateError
from calsync.schedule.calling import call, has
from calsync.schedule.job import Job, Placed
from calsync.wholefile import replace_file

__all__ = [
    "closed_to",
    "command_of",
    "fits",
    "lingers",
    "names",
    "place",
    "present",
    "preview",
    "service_text",
    "take",
    "timer_text",
    "units_folder",
    "where",
]

_ALWAYS = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""
"""What works in every user's manager. MemoryDenyWriteExecute is left out: foreign function libraries need such memory,
and the way to the keyring may go through one."""

_SANDBOX = ("ProtectSystem=strict", "PrivateTmp=yes", "ProtectControlGroups=yes", "ProtectKernelTunables=yes")
"""What needs user namespaces. The keyring is a socket, which a file system that is read-only does not close."""


def fits(_environment: Mapping[str, str]) -> tuple[bool, str]:
    """Whether this user's service manager runs, and why (not)."""
    if not has("systemctl"):
        return False, "there is no program systemctl on this machine"
    ended = call("systemctl", "--user", "show", "--property=Version")
    if ended.code == 0:
        return True, "your own service manager is running"
    return False, f"your own service manager cannot be reached ({ended.complaint})"


def names(job_id: str) -> tuple[str, str]:
    """The names of the service and of the timer."""
    return f"calsync-{job_id}.service", f"calsync-{job_id}.timer"


def units_folder(environment: Mapping[str, str]) -> Path:
    """Where the user's own units lie."""
    config = environment.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config.startswith("/") else Path.home() / ".config"
    return base / "systemd" / "user"


def where(job_id: str) -> str:
    """Where the timer's file lies."""
    return str(units_folder(os.environ) / names(job_id)[1])


def service_text(job: Job, *, sandbox: bool) -> str:
    """The service: one night, with no more rights than it needs."""
    lines = [
        f"# Written by `calsync schedule install`; `calsync schedule remove` takes it away. Mark: {job.id}",
        "[Unit]",
        "Description=The night of calsync",
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join(_quoted(word).replace('$', '$$') for word in job.command)}",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in job.environment.items()),
        "# 5: no room for a block; 75: another run was in progress. Both are told, and neither is a failure.",
        "SuccessExitStatus=5 75",
        "TimeoutStartSec=1h",
        "Nice=10",
        "SyslogIdentifier=calsync",
        "",
        _ALWAYS.rstrip("\n"),
    ]
    if sandbox:
        lines += [*_SANDBOX, f"ReadWritePaths={' '.join(_quoted(f'-{path}') for path in job.writable)}"]
    return "\n".join(lines) + "\n"


def timer_text(job: Job) -> str:
    """The timer: each hour, a minute or so later at random; what was missed is made up for."""
    return "\n".join(
        [
            f"# Written by `calsync schedule install`; `calsync schedule remove` takes it away. Mark: {job.id}",
            "[Unit]",
            "Description=Asks every hour whether a night of calsync is due",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* *:{job.minute:02}:00",
            "RandomizedDelaySec=2min",
            "Persistent=yes",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def command_of(service: str) -> tuple[str, ...]:
    """The command that a service's text runs; () when it has none that can be read."""
    return tuple(word.replace("$$", "$") for word in _words(service, "ExecStart"))


def closed_to(text: str, folders: Iterable[Path]) -> list[Path]:
    """Which of the folders a service of that text may not write in."""
    if "ProtectSystem=strict" not in text:
        return []
    opened = [Path(word.removeprefix("-")) for word in _words(text, "ReadWritePaths")]
    return [folder for folder in folders if not any(folder.is_relative_to(one) for one in opened)]


def _words(text: str, key: str) -> list[str]:
    """The words of a unit file's key, as `_quoted` wrote them."""
    found = re.search(rf"^{key}=(.*)$", text, re.MULTILINE)
    return [
        re.sub(r"\\(.)", r"\1", quoted or bare).replace("%%", "%")
        for quoted, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', found[1] if found else "")
    ]


def preview(job: Job) -> str:
    """Both files, each behind its path."""
    folder, (service, timer) = units_folder(os.environ), names(job.id)
    return "\n".join(
        [f"{folder / service}:", service_text(job, sandbox=_can_sandbox()), f"{folder / timer}:", timer_text(job)]
    ).rstrip("\n")


def place(job: Job) -> None:
    """Write both files, and start the timer; nothing is started anew that is as it should be. Raises StateError."""
    folder, (service, timer) = units_folder(os.environ), names(job.id)
    wanted = {folder / service: service_text(job, sandbox=_can_sandbox()), folder / timer: timer_text(job)}
    changed = False
    for path, text in wanted.items():
        if _text(path) != text:
            changed = True
            try:
                replace_file(path, text.encode("utf-8", "surrogateescape"), private=False)
            except OSError as error:
                raise StateError(
                    f"{path} cannot be written: {error.strerror or error}",
                    "check that folder, or choose another kind with `calsync schedule install --kind`",
                ) from error
    if changed:
        _ask("daemon-reload")
    if changed or not _runs(timer):
        _ask("enable", timer)
        # `restart`, because a timer that runs already goes on by its old clock.
        _ask("restart", timer)


def present(job_id: str) -> Placed | None:
    """The units as they lie in the user's folder, None when there are none."""
    folder, (service, timer) = units_folder(os.environ), names(job_id)
    texts = _text(folder / service), _text(folder / timer)
    if texts == (None, None):
        return None
    problems = [f"{folder / name} is missing" for name, text in zip((service, timer), texts, strict=True) if not text]
    clock = re.search(r"^OnCalendar=\*-\*-\* \*:(\d\d):00$", texts[1] or "", re.MULTILINE)
    if texts[1] and clock is None:
        problems.append(f"{folder / timer} was changed by hand: when it runs cannot be told")
    if not has("systemctl"):
        problems.append("there is no program systemctl on this machine")
    elif not problems and not _runs(timer):
        problems.append(f"{timer} is not running (systemctl --user status {timer})")
    text = "\n".join(f"{folder / name}:\n{text}" for name, text in zip((service, timer), texts, strict=True) if text)
    return Placed(
        where(job_id),
        text.rstrip("\n"),
        command_of(texts[0] or ""),
        int(clock[1]) if clock else 0,
        tuple(problems),
    )


def take(job_id: str, *, dry_run: bool) -> list[str]:
    """Stop the timer and remove both files; what was removed, a line each. Raises StateError."""
    folder, (service, timer) = units_folder(os.environ), names(job_id)
    there = [folder / name for name in (timer, service) if (folder / name).is_file()]
    if dry_run or not there:
        return [str(path) for path in there]
    if has("systemctl"):
        # Where the manager does not run there is nothing to stop; the link that enables the timer is a file, too.
        call("systemctl", "--user", "disable", "--now", timer)
    link = folder / "timers.target.wants" / timer
    try:
        for path in [*there, *([link] if link.is_symlink() else [])]:
            path.unlink()
        _stamp(timer).unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"{error.filename} cannot be removed: {error.strerror}", "remove it by hand") from error
    if has("systemctl"):
        call("systemctl", "--user", "daemon-reload")
        call("systemctl", "--user", "reset-failed", service, timer)
    return [str(path) for path in there]


def _stamp(timer: str) -> Path:
    """Where systemd keeps when the timer ran last, because of Persistent=."""
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    return base / "systemd" / "timers" / f"stamp-{timer}"


def lingers() -> bool | None:
    """Whether this user's manager runs on without a login; None when that cannot be told."""
    ended = call("loginctl", "show-user", getpass.getuser(), "--property=Linger")
    said = ended.out.decode("utf-8", "replace").strip()
    return {"Linger=yes": True, "Linger=no": False}.get(said) if ended.code == 0 else None


def _can_sandbox() -> bool:
    """Whether a service of this user's can have a file system view of its own: tried with one that does nothing."""
    if not has("systemd-run"):
        return False
    properties = [word for option in _SANDBOX for word in ("-p", option)]
    return call("systemd-run", "--user", "--quiet", "--collect", "--wait", *properties, "true").code == 0


def _runs(timer: str) -> bool:
    ended = call("systemctl", "--user", "is-active", timer)
    return ended.code == 0 and call("systemctl", "--user", "is-enabled", timer).code == 0


def _ask(*words: str) -> None:
    ended = call("systemctl", "--user", *words)
    if ended.code != 0:
        raise StateError(
            f"systemctl --user {' '.join(words)}: {ended.complaint}",
            "see `systemctl --user status`, or choose another kind with `calsync schedule install --kind`",
        )


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return None


def _quoted(word: str) -> str:
    """A word as unit files have it: in quotes, with what systemd would replace written twice."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") + '"'
