"""One calendar as somebody at a terminal describes it: first whose it is, then the few things that kind needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from calsync.config.forms import Address, ApplicationId, ClientFile, Tenant, Url
from calsync.grants import GrantFile
from calsync.setup.interview import Option, plain, unquoted
from calsync.setup.plan import Setup
from calsync.setup.suggest import calendar_folders, service_of, unused_name
from calsync.setup.wishes import NOTHING

__all__ = ["SERVICES", "asked_entry"]

SERVICES: tuple[Option, ...] = (
    ("google", "Google Calendar"),
    ("microsoft", "Microsoft 365 or Outlook.com"),
    ("icloud", "iCloud"),
    ("nextcloud", "Nextcloud"),
    ("fastmail", "Fastmail"),
    ("caldav", "another CalDAV server"),
    ("files", "a folder of .ics files, or one .ics file"),
    ("link", "a link to an .ics file (read only)"),
)
_PLACES = {"icloud": "https://caldav.icloud.com/", "fastmail": "https://caldav.fastmail.com/"}
"""docs/icloud.md and docs/fastmail.md."""
_OWN_PASSWORD = frozenset({"icloud", "fastmail", "nextcloud"})
_SOME_ID = "1f0c3b6e-77aa-4a6b-9d0f-63a1c0a15c01"
_Described = tuple[str, str, dict[str, str]]


def asked_entry(
    setup: Setup, taken: Sequence[Mapping[str, Any]], *, writes: bool, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A calendar as the configuration has it. `taken` are those there are; `writes` when one of them has the blocks.

    `before` is what was answered the last time, where that did not do.
    """
    folders = calendar_folders(Path.home())
    usual = _service(before) if before else "files" if folders and not taken else "google"
    service = setup.talk.choose("Where is the calendar?", SERVICES, usual)
    called, provider, keys = _Describing(setup, taken, folders, before or {}).described(service)
    entry: dict[str, Any] = {"name": unused_name(called, [str(one["name"]) for one in taken]), "provider": provider}
    if _can_write(keys, provider) and setup.talk.agree("Should blocks be written to it?", default=not writes):
        entry["write"] = True
    return entry | {key: value for key, value in keys.items() if value}


def _service(entry: Mapping[str, Any]) -> str:
    """What was chosen for an entry, as far as it can be told."""
    if entry["provider"] == "ics":
        return "link" if entry.get("url") else "files"
    return next((service for service, url in _PLACES.items() if url == entry.get("url")), str(entry["provider"]))


def _can_write(keys: Mapping[str, str], provider: str) -> bool:
    return provider != "ics" or ("path" in keys and Path(keys["path"]).is_dir())


@dataclass(frozen=True, slots=True)
class _Describing:
    """Asks for what one kind of calendar needs: what it may be called, its provider, and that one's own keys."""

    setup: Setup
    taken: Sequence[Mapping[str, Any]]
    folders: Sequence[Path]
    before: Mapping[str, Any]

    def described(self, service: str) -> _Described:
        if service in _OWN_PASSWORD:
            self.setup.talk.say(
                "It wants a password for this program alone, not your usual one: "
                f"docs/{service}.md says where to get it."
            )
        match service:
            case "google":
                return self.google()
            case "microsoft":
                return self.microsoft()
            case "nextcloud":
                host = self._ask("Your Nextcloud's address", "", _server, "https://cloud.example.net")
                return self.caldav(service, f"{host.rstrip('/')}/remote.php/dav/")
            case "icloud" | "fastmail":
                return self.caldav(service, _PLACES[service])
            case "files":
                return self.files()
            case "link":
                return self.link()
        return self.caldav(
            service,
            self._ask("The calendar's or the server's address", self._old("url"), _address, "https://dav.example.net/"),
        )

    def google(self) -> _Described:
        account = self._ask("Your address at Google", self._old("account"), Address().check, "maya@example.com")
        if self._granted("google", account):
            return "google", "google", {"account": account}
        self.setup.talk.say(
            "Google wants to know the program that asks: an OAuth client of your own, made once with the clicks in "
            "docs/google.md. It is a file that you download there."
        )
        client = self._ask(
            "The client's file", self._known("google") or self._old("client"), _client_file, "~/client.json"
        )
        return "google", "google", {"account": account, "client": client}

    def microsoft(self) -> _Described:
        account = self._ask("Your address at Microsoft", self._old("account"), Address().check, "maya@example.org")
        if self._granted("microsoft", account):
            return "office", "microsoft", {"account": account}
        self.setup.talk.say(
            "Microsoft wants to know the program that asks: an application of your own, registered once with the "
            "clicks in docs/microsoft.md. It has an id."
        )
        known = self._known("microsoft") or self._old("client")
        client = self._ask("The application's id", known, ApplicationId().check, _SOME_ID)
        usual = "consumers" if service_of(account) == "microsoft" else account.rpartition("@")[2]
        question = "Your organisation's tenant (`consumers` for a private account at Microsoft)"
        tenant = self._ask(question, usual, Tenant().check, "example.org")
        return "office", "microsoft", {"account": account, "client": client, "tenant": tenant}

    def caldav(self, service: str, url: str) -> _Described:
        username = self._ask("The name that you sign in with", self._old("username"), plain, "maya@example.com")
        return _host(url) if service == "caldav" else service, "caldav", {"url": url, "username": username}

    def files(self) -> _Described:
        found = self._old("path") or (str(self.folders[0]) if self.folders else "")
        if found and not self._old("path"):
            self.setup.talk.say(f"There are calendar files in {found}.")
        path = self._ask("The folder, or the .ics file", found, _existing, "~/calendars/work")
        return Path(path).stem, "ics", {"path": path}

    def link(self) -> _Described:
        url = self._ask("The link", self._old("url"), _address, "https://school.example.net/terms.ics")
        username = self._ask(
            "The name to sign in with there, or none", self._old("username") or NOTHING, _name_or_none, ""
        )
        return _host(url), "ics", {"url": url, "username": username}

    def _ask(self, question: str, usual: str, check: Callable[[str], str], example: str) -> str:
        return self.setup.talk.ask(question, usual, check, example=example)

    def _old(self, key: str) -> str:
        return str(self.before.get(key) or "")

    def _granted(self, provider: str, account: str) -> bool:
        return GrantFile(self.setup.draft.state, provider, account).path.exists()

    def _known(self, provider: str) -> str:
        """The client that another calendar of that provider goes through."""
        return next((str(one["client"]) for one in self.taken if one["provider"] == provider and one.get("client")), "")


def _client_file(text: str) -> str:
    """The path of a client's file that is there, absolute."""
    path = Path(ClientFile().check(unquoted(text))).expanduser().absolute()
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return str(path)


_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/|$)")
"""How an address begins that was written without its scheme."""
_NEXTCLOUDS = re.compile(r"/(?:index\.php|remote\.php|apps|login)(?:[/?#].*)?$")
"""How the path goes on of a page that stands in the browser, behind where the server itself is."""


def _host(url: str) -> str:
    """What a calendar is called of which only the address is known."""
    return urlsplit(url).hostname or "calendar"


def _server(text: str) -> str:
    """Where a Nextcloud is, of any address of it."""
    said = _NEXTCLOUDS.sub("", text.strip())
    return str(Url().check(said if "://" in said else f"https://{said}"))


def _address(text: str) -> str:
    """A URL, also one without its https://, or with webcal:// in its place, as pages for subscribing show them."""
    said = text.strip()
    scheme, sign, rest = said.partition("://")
    if sign and scheme.lower() in ("webcal", "webcals"):
        said = f"https://{rest}"
    elif not sign and _HOST.match(said):
        said = f"https://{said}"
    return str(Url().check(said))


def _name_or_none(text: str) -> str:
    """A name to sign in with, "" for none."""
    said = plain(text)
    return "" if said.lower() == NOTHING else said


def _existing(text: str) -> str:
    """The absolute path of a folder or a file that is there."""
    path = Path(unquoted(text)).expanduser().absolute()
    if not text.strip() or not path.exists():
        raise ValueError(f"there is neither a file nor a folder {path}" if text.strip() else "is empty")
    return str(path)
