"""How a CalDAV calendar stands: whether the password is taken, which one is meant, what the server's clock says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from calsync.accounts import Health, SignInWish
from calsync.errors import CalsyncError, ProviderError, StateError
from calsync.ports import CalendarInfo, ProviderContext
from calsync.wire import http_date
from providers.caldav.dav import Dav
from providers.caldav.discovery import find, pick

__all__ = ["health"]


def health(
    name: str,
    options: Mapping[str, str],
    context: ProviderContext,
    wish: SignInWish,  # noqa: ARG001 - a password opens all or nothing
    clock: Callable[[], datetime],
) -> Health:
    """See calsync.accounts.HealthCheck."""
    url = options.get("url", "")
    chosen: CalendarInfo | None = None
    error: CalsyncError | None = None
    dav: Dav | None = None
    try:
        dav = Dav(name, url, options.get("username", ""), context.secret(name))
        wanted = options.get("calendar", "")
        chosen = pick(name, find(dav, url, all_of_them=bool(wanted)), wanted)
    except (ProviderError, StateError) as refused:
        error = refused
    finally:
        if dav is not None:
            dav.close()
    date = http_date(dav.date) if dav is not None else None
    return Health(
        account=options.get("username", ""),
        error=error,
        calendar=chosen,
        server=urlsplit(url).hostname or "",
        skew=None if date is None else clock() - date,
    )
