"""How iCalendar files stand: what may be written, how old a single file is, what the clock of a web server says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from calsync.accounts import Health, Remark, SignInWish
from calsync.errors import StateError
from calsync.ports import CalendarInfo, ProviderContext
from calsync.wire import http_date
from providers.ics.url import WebCalendar

__all__ = ["STALE", "health"]

STALE = timedelta(days=30)
"""A file that a program exports every day or every hour does not grow so old."""


def health(
    name: str,
    options: Mapping[str, str],
    context: ProviderContext,
    wish: SignInWish,  # noqa: ARG001 - files know no permissions of ours
    clock: Callable[[], datetime],
) -> Health:
    """See calsync.accounts.HealthCheck."""
    url = options.get("url", "")
    if url:
        return _of_url(name, url, options.get("username"), context, clock)
    path = Path(options.get("path", "")).expanduser()
    try:
        if path.is_dir():
            folder = path / options["calendar"] if options.get("calendar") else path
            if not folder.is_dir():
                return Health()
            return Health(calendar=CalendarInfo("", folder.name, os.access(folder, os.W_OK | os.X_OK)))
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        # The night says what is wrong with the path.
        return Health()
    age = clock() - changed
    if age < STALE:
        return Health(calendar=CalendarInfo("", path.name, writable=False))
    old = Remark(
        "calendar.stale",
        f"{name}: {path} has not changed for {age.days} days",
        "if another program exports it, that has stopped, and newer meetings are not seen",
        "look at the program that writes the file; a file that you keep by hand may well be so old",
    )
    return Health(calendar=CalendarInfo("", path.name, writable=False), remarks=(old,))


def _of_url(
    name: str, url: str, username: str | None, context: ProviderContext, clock: Callable[[], datetime]
) -> Health:
    server = urlsplit(url).hostname or ""
    try:
        password = context.secret(name) if username else None
    except StateError as error:
        return Health(account=username or "", error=error, server=server)
    date = http_date(WebCalendar(name, url, username, password).date())
    return Health(
        account=username or "",
        calendar=CalendarInfo("", name, writable=False),
        server=server,
        skew=None if date is None else clock() - date,
    )
