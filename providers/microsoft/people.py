"""People whom a Microsoft account knows: direct reports from the directory, then those whom it works with.

Each is asked for by itself, and neither needs the other: a private account has no directory, and an organisation may
not let programs see whom somebody works with.
"""

from __future__ import annotations

from collections.abc import Iterator

from calsync.errors import SignInNeeded
from calsync.ports import AccountPerson
from providers.microsoft.errors import FORBIDDEN, Reply
from providers.microsoft.graph import Graph, Part, query
from providers.microsoft.mapping import Json
from providers.microsoft.refusals import sign_in_step

__all__ = ["people"]

_REPORTS = "displayName,mail,userPrincipalName"
_PEOPLE = "displayName,scoredEmailAddresses,userPrincipalName,personType"
_MOST = "100"


def people(graph: Graph) -> list[AccountPerson]:
    """Those that the account may see, nearest first, each once, without the account's own.

    Raises Unreachable, and SignInNeeded when there are none because the list of people may not be seen.
    """
    root = graph.root()
    parts = [
        Part("GET", f"{root}/directReports" + query(_select=_REPORTS, _top=_MOST)),
        Part("GET", f"{root}/people" + query(_select=_PEOPLE, _top=_MOST)),
    ]
    reports, known = graph.read(parts)
    found: dict[str, AccountPerson] = {}
    for person in [*_reports(graph, reports), *_people(graph, known)]:
        addresses = [one for one in person.addresses if one != graph.account.lower()]
        if addresses and not found.keys() & set(person.addresses) and len(addresses) == len(person.addresses):
            found.update(dict.fromkeys(addresses, person))
    if not found and known.status == FORBIDDEN:
        # Nothing to show, and more could be seen.
        raise SignInNeeded(
            f"{graph.name}: the sign-in of {graph.account} does not include whom it works with ({known.line})",
            sign_in_step(graph.name, "--people"),
        )
    return list({id(person): person for person in found.values()}.values())


def _reports(graph: Graph, reply: Reply) -> Iterator[AccountPerson]:
    for row in _rows(graph, reply):
        addresses = _addresses(row.get("mail"), row.get("userPrincipalName"))
        if addresses:
            yield AccountPerson(_name(row, addresses), addresses, "a direct report")


def _people(graph: Graph, reply: Reply) -> Iterator[AccountPerson]:
    for row in _rows(graph, reply):
        kind = row.get("personType") or {}
        # Groups and rooms are listed as well.
        if kind.get("class", "Person") != "Person":
            continue
        scored = [one.get("address") for one in row.get("scoredEmailAddresses") or () if isinstance(one, dict)]
        addresses = _addresses(*scored)
        if addresses:
            yield AccountPerson(_name(row, addresses), addresses, "somebody you work with")


def _rows(graph: Graph, reply: Reply) -> Iterator[Json]:
    """What was listed; nothing where it may not be seen, or does not exist."""
    if not reply.done:
        return
    yield from (row for row in reply.body.get("value") or () if isinstance(row, dict))
    link = reply.body.get("@odata.nextLink")
    for page in graph.pages(str(link)) if link else ():
        yield from (row for row in page.get("value") or () if isinstance(row, dict))


def _addresses(*said: object) -> tuple[str, ...]:
    found = (str(address).strip().lower() for address in said if address)
    # A guest's user name looks like an address and is none (ben_example.org#EXT#@...).
    return tuple(dict.fromkeys(address for address in found if "@" in address and "#ext#" not in address))


def _name(row: Json, addresses: tuple[str, ...]) -> str:
    return str(row.get("displayName") or "").strip() or addresses[0]
