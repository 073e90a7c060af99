"""Whole nights on Google's and Microsoft's calendars: a leader's world whose vendors stand on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from calsync.config.values import CalendarConfig
from calsync.desk import Desk, open_desk
from calsync.grants import GrantFile
from calsync.nightly import run_night
from calsync.nightreport import NightReport
from calsync.ports import CalendarProvider, OwnedSeries
from calsync.state.store import Store
from tests.servers.detour import GOOGLE_HOSTS, MICROSOFT_HOSTS, detour
from tests.servers.google import GoogleServer
from tests.servers.graph import GraphServer

__all__ = ["BERLIN", "NOW", "Vendor", "VendorWorld", "google", "grant_google", "grant_microsoft", "graph"]

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=BERLIN)
ACCOUNT = "maya@example.com"


def grant_google(state: Path, server: GoogleServer) -> None:
    """Sign in, as the sign-in would leave it."""
    (token,) = sorted(server.refresh_tokens)[:1]
    GrantFile(state, "google", ACCOUNT).write(
        {
            "kind": "user",
            "account": ACCOUNT,
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "token_uri": "https://oauth2.googleapis.com/token",
            "refresh_token": token,
            "scopes": sorted(server.scopes),
        }
    )


def grant_microsoft(state: Path, server: GraphServer) -> None:
    """Sign in, as the sign-in would leave it: an MSAL cache that holds a refresh token."""
    from msal import PublicClientApplication, SerializableTokenCache

    cache = SerializableTokenCache()
    session = detour(server.url, MICROSOFT_HOSTS)()
    app = PublicClientApplication(
        "11111111-2222-4333-8444-555555555555",
        authority=f"https://login.microsoftonline.com/{server.tenant}",
        token_cache=cache,
        http_client=session,
        instance_discovery=False,
    )
    answer = app.acquire_token_by_refresh_token(server.new_refresh_token(), ["Calendars.ReadWrite", "User.Read"])
    assert "access_token" in answer, answer
    session.close()
    GrantFile(state, "microsoft", ACCOUNT).write(
        {
            "kind": "user",
            "account": ACCOUNT,
            "client": "11111111-2222-4333-8444-555555555555",
            "tenant": server.tenant,
            "cloud": "global",
            "scopes": ["Calendars.ReadWrite", "User.Read"],
            "cache": cache.serialize(),
        }
    )


@dataclass
class Vendor:
    """One vendor's account on loopback, with one calendar that takes the blocks."""

    kind: str
    server: Any
    make: type[Any]
    sessions: Callable[[], requests.Session]
    grant: Callable[[Path, Any], None]
    calendar: str

    @property
    def hand(self) -> Any:
        """The leader's hand."""
        return self.server.hand

    def everything(self) -> dict[str, bytes]:
        """Every event of the calendar as iCalendar, by name."""
        return {name: self.hand.ical(self.calendar, name) for name in self.hand.names(self.calendar)}


@contextmanager
def google() -> Iterator[Vendor]:
    """A Google account."""
    from providers.google.provider import GoogleProvider

    server = GoogleServer()
    with server.running():
        yield Vendor("google", server, GoogleProvider, detour(server.url, GOOGLE_HOSTS), grant_google, "primary")


@contextmanager
def graph() -> Iterator[Vendor]:
    """A Microsoft account."""
    from providers.microsoft.provider import MicrosoftProvider

    server = GraphServer()
    # Microsoft does not revoke the old refresh token when it gives a new one (identity platform, refresh tokens).
    server.old_refresh_tokens_die = False
    with server.running():
        sessions = detour(server.url, MICROSOFT_HOSTS)
        yield Vendor("microsoft", server, MicrosoftProvider, sessions, grant_microsoft, server.calendar)


@dataclass
class VendorWorld:
    """A leader's configuration and state in `folder`, with vendors by calendar name; `more` are further calendars,
    `keys` further keys of the vendors' own.
    """

    folder: Path
    vendors: Mapping[str, Vendor]
    zone: str = "Europe/Berlin"
    connect: str = "{minutes: 30, per_week: 2}"
    more: tuple[str, ...] = ()
    extra: str = ""
    keys: str = ""
    people: str = "[{name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}]"
    _granted: set[str] = field(default_factory=set)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    def desk(self, now: datetime = NOW) -> Desk:
        """The leader's desk; its vendors are reached on loopback."""
        lines = [
            f"{{name: {name}, provider: {v.kind}, account: {ACCOUNT}, write: true{self.keys}}}"
            for name, v in self.vendors.items()
        ]
        listed = "\n".join(f"  - {line}" for line in [*lines, *self.more])
        self.folder.mkdir(exist_ok=True)
        self.config.write_text(
            f"timezone: {self.zone}\nme: [{ACCOUNT}]\ncalendars:\n{listed}\nblocks:\n  connect: {self.connect}\n"
            f"people: {self.people}\n{self.extra}\n",
            encoding="utf-8",
        )
        for name, vendor in self.vendors.items():
            if name not in self._granted:
                vendor.grant(self.state, vendor.server)
                self._granted.add(name)
        opened = open_desk(self.config, self.state, now)
        vendors = self.vendors

        class LoopbackDesk(Desk):
            """A desk whose vendors' hosts stand on loopback."""

            __slots__ = ()

            def open(self, calendar: CalendarConfig) -> CalendarProvider:
                vendor = vendors.get(calendar.name)
                if vendor is None:
                    return super(LoopbackDesk, self).open(calendar)
                made: CalendarProvider = vendor.make(
                    calendar.name, calendar.options, self.context(), http=vendor.sessions
                )
                return made

        return LoopbackDesk(opened.config, opened.state_folder, opened.now)

    def night(self, now: datetime = NOW, *, force: bool = False) -> NightReport:
        return run_night(self.desk(now), force=force)

    def blocks(self, name: str, now: datetime = NOW) -> list[OwnedSeries]:
        """The block series as they stand on the calendar."""
        return self.desk(now).provider(name).owned("")

    def placed(self, name: str, begin: date, end: date) -> dict[tuple[int, date], tuple[datetime, datetime]]:
        """Where every block of [begin, end) stands, by slot number and home date."""
        return {
            (o.series.number, day): (one.span.start, one.span.end)
            for o in self.blocks(name)
            for day in o.series.days(begin, end)
            if (one := o.series.placed(day)) is not None
        }

    def decisions(self) -> list[tuple[str, str]]:
        with Store(self.state, NOW) as store:
            return [(d.what, d.home) for d in store.decisions()]

    def nights(self, count: int, start: datetime = NOW) -> Iterator[NightReport]:
        for n in range(count):
            yield self.night(start + timedelta(days=n))


def all_vendors(stack: ExitStack) -> dict[str, Vendor]:
    """One account of each."""
    return {"google": stack.enter_context(google()), "office": stack.enter_context(graph())}
