"""One plan on Google, Microsoft 365, CalDAV and a folder: the same blocks at the same instants, over a year."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.servers.fixtures import CalDavCalendar
from tests.system.judge import Stretch, blocks_of
from tests.system.vendors import ACCOUNT, Vendor, VendorWorld, all_vendors
from tests.system.world import meeting

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
)
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def on_google(vendor: Vendor, begin: datetime, end: datetime) -> list[Stretch]:
    """What Google itself says of the year: its own expansion, asked with the API."""
    query = {
        "singleEvents": "true",
        "maxResults": "2500",
        "timeMin": begin.strftime(FORMAT),
        "timeMax": end.strftime(FORMAT),
        "privateExtendedProperty": "calsync=1",
    }
    headers = {"Authorization": f"Bearer {vendor.server.token()}"}
    said: Any = requests.get(
        f"{vendor.server.url}/calendar/v3/calendars/primary/events", params=query, headers=headers, timeout=60
    ).json()
    assert "nextPageToken" not in said
    return sorted((_instant(i["start"]["dateTime"]), _instant(i["end"]["dateTime"])) for i in said["items"])


def on_graph(vendor: Vendor, begin: datetime, end: datetime) -> list[Stretch]:
    """What Microsoft itself says of the year: its calendar view."""
    headers = {"Authorization": f"Bearer {vendor.server.issue()}", "Prefer": 'IdType="ImmutableId"'}
    url = f"{vendor.server.url}/v1.0/me/calendarView"
    query: dict[str, str] | None = {
        "startDateTime": begin.strftime(FORMAT),
        "endDateTime": end.strftime(FORMAT),
        "$top": "1000",
    }
    found = []
    while url:
        said: Any = requests.get(url, params=query, headers=headers, timeout=60).json()
        ours = (row for row in said["value"] if "calsync" in row["categories"])
        found.extend((_utc(row["start"]["dateTime"]), _utc(row["end"]["dateTime"])) for row in ours)
        url, query = said.get("@odata.nextLink", "").replace(vendor.server.origin, vendor.server.url), None
    return sorted(found)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("name", ZONES)
def test_the_same_plan_stands_at_the_same_instants_on_every_kind_of_calendar(
    tmp_path: Path, radicale: CalDavCalendar, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    zone = ZoneInfo(name)
    now = datetime(2026, 9, 14, 3, 0, tzinfo=zone)
    folder, shown = tmp_path / "files", tmp_path / "shown"
    for place in (folder, shown):
        place.mkdir()
    monkeypatch.setenv("CALSYNC_SECRET_DAV", radicale.password)
    # Busy enough that dates move and drop, here and there a month in which the clocks change.
    for n, (day, minutes, rule) in enumerate(
        [(1, 480, "INTERVAL=3"), (2, 300, "INTERVAL=2"), (3, 480, "INTERVAL=4"), (4, 450, "INTERVAL=3")]
    ):
        start = datetime.combine(now.date() + timedelta(day), now.replace(hour=9).time())
        data = meeting(f"m{n}", start, minutes, f"RRULE:FREQ=WEEKLY;{rule}").replace(b"Europe/Berlin", name.encode())
        (folder / f"m{n}.ics").write_bytes(data)
    with ExitStack() as stack:
        vendors = all_vendors(stack)
        world = VendorWorld(
            tmp_path / "leader",
            vendors,
            zone=name,
            connect="{minutes: 30, per_week: 3}",
            more=(
                f"{{name: files, provider: ics, path: '{folder}', write: true}}",
                f"{{name: dav, provider: caldav, url: '{radicale.url}', username: '{radicale.username}', write: true}}",
            ),
        )
        report = world.night(now)
        assert [e.what for e in report.errors] == []
        assert {"cancel", "move"} & {change.action.value for change in report.changes} or len(report.changes) > 3
        again = world.night(now)
        assert (again.written, again.changes) == (0, [])

        begin, end = now.astimezone(UTC), now.astimezone(UTC) + timedelta(days=365)
        plain = blocks_of(folder, begin, end, zone)
        assert len(plain) > 140
        for file in radicale.hand.names(radicale.path):
            (shown / file).write_bytes(radicale.hand.get(radicale.path, file))
        assert blocks_of(shown, begin, end, zone) == plain
        assert on_google(vendors["google"], begin, end) == plain
        assert on_graph(vendors["office"], begin, end) == plain
        for vendor in vendors.values():
            assert vendor.server.mailed == []
            assert ACCOUNT not in str(vendor.server.refused_bodies)
            assert vendor.server.refused_bodies == []
