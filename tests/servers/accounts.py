"""A vendor's whole front for tests of signing in: its sign-in and its calendars on loopback, and somebody who signs in.

The person is the port's `SignInPerson`: their browser is `tests.servers.browser`, run in a thread of its own.
"""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from calsync.errors import UsageError
from calsync.ports import ProviderContext
from tests.servers.browser import visit
from tests.servers.context import context
from tests.servers.detour import detours
from tests.servers.google import GoogleServer
from tests.servers.graph import GraphServer
from tests.servers.oauth import OAuthServer
from tests.servers.oauth_google import GoogleSignIn
from tests.servers.oauth_microsoft import MicrosoftSignIn

__all__ = ["Front", "TestPerson", "google_front", "microsoft_front"]

_BROWSER = "calsync-test"


@dataclass
class Front:
    """`http` makes sessions that lead to the vendor; `context` is a provider's, with a state folder of its own."""

    login: Any
    calendars: Any
    places: dict[str, str]
    context: ProviderContext
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def http(self) -> Callable[[], requests.Session]:
        return detours(self.places)

    def browser_session(self) -> requests.Session:
        """A session that reaches the vendor, and the loopback addresses that sign-ins end on."""
        session = self.http()
        for local in ("http://127.0.0.1", "http://localhost"):
            session.mount(local, HTTPAdapter())
        return session

    def person(self, *answers: str | Callable[[str], str], there: bool = True) -> TestPerson:
        return TestPerson(self, list(answers), there=there)

    def pasted(self, shown: str) -> str:
        """What stands in a browser's address bar at the end of a sign-in at the address that was shown."""
        address = next(word for word in shown.split() if word.startswith("https://"))
        return visit(address, self.browser_session(), until="http://localhost")[0]


class TestPerson:
    """Somebody at a terminal. `answers` are what they type, in order, or what they make of what was shown last."""

    __test__ = False

    def __init__(self, front: Front, answers: list[str | Callable[[str], str]], *, there: bool) -> None:
        self.front = front
        self.answers = answers
        self.there = there
        self.shown: list[str] = []
        self.asked: list[tuple[str, bool]] = []
        self.browsed: list[threading.Thread] = []

    def say(self, text: str) -> None:
        self.shown.append(text)

    def ask(self, question: str, *, hidden: bool = False) -> str:
        self.asked.append((question, hidden))
        answer = self.answers.pop(0)
        return answer if isinstance(answer, str) else answer("\n".join(self.shown))

    def watch(self) -> None:
        if not self.there:
            raise UsageError("nobody is here")

    def browser(self) -> str:
        self.watch()
        webbrowser.register(_BROWSER, None, _Browser(self))
        return _BROWSER


class _Browser(webbrowser.BaseBrowser):
    def __init__(self, person: TestPerson) -> None:
        super().__init__(_BROWSER)
        self.person = person

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        thread = threading.Thread(target=visit, args=(url, self.person.front.browser_session()), daemon=True)
        self.person.browsed.append(thread)
        thread.start()
        return True


@contextmanager
def google_front(folder: Path) -> Iterator[Front]:
    """A Google account, maya@example.com."""
    calendars = GoogleServer()

    def issue(scopes: frozenset[str], _app_only: bool) -> str:
        calendars.scopes = frozenset(scopes)
        return calendars.token()

    login = GoogleSignIn(issue)
    with login.running(), calendars.running():
        places = dict.fromkeys(("accounts.google.com", "oauth2.googleapis.com"), login.url)
        places |= dict.fromkeys(("www.googleapis.com", "people.googleapis.com"), calendars.url)
        yield _front(login, calendars, places, folder)


@contextmanager
def microsoft_front(folder: Path) -> Iterator[Front]:
    """A Microsoft account, maya@example.com."""
    calendars = GraphServer()
    login = MicrosoftSignIn(lambda _scopes, app_only: calendars.issue(app_only=app_only))
    with login.running(), calendars.running():
        places = {"login.microsoftonline.com": login.url, "graph.microsoft.com": calendars.url}
        yield _front(login, calendars, places, folder)


def _front(login: OAuthServer, calendars: Any, places: dict[str, str], folder: Path) -> Front:
    secrets: dict[str, str] = {}
    plain = context(folder)
    about = ProviderContext(zone=plain.zone, folder=plain.folder, secret=secrets.get, me=plain.me)
    return Front(login, calendars, places, about, secrets)
