"""How many requests a night costs on Google and Microsoft 365, against a plain full read.

    python benchmarks/requests_a_night.py [--events 1000 5000 10000]

Each calendar comes from the generator in the folder `shared` beside the project and is put into the loopback servers
that calsync's tests use. The plain read is what a tool without memory does every night: list every event from now to
the horizon, page by page, expanded by the server (calblock works so). It is counted with the vendor's usual page and
with its largest; it writes nothing. Of calsync every request counts but those for the access token: first those of
the look at the calendar, then those that write blocks and look at them afterwards. Counts are exact, so one run is
enough.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.system.vendors import Vendor, VendorWorld, google, graph  # noqa: E402

GENERATOR = PROJECT.parent / "shared" / "tools" / "gen_calendar.py"
NOW = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
HORIZON = timedelta(weeks=12)
FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@contextmanager
def _filled(kind: str, events: int) -> Iterator[tuple[Vendor, VendorWorld]]:
    with tempfile.TemporaryDirectory() as name, (google if kind == "google" else graph)() as vendor:
        folder = Path(name)
        command = [sys.executable, str(GENERATOR), "--events", str(events), "--seed", "1"]
        subprocess.run([*command, "--vdir", str(folder / "cal")], check=True, stdout=subprocess.DEVNULL)
        skipped = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for path in sorted((folder / "cal").glob("*.ics")):
                try:
                    vendor.hand.put(vendor.calendar, path.stem, path.read_bytes())
                except (ValueError, KeyError, AssertionError):
                    # What the vendor's format cannot say (an RDATE on Microsoft's side) is left out.
                    skipped += 1
        if skipped:
            print(f"   ({skipped} of the generator's events have no form on this calendar and were left out)")
        server = vendor.server
        server.now = lambda: NOW
        if kind == "microsoft":
            server.page_size = 200
        yield vendor, VendorWorld(folder / "leader", {"work": vendor})


def _plain_google(vendor: Vendor, page: int) -> int:
    import requests

    query = {"singleEvents": "true", "orderBy": "startTime", "maxResults": str(page)}
    query |= {"timeMin": NOW.strftime(FORMAT), "timeMax": (NOW + HORIZON).strftime(FORMAT)}
    count, token = 0, ""
    while True:
        count += 1
        said: Any = requests.get(
            f"{vendor.server.url}/calendar/v3/calendars/primary/events",
            params={**query, **({"pageToken": token} if token else {})},
            headers={"Authorization": f"Bearer {vendor.server.token()}"},
            timeout=600,
        ).json()
        token = said.get("nextPageToken", "")
        if not token:
            return count


def _plain_graph(vendor: Vendor, page: int) -> int:
    import requests

    headers = {"Authorization": f"Bearer {vendor.server.issue()}", "Prefer": 'IdType="ImmutableId"'}
    url = f"{vendor.server.url}/v1.0/me/calendarView"
    query: dict[str, str] | None = {
        "startDateTime": NOW.strftime(FORMAT),
        "endDateTime": (NOW + HORIZON).strftime(FORMAT),
        "$top": str(page),
    }
    count = 0
    while url:
        count += 1
        said: Any = requests.get(url, params=query, headers=headers, timeout=600).json()
        url, query = said.get("@odata.nextLink", "").replace(vendor.server.origin, vendor.server.url), None
    return count


def _counted(vendor: Vendor, run: Callable[[], Any]) -> tuple[int, Any]:
    """The requests of one run without those of signing in, and what it gave."""
    before = len(vendor.server.requests)
    given = run()
    made = vendor.server.requests[before:]
    signing_in = ("token", "openid-configuration")
    return len([seen for seen in made if not any(word in seen.path for word in signing_in)]), given


def _change(vendor: Vendor) -> None:
    """Somebody books one more meeting."""
    from tests.system.world import meeting

    vendor.hand.put(vendor.calendar, "one-more", meeting("one-more", datetime(2026, 3, 12, 11, 0), 30))  # noqa: DTZ001


def _split(requests: int, report: Any) -> str:
    reading = report.calendars[0].requests
    return f"{reading} + {requests - reading}" if requests > reading else str(reading)


def _row(kind: str, events: int) -> None:
    usual, largest = (250, 2500) if kind == "google" else (10, 1000)
    plain = _plain_google if kind == "google" else _plain_graph
    with _filled(kind, events) as (vendor, world):
        reads = plain(vendor, usual), plain(vendor, largest)
        first, report = _counted(vendor, lambda: world.night(NOW))
        quiet, again = _counted(vendor, lambda: world.night(NOW + timedelta(hours=1)))
        _change(vendor)
        after, third = _counted(vendor, lambda: world.night(NOW + timedelta(hours=2)))
    assert again.written == 0, "a quiet night wrote something"
    print(
        f"| {kind} | {events} | {reads[0]} | {reads[1]} | {_split(first, report)} | {quiet} | {_split(after, third)} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1000, 5000, 10000])
    parser.add_argument("--vendors", nargs="+", default=["google", "microsoft"])
    wanted = parser.parse_args()
    print(
        "| calendar | events | plain read, usual page | plain read, largest page | first night | quiet night |"
        " one new meeting |"
    )
    print("|---|---|---|---|---|---|---|")
    for kind in wanted.vendors:
        for events in wanted.events:
            _row(kind, events)


if __name__ == "__main__":
    main()
