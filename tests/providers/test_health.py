"""What every adapter's health promises: whatever is wrong is in the answer, and nothing is raised, made or changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from calsync.accounts import SignInWish
from calsync.errors import CalsyncError, SignInNeeded, Unreachable
from calsync.registry import health_of
from tests.servers.context import context

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "options", "error"),
    [
        ("caldav", {"url": "http://127.0.0.1:9/dav/", "username": "maya"}, Unreachable),
        ("google", {"account": "maya@example.com"}, SignInNeeded),
        ("microsoft", {"account": "maya@example.com"}, SignInNeeded),
        ("ics", {"url": "http://127.0.0.1:9/feed.ics"}, None),
        ("ics", {"path": "/nowhere/at/all.ics"}, None),
        ("ics", {"path": "/nowhere", "calendar": "work"}, None),
    ],
)
@pytest.mark.parametrize("write", [True, False])
def test_what_is_wrong_is_in_the_answer(
    tmp_path: Path, kind: str, options: dict[str, str], error: type[CalsyncError] | None, *, write: bool
) -> None:
    ask = health_of(kind)
    assert ask is not None
    found = ask("work", options, context(tmp_path), SignInWish(write=write, calendars=(options,)), lambda: NOW)
    # An address and a path are read by the night, which says what is wrong with them.
    assert (found.error is None) if error is None else isinstance(found.error, error)
    assert found.calendar is None or not found.calendar.writable
    assert (found.skew, found.lacks, found.ends, found.remarks) == (None, (), None, ())
    # A lock of the grant's is all that asking leaves.
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


@pytest.mark.parametrize("kind", ["google", "microsoft"])
@pytest.mark.parametrize("text", ["{", "[]", '{"kind": "user", "scopes": 7, "cache": "x", "signed_in": 3, "ends": []}'])
def test_a_grant_that_nobody_understands_is_an_error_in_the_answer(tmp_path: Path, kind: str, text: str) -> None:
    path = tmp_path / "grants" / f"{kind}-maya@example.com.json"
    path.parent.mkdir()
    path.touch(0o600)
    path.write_text(text)
    ask = health_of(kind)
    assert ask is not None
    found = ask("work", {"account": "maya@example.com"}, context(tmp_path), SignInWish(), lambda: NOW)
    assert isinstance(found.error, SignInNeeded)
    assert path.read_text() == text
