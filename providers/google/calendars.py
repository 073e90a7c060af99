"""Which calendars an account has, and which of them a config means."""

from __future__ import annotations

from calsync.errors import NotFound
from calsync.ports import CalendarInfo
from providers.google.calls import Calls
from providers.google.errors import Rejected
from providers.google.reading import Reader

__all__ = ["PRIMARY", "configured_id", "listed", "named"]

PRIMARY = "primary"
_WRITABLE = frozenset({"owner", "writer"})
"""A writer without private access would not see its own blocks, which are private."""


def configured_id(option: str) -> str:
    """The calendar id that the option `calendar` is, "" when it is a name that must be looked up."""
    said = option.strip()
    if not said or said.casefold() == PRIMARY:
        return PRIMARY
    return said if "@" in said else ""


def listed(calls: Calls, configured: str) -> list[CalendarInfo]:
    """Every calendar of the account, sorted by id.

    The sign-in may not cover the list: then it is the configured one (an id), where there is one.
    """
    try:
        pages = list(
            calls.pages(
                calls.calendar_list,
                maxResults=250,
                fields="nextPageToken,items(id,summary,summaryOverride,accessRole,timeZone,deleted,primary)",
            )
        )
    except Rejected as rejected:
        if not rejected.is_about_scope or not configured:
            raise
        role = Reader(calls, configured).role()
        return [CalendarInfo(configured, configured, role in _WRITABLE, primary=configured == PRIMARY)]
    return sorted(
        (
            CalendarInfo(
                str(item["id"]),
                str(item.get("summaryOverride") or item.get("summary") or item["id"]),
                item.get("accessRole") in _WRITABLE,
                str(item.get("timeZone", "")),
                primary=bool(item.get("primary")),
            )
            for page in pages
            for item in page.get("items", ())
            if not item.get("deleted")
        ),
        key=lambda info: info.id,
    )


def named(calls: Calls, wanted: str) -> str:
    """The id of the calendar of that name, whatever the case of its letters.

    Raises NotFound, listing what there is, for a name that none or more than one has.
    """
    there = listed(calls, "")
    found = [info.id for info in there if info.name.strip().casefold() == wanted.strip().casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(
            f"{calls.name}: {len(found)} calendars of the account are called {wanted}",
            f"put the id of the one that is meant in its place: {', '.join(found)}",
        )
    names = ", ".join(sorted(info.name for info in there)) or "none"
    raise NotFound(f"{calls.name}: no calendar of the account is called {wanted}", f"there are: {names}")
