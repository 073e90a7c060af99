"""Checks of what a night gives away: exports that cannot be written, notices that cannot be sent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine
from calsync.errors import UsageError
from calsync.exporting import written_by_us
from calsync.places import nearest_there

__all__ = ["exports", "notices"]

_NOT_SENT = "no digest is sent to it; the night itself is not touched by that"


def exports(case: Case) -> Iterator[Finding]:
    """Each file under `exports`: whether it can be written, and is not somebody else's."""
    assert case.desk is not None
    for target in case.desk.config.exports:
        path = target.path
        why = _refused(path)
        if not why:
            yield fine("export", str(path), f"{path} can be written")
            continue
        yield Finding(
            "export.unwritable",
            str(path),
            Level.FAILS,
            f"the export {path} cannot be written: {why}",
            "the night ends with 3, and whoever subscribes to the file sees old blocks",
            f"make its folder writable, or name another file under `exports` in {case.config_path}",
        )


def notices(case: Case) -> Iterator[Finding]:
    """What the digest needs to be sent: the extra `[notify]`, and addresses of a known form. Nothing is sent."""
    assert case.desk is not None
    urls = case.desk.config.notify
    if not urls:
        return
    from calsync.notifying import unknown

    try:
        wrong = unknown(urls)
    except UsageError as error:
        yield Finding("notify.missing", "notify", Level.WARNS, error.what, _NOT_SENT, error.next_step)
        return
    for number in wrong:
        # Of the address itself nothing is shown: it may be a secret from its first letter on.
        yield Finding(
            "notify.unknown",
            f"notify[#{number}]",
            Level.WARNS,
            f"notify[#{number}]: Apprise knows no such URL, or a part of it is missing",
            _NOT_SENT,
            f"correct it in {case.config_path}; https://github.com/caronc/apprise/wiki has the forms",
        )
    if not wrong:
        yield fine("notify", "notify", "the addresses under `notify` are of a known form")


def _refused(path: Path) -> str:
    """Why the file cannot be written, "" where it can."""
    try:
        if path.is_dir():
            return "it is a folder"
        if path.exists() and not written_by_us(path):
            return "it was not written by calsync and is left alone"
        there = nearest_there(path.parent)
        if not there.is_dir():
            return f"{there} is not a folder"
        if not os.access(there, os.W_OK | os.X_OK):
            return "permission denied"
        with tempfile.NamedTemporaryFile(prefix=".calsync-", suffix=".tmp", dir=there):
            return ""
    except OSError as error:
        return error.strerror or str(error)
