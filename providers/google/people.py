"""The people whom an account knows: its organisation's directory, else its contacts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from calsync.ports import AccountPerson
from providers.google.calls import Calls, Json
from providers.google.errors import Rejected

__all__ = ["known"]

_AT_ONCE = 1000
_FIELDS = "names,emailAddresses"


def known(calls: Calls, me: Collection[str]) -> list[AccountPerson]:
    """Everybody with an address, `me` (lower case) left out. Raises Rejected when the sign-in covers neither list."""
    try:
        found = list(_directory(calls))
    except Rejected as rejected:
        # An account outside of any organisation has no directory (400), and a sign-in may not cover it (403).
        if rejected.status != 400 and not rejected.is_about_scope:
            raise
        found = []
    if not found:
        found = list(_contacts(calls))
    return [person for person in found if not set(person.addresses) & set(me)]


def _directory(calls: Calls) -> Iterator[AccountPerson]:
    asked = {"readMask": _FIELDS, "sources": ["DIRECTORY_SOURCE_TYPE_DOMAIN_PROFILE"], "pageSize": _AT_ONCE}
    for page in calls.pages(calls.people, "listDirectoryPeople", **asked):
        for said in page.get("people", ()):
            yield from _person(said, "in the directory")


def _contacts(calls: Calls) -> Iterator[AccountPerson]:
    collection = calls.people.connections()
    for page in calls.pages(collection, resourceName="people/me", personFields=_FIELDS, pageSize=_AT_ONCE):
        for said in page.get("connections", ()):
            yield from _person(said, "in the contacts")


def _person(said: Json, why: str) -> Iterator[AccountPerson]:
    addresses = [str(one.get("value", "")).strip().lower() for one in _main_first(said.get("emailAddresses", ()))]
    addresses = list(dict.fromkeys(address for address in addresses if address))
    if not addresses:
        return
    names = [str(one.get("displayName", "")).strip() for one in _main_first(said.get("names", ()))]
    yield AccountPerson(next((name for name in names if name), addresses[0]), tuple(addresses), why)


def _main_first(values: Any) -> list[Json]:
    return sorted(values, key=lambda one: not one.get("metadata", {}).get("primary", False))
