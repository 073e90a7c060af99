"""How a Google calendar stands: whether it lets us in and how long, what the grant lacks, which one is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from calsync.accounts import Health, SignInWish
from calsync.errors import CalsyncError, ProviderError, SignInNeeded, StateError
from calsync.grants import GrantFile, instant_in, seen
from calsync.ports import CalendarInfo, ProviderContext
from calsync.wire import Wire
from providers.google.auth import GoogleAccess, is_primary
from providers.google.calendars import PRIMARY, configured_id, listed
from providers.google.calls import Calls
from providers.google.errors import Rejected, told
from providers.google.refusals import sign_in_step
from providers.google.scopes import missing, plain, scopes_for
from providers.google.transport import Transport, asks_for_patience

if TYPE_CHECKING:
    from requests import Session

__all__ = ["TESTING", "health"]

TESTING = timedelta(days=7)
"""How long the consent of an external app in Testing lasts."""
_FOR_A_TIME = "Google ends what was allowed for a time; that of an app in Testing after 7 days (docs/google.md)"
_PERHAPS = "if the app is in Testing at Google's, its consent ends after 7 days (docs/google.md)"


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
    wire = Wire(name, http, clock=clock, not_done=asks_for_patience)
    access = GoogleAccess(name, options, context, wire, now=clock)
    error: CalsyncError | None = None
    chosen: CalendarInfo | None = None
    try:
        access.authorization()
        # What was let in may be refused by the calendar itself: an API that is switched off, an organisation's rules.
        there = listed(Calls(name, Transport(wire, access)), configured_id(options.get("calendar", "")))
        chosen = _chosen(options, there)
        error = _somebody_else(name, account, there)
    except Rejected as rejected:
        error = told(rejected, wire, account, "its list of calendars", now=clock())
    except (ProviderError, StateError) as refused:
        error = refused
    finally:
        wire.close()
    grant = seen(GrantFile(context.folder, "google", account))
    signed_in = instant_in(grant, "signed_in")
    ends = access.ends or instant_in(grant, "ends")
    # An answer that sets no end may also be one of before Google said so: then the age alone tells.
    may_end = ends is None and signed_in is not None and clock() < signed_in + TESTING
    if may_end and signed_in is not None:
        ends = signed_in + TESTING
    return Health(
        account=account,
        error=error,
        lacks=tuple(_lacking(options, wish, grant)),
        signed_in=signed_in,
        ends=ends,
        may_end=may_end,
        ends_why="" if ends is None else _PERHAPS if may_end else _FOR_A_TIME,
        calendar=chosen,
        server="Google",
        skew=wire.skew,
        needs_clock=True,
    )


def _lacking(options: Mapping[str, str], wish: SignInWish, grant: Mapping[str, Any]) -> list[str]:
    """What the configuration needs beyond what was granted, without what all permissions begin with."""
    granted = grant.get("scopes")
    if grant.get("kind") != "user" or not isinstance(granted, list):
        # A service account asks for what it needs by itself, and a grant without a list was asked for all of it.
        return []
    primary = all(map(is_primary, wish.calendars or (options,)))
    left_out = missing(scopes_for(write=wish.write, primary=primary, people=wish.people), map(str, granted))
    return [plain([scope]) for scope in left_out]


def _somebody_else(name: str, account: str, there: list[CalendarInfo]) -> SignInNeeded | None:
    """The error for a grant that is another account's: its own first calendar has that account's address."""
    who = next((one.id for one in there if one.primary), account)
    # Where the sign-in does not cover the list, the one calendar in it goes by the word that was asked with.
    if who.casefold() in (account.strip().casefold(), PRIMARY):
        return None
    return SignInNeeded(
        f"{name}: {who} has signed in, but the configuration names {account}",
        f"{sign_in_step(name)} and choose {account} in the browser, or change `account`",
    )


def _chosen(options: Mapping[str, str], there: list[CalendarInfo]) -> CalendarInfo | None:
    """The calendar that the options mean; None where it is not among those that the account lists."""
    wanted = options.get("calendar", "").strip().casefold()
    if is_primary(options):
        return next((one for one in there if one.primary), None)
    found = [one for one in there if one.id.casefold() == wanted] or [
        one for one in there if one.name.strip().casefold() == wanted
    ]
    return found[0] if len(found) == 1 else None
