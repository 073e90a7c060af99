"""Sends a message through the Apprise URLs of `notify`. A failure is an error to be told; no URL is ever shown.

A URL of Apprise holds a secret as often as not, even where a host would stand: what is said of one is its number in the
list and its scheme.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from calsync.errors import CalsyncError, Unfinished, UsageError

if TYPE_CHECKING:
    from calsync.digest import Message

__all__ = ["PATIENCE", "send", "unknown"]

PATIENCE = 20.0
"""Seconds that one URL is given, whatever its server does. Apprise's own limit is for each time that it reads."""

_LOGGER = "apprise"


def send(urls: Sequence[str], message: Message, *, patience: float = PATIENCE) -> list[CalsyncError]:
    """Send `message` to each URL, one after the other, each once; what failed, in words without any secret.

    Raises UsageError when Apprise is not installed, or is too old to be kept to the hosts of the URLs.
    """
    apprise = _apprise()
    asset = _asset(apprise)
    heard = _listen()
    errors: list[CalsyncError] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plugins try old modules of Python; that is nothing to tell the leader
        for number, url in enumerate(urls, 1):
            heard.why = ""
            why = _send_one(apprise, asset, url, message, heard, patience)
            if why:
                errors.append(
                    Unfinished(
                        f"notify[#{number}] ({_scheme(url)}): the notice was not sent: {why}",
                        "look at that URL in the configuration; `calsync today --notify` tries it again",
                    )
                )
    return errors


def unknown(urls: Sequence[str]) -> list[int]:
    """The numbers (from 1) of the URLs that Apprise cannot use. Nothing is sent. Raises UsageError as `send` does."""
    apprise = _apprise()
    _asset(apprise)
    _listen()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [number for number, url in enumerate(urls, 1) if not apprise.Apprise.instantiate(url)]


def _apprise() -> Any:
    """The library, loaded at first use. Raises UsageError when it is not installed."""
    try:
        import apprise
    except ImportError as error:
        raise UsageError(
            "notify: what sends notices is not installed",
            "install it: pipx inject calsync apprise, or, in the folder that calsync was installed from, "
            "uv tool install '.[notify]' or pip install '.[notify]'",
        ) from error
    return apprise


def _asset(apprise: Any) -> Any:
    """How Apprise is to behave. Raises UsageError when it is too old to behave so."""
    try:
        return apprise.AppriseAsset(
            app_id="calsync",
            app_desc="calsync",
            app_url="",
            image_url_mask="",  # no picture is fetched from anywhere by whoever shows the notice
            image_url_logo="",
            http_redirects=False,  # only the host that the leader named is asked
            async_mode=False,
            service_timeout=0,  # ours counts
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            pgp_autogen=False,
            pem_autogen=False,
        )
    except Exception as error:  # what it does not know is refused by each version in a way of its own
        version = getattr(apprise, "__version__", "")
        raise UsageError(
            f"notify: Apprise {version} is installed, which is too old to be kept to a host",
            "upgrade it: pip install --upgrade apprise, or pipx runpip calsync install --upgrade apprise, or uv tool "
            "upgrade calsync",
        ) from error


def _send_one(apprise: Any, asset: Any, url: str, message: Message, heard: _Listener, patience: float) -> str:
    """Why it was not sent, or ""."""
    outcome: list[str] = []

    def work() -> None:
        try:
            service = apprise.Apprise.instantiate(url, asset=asset)
            if not service:
                outcome.append("Apprise knows no such URL, or a part of it is missing")
                return
            box = apprise.Apprise(asset=asset)
            box.add(service)
            sent = box.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT)
            outcome.append("" if sent else heard.why or "no answer")
        except Exception as error:  # noqa: BLE001 - a plugin of Apprise may raise anything, and its words may be secret
            outcome.append(f"an error of Apprise ({type(error).__name__})")

    # A daemon: a server that never ends its answer must not keep calsync from ending.
    thread = threading.Thread(target=work, name="notice", daemon=True)
    thread.start()
    thread.join(patience)
    return outcome[0] if outcome else f"no answer within {patience:g} seconds"


class _Listener(logging.Handler):
    """Hears what Apprise logs, takes the status of an answer from it, and lets nothing of it out."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.why = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Remember an HTTP status, the only thing said that is surely no secret."""
        found = re.search(r"\berror=([1-5]\d\d)\b", record.getMessage())
        if found:
            self.why = f"the server answered {found[1]}"


def _listen() -> _Listener:
    logger = logging.getLogger(_LOGGER)
    for handler in list(logger.handlers):
        if isinstance(handler, _Listener):
            logger.removeHandler(handler)
    listener = _Listener()
    logger.addHandler(listener)
    logger.propagate = False  # for good: what is late is not told either
    return listener


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower()
