"""Checks of what a night gives away: exports that cannot be written, notices that cannot be sent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine, of_error
from calsync.errors import CalsyncError
from calsync.exporting import written_by_us

__all__ = ["exports", "notices"]


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
    """What the digest needs to be sent: the extra `[notify]`, and addresses of a form that it knows."""
    assert case.desk is not None
    if not case.desk.config.notify:
        return
    from calsync import notifying

    check = getattr(notifying, "check", None)
    if check is None:
        return
    try:
        check(case.desk.config.notify)
    except CalsyncError as error:
        found = of_error("notify.refused", "notify", error, "no digest is sent; the night itself is not touched by it")
        yield Finding(found.key, found.subject, Level.WARNS, found.what, found.why, found.command)
    else:
        yield fine("notify", "notify", "the addresses under `notify` are of a known form")


def _refused(path: Path) -> str:
    """Why the file cannot be written, "" where it can."""
    try:
        if path.is_dir():
            return "it is a folder"
        if path.exists() and not written_by_us(path):
            return "it was not written by calsync and is left alone"
        there = next((one for one in path.parents if one.exists()), path.parent)
        if not there.is_dir():
            return f"{there} is not a folder"
        if not os.access(there, os.W_OK | os.X_OK):
            return "permission denied"
        with tempfile.NamedTemporaryFile(prefix=".calsync-", suffix=".tmp", dir=there):
            return ""
    except OSError as error:
        return error.strerror or str(error)
