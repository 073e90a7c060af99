"""How a Microsoft calendar stands: what a silent token request says, when the grant ends, which calendar is meant."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from calsync.accounts import Health, Remark, SignInWish
from calsync.errors import CalsyncError, ProviderError, SignInNeeded, StateError
from calsync.grants import GrantFile, instant_in, seen
from calsync.ports import CalendarInfo, ProviderContext
from calsync.wire import Wire
from providers.microsoft.auth import MicrosoftAccess
from providers.microsoft.calendars import listed, means_primary, so_called
from providers.microsoft.clouds import cloud, scopes_for
from providers.microsoft.graph import Graph, query
from providers.microsoft.refusals import sign_in_step

if TYPE_CHECKING:
    from requests import Session

__all__ = ["UNUSED", "health"]

UNUSED = timedelta(days=90)
"""After so long without use a sign-in is over (AADSTS700082)."""
_WHY = "Microsoft ends a sign-in that nobody has used for 90 days; every night uses it"


def health(
    name: str,
    options: Mapping[str, str],
    context: ProviderContext,
    wish: SignInWish,
    clock: Callable[[], datetime],
    *,
    http: Callable[[], Session] | None = None,
) -> Health:
    """See calsync.accounts.HealthCheck. `http` gives the requests session."""
    account = options["account"]
    file = GrantFile(context.folder, "microsoft", account)
    wire = Wire(name, http, clock=clock)
    # Fresh: what is kept would hide for an hour that an administrator has taken the approval back.
    access = MicrosoftAccess(name, options, context, wire, fresh=True)
    error: CalsyncError | None = None
    chosen: CalendarInfo | None = None
    try:
        access.authorization()
        graph = Graph(name, account, cloud(options).graph, wire, access, time.sleep)
        chosen = _chosen(graph, options)
        error = _somebody_else(name, account, graph, seen(file))
    except (ProviderError, StateError) as refused:
        error = refused
    finally:
        wire.close()
    grant = seen(file)
    used = _last_used(grant)
    return Health(
        account=account,
        error=error,
        lacks=tuple(_lacking(wish, grant)),
        signed_in=instant_in(grant, "signed_in"),
        ends=None if used is None else used + UNUSED,
        ends_why="" if used is None else _WHY,
        calendar=chosen,
        server="Microsoft",
        skew=wire.skew,
        needs_clock=True,
        remarks=tuple(_remarks(name, options)),
    )


def _remarks(name: str, options: Mapping[str, str]) -> Iterator[Remark]:
    secondary = not means_primary(options.get("calendar", ""))
    if secondary and options.get("cloud", "global") != "global":
        yield Remark(
            "calendar.primary-only",
            f"{name}: the list of changes of another calendar than the account's own is not promised in the cloud "
            f"{options['cloud']}",
            "Microsoft's pages speak of the account's own calendar only; where the list is refused, the calendar "
            "cannot be read",
            "`calsync doctor --live` tries it; else leave `calendar` out for the account's own",
        )


def _lacking(wish: SignInWish, grant: Mapping[str, Any]) -> list[str]:
    granted = grant.get("scopes")
    if grant.get("kind") != "user" or not isinstance(granted, list):
        # What an application may do is an administrator's to give, and no list of it is kept.
        return []
    have = {str(one) for one in granted}
    if "Calendars.ReadWrite" in have:
        have.add("Calendars.Read")
    return sorted(set(scopes_for(write=wish.write, people=wish.people)) - have)


def _somebody_else(name: str, account: str, graph: Graph, grant: Mapping[str, Any]) -> SignInNeeded | None:
    """The error for a grant that is another account's; None for an application's, which names no account."""
    wanted = account.strip().casefold()
    if grant.get("kind") != "user" or wanted in map(str.casefold, _signed_in_as(grant)):
        return None
    # One signs in with one's name at the organisation, which need not be one's mail address.
    said = graph.get("/me" + query(_select="mail,userPrincipalName"))
    seen = [str(said[key]) for key in ("mail", "userPrincipalName") if said.get(key)]
    if not seen or wanted in map(str.casefold, seen):
        return None
    return SignInNeeded(
        f"{name}: {seen[0]} has signed in, but the configuration names {account}",
        f"{sign_in_step(name)} and choose {account} in the browser, or change `account`",
    )


def _signed_in_as(grant: Mapping[str, Any]) -> list[str]:
    try:
        return [str(one["username"]) for one in json.loads(str(grant.get("cache", "")))["Account"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _chosen(graph: Graph, options: Mapping[str, str]) -> CalendarInfo | None:
    """The calendar that the options mean; None where the account has none or several of that name."""
    found = so_called(listed(graph), options.get("calendar", ""))
    return found[0] if len(found) == 1 else None


def _last_used(grant: Mapping[str, Any]) -> datetime | None:
    """When the sign-in was last used, by what MSAL notes beside its refresh token."""
    try:
        tokens = json.loads(str(grant.get("cache", "")))["RefreshToken"].values()
        noted = [int(one["last_modification_time"]) for one in tokens]
        return datetime.fromtimestamp(max(noted), UTC)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, OverflowError):
        return None
