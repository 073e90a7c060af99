"""What goes wrong with an account, as the leader meets it: one line, what to do, a code, and the old plan stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from calsync.grants import GrantFile
from tests.servers.google import Fault as GoogleFault
from tests.servers.graph import Fault as GraphFault
from tests.system.vendors import ACCOUNT, NOW, Vendor, VendorWorld, google, graph


class Trouble(NamedTuple):
    """One situation: how it comes about, and what the leader is told."""

    make: Callable[[Vendor, VendorWorld], Any]
    code: int
    what: str
    next_step: str


def _no_grant(kind: str) -> Callable[[Vendor, VendorWorld], Any]:
    return lambda _vendor, world: GrantFile(world.state, kind, ACCOUNT).path.unlink()


def _broken_grant(kind: str, text: str) -> Callable[[Vendor, VendorWorld], Any]:
    return lambda _vendor, world: GrantFile(world.state, kind, ACCOUNT).path.write_text(text)


def _signed_in_a_week_ago(vendor: Vendor, world: VendorWorld) -> None:
    file = GrantFile(world.state, "google", ACCOUNT)
    from datetime import UTC, datetime

    file.write({**(file.read() or {}), "signed_in": (datetime.now(UTC) - timedelta(days=7)).isoformat()})
    vendor.server.revoke()


def _only_reading(vendor: Vendor, _world: VendorWorld) -> None:
    vendor.server.scopes = {"https://www.googleapis.com/auth/calendar.freebusy"}


def _refused(code: int) -> Callable[[Vendor, VendorWorld], Any]:
    return lambda vendor, _world: (setattr(vendor.server, "token_error", code), vendor.server.tokens.clear())


def _over_quota(vendor: Vendor, _world: VendorWorld) -> None:
    for number in range(2, 8):
        vendor.server.fail_next(GoogleFault.QUOTA, skip=number - 1, reason="quotaExceeded")


def _throttled_for_an_hour(vendor: Vendor, _world: VendorWorld) -> None:
    for skip in range(1, 10):
        vendor.server.fail_next(GraphFault.THROTTLED, skip=skip, retry_after="3600")


SIGN_IN = re.escape("run `calsync calendars sign-in work`")
BROKEN = (4, f"^work: the grant of {ACCOUNT} cannot be understood$", f"^move .*[.]json away, then {SIGN_IN}$")
GOOGLE = {
    "torn grant": Trouble(_broken_grant("google", '{"kind": "us'), *BROKEN),
    "broken grant": Trouble(_broken_grant("google", '{"kind": "user", "scopes": null, "token_uri": 5}'), *BROKEN),
    "not signed in": Trouble(_no_grant("google"), 4, f"work: {ACCOUNT} has not signed in", SIGN_IN),
    "taken back": Trouble(lambda v, _w: v.server.revoke(), 4, "work: Google has ended the sign-in of maya", SIGN_IN),
    "an app in Testing": Trouble(
        _signed_in_a_week_ago, 4, "an app in Testing ends after 7 days", f"publish the app.*{SIGN_IN}"
    ),
    "too little permitted": Trouble(_only_reading, 4, "work: the sign-in of maya.* does not cover", SIGN_IN),
    "over the quota": Trouble(
        _over_quota, 3, "work: the calendar has reached Google's limit of use", "wait some hours"
    ),
}
MICROSOFT = {
    "torn grant": Trouble(_broken_grant("microsoft", '{"kind": "us'), *BROKEN),
    "broken grant": Trouble(_broken_grant("microsoft", '{"kind": "user", "scopes": null, "token_uri": 5}'), *BROKEN),
    "not signed in": Trouble(_no_grant("microsoft"), 4, f"work: {ACCOUNT} has not signed in", SIGN_IN),
    "expired": Trouble(_refused(700082), 4, "work: the sign-in of maya.* has ended.*AADSTS700082", SIGN_IN),
    "admin approval": Trouble(
        _refused(90094),
        4,
        "work: an administrator has to approve calsync's application.*AADSTS90094",
        r"https://login\.microsoftonline\.com/\S+/adminconsent\?client_id=11111111-2222-4333-8444-555555555555",
    ),
    "a second proof": Trouble(_refused(50076), 4, "work: the organisation wants a second proof", SIGN_IN),
    "rules for access": Trouble(_refused(53003), 4, "work: the organisation's rules for access", "administrator"),
    "wrong tenant": Trouble(_refused(90072), 4, "work: maya@example.com does not belong to", "`account` and `tenant`"),
    "throttled": Trouble(_throttled_for_an_hour, 3, "work: Microsoft asks", "next run|again"),
}


def check(vendor: Vendor, folder: Path, trouble: Trouble) -> None:
    world = VendorWorld(folder, {"work": vendor})
    assert world.night().exit_code == 0
    before = vendor.everything()
    trouble.make(vendor, world)
    report = world.night(NOW + timedelta(days=1))
    assert report.exit_code == trouble.code
    (error,) = report.errors
    assert re.search(trouble.what, error.what), error.what
    assert re.search(trouble.next_step, error.next_step), error.next_step
    assert "\n" not in error.what + error.next_step
    assert (report.written, report.changes) == (0, [])
    assert vendor.everything() == before


@pytest.mark.parametrize("name", GOOGLE)
def test_google_says_what_is_wrong_and_what_to_do(tmp_path: Path, name: str) -> None:
    with google() as vendor:
        check(vendor, tmp_path, GOOGLE[name])


@pytest.mark.parametrize("name", MICROSOFT)
def test_microsoft_says_what_is_wrong_and_what_to_do(tmp_path: Path, name: str) -> None:
    with graph() as vendor:
        check(vendor, tmp_path, MICROSOFT[name])


def test_a_calendar_that_is_gone_is_named_and_no_empty_calendar(tmp_path: Path) -> None:
    with google() as one, graph() as other:
        one.server.add_calendar("team@group.calendar.google.com", "Team")
        gone = other.server.add_calendar("Team")
        for vendor, drop in ((one, "team@group.calendar.google.com"), (other, gone)):
            world = VendorWorld(tmp_path / vendor.kind, {"work": vendor}, keys=", calendar: Team")
            assert world.night().exit_code == 0
            vendor.server.drop_calendar(drop)
            report = world.night(NOW + timedelta(days=1))
            assert report.exit_code == 3
            (error,) = report.errors
            assert error.what.startswith("work: "), error.what
            assert "calendar" in error.what
            assert error.next_step
            assert report.changes == []


def test_a_calendar_that_can_only_be_read_is_named_when_blocks_should_go_there(tmp_path: Path) -> None:
    with google() as one, graph() as other:
        one.server.calendars[ACCOUNT].role = "reader"
        other.server.mailbox.default.can_edit = False
        for vendor in (one, other):
            world = VendorWorld(tmp_path / vendor.kind, {"work": vendor})
            report = world.night()
            assert report.exit_code == 3
            (error,) = report.errors
            assert "can be read but not written" in error.what, error.what
            assert "`write: false`" in error.next_step
            assert report.written == 0
            assert vendor.everything() == {}
