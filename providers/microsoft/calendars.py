"""The calendars of a mailbox, and which of them the options mean."""

from __future__ import annotations

from collections.abc import Iterable

from calsync.errors import NotFound
from calsync.ports import CalendarInfo
from providers.microsoft.graph import Graph, query

__all__ = ["listed", "means_primary", "picked", "so_called"]


def means_primary(wanted: str) -> bool:
    """True when the option `calendar` means the account's own calendar."""
    return wanted.strip().casefold() in ("", "primary")


def listed(graph: Graph) -> list[CalendarInfo]:
    """Every calendar of the mailbox, sorted by id."""
    rows = graph.pages(graph.root() + "/calendars" + query(_select="id,name,canEdit,isDefaultCalendar", _top="100"))
    found = [
        CalendarInfo(
            str(row["id"]),
            str(row.get("name") or row["id"]),
            bool(row.get("canEdit")),
            primary=bool(row.get("isDefaultCalendar")),
        )
        for page in rows
        for row in page.get("value") or ()
    ]
    return sorted(found, key=lambda info: info.id)


def so_called(there: Iterable[CalendarInfo], wanted: str) -> list[CalendarInfo]:
    """Those that the option `calendar` may mean: the one with that id, else all with that name in any case."""
    there, said = list(there), wanted.strip()
    if means_primary(said):
        return [one for one in there if one.primary]
    found = [one for one in there if one.id == said]
    return found or [one for one in there if one.name.strip().casefold() == said.casefold()]


def picked(name: str, account: str, there: Iterable[CalendarInfo], wanted: str) -> str:
    """The id of the one that the option `calendar` means. Raises NotFound where none or several are called so."""
    there = list(there)
    found = so_called(there, wanted)
    if len(found) == 1:
        return found[0].id
    if found:
        raise NotFound(
            f"{name}: {account} has {len(found)} calendars called {wanted}",
            "set `calendar` to the id of one of them; `calsync calendars` shows them",
        )
    names = ", ".join(sorted(one.name for one in there)) or "none"
    raise NotFound(f"{name}: {account} has no calendar {wanted}", f"set `calendar` to one of: {names}")
