"""Which permissions calsync asks of a Google account: the fewest that do the job."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["PEOPLE", "missing", "plain", "scopes_for"]

_AUTH = "https://www.googleapis.com/auth/"

_READ_OWN = _AUTH + "calendar.events.owned.readonly"
_READ = _AUTH + "calendar.events.readonly"
_WRITE_OWN = _AUTH + "calendar.events.owned"
_WRITE = _AUTH + "calendar.events"
_BUSY = _AUTH + "calendar.freebusy"
_LIST = _AUTH + "calendar.calendarlist.readonly"

PEOPLE = (_AUTH + "contacts.readonly", _AUTH + "directory.readonly")
"""What `people import --from google` needs besides: the account's contacts and its organisation's directory."""

_INCLUDED = {
    _READ_OWN: frozenset({_READ, _WRITE_OWN, _WRITE, _AUTH + "calendar", _AUTH + "calendar.readonly"}),
    _READ: frozenset({_WRITE, _AUTH + "calendar", _AUTH + "calendar.readonly"}),
    _WRITE_OWN: frozenset({_WRITE, _AUTH + "calendar"}),
    _WRITE: frozenset({_AUTH + "calendar"}),
    _BUSY: frozenset({_AUTH + "calendar", _AUTH + "calendar.readonly"}),
    _LIST: frozenset({_AUTH + "calendar", _AUTH + "calendar.readonly", _AUTH + "calendar.calendarlist"}),
}
"""By scope, the wider ones that do as well: a token that was made elsewhere may have those."""


def scopes_for(*, write: bool, primary: bool, people: bool = False) -> list[str]:
    """The scopes for an account's calendars, sorted.

    `write`: blocks are written to one of them; `primary`: none but the account's own first calendar is meant (another
    one may be somebody else's, to be read or to be written); `people`: its contacts and colleagues are to be listed.
    """
    events = {(True, True): _WRITE_OWN, (True, False): _WRITE, (False, True): _READ_OWN, (False, False): _READ}
    return sorted({events[write, primary], _BUSY, _LIST, *(PEOPLE if people else ())})


def missing(wanted: Iterable[str], granted: Iterable[str]) -> list[str]:
    """Those of `wanted` that `granted` does not cover, sorted."""
    have = set(granted)
    return sorted(scope for scope in wanted if scope not in have and not have & _INCLUDED.get(scope, frozenset()))


def plain(scopes: Iterable[str]) -> str:
    """Scopes in a row, without what all of them begin with."""
    return ", ".join(scope.removeprefix(_AUTH) for scope in scopes)
