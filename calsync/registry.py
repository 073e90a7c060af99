"""Which adapter serves which kind of calendar: the only place in calsync that names the package `providers`.

Importing this module imports no adapter; an adapter, and whatever library it needs, is imported when one is opened.
Other people's adapters come in through the entry-point group `calsync.providers`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from calsync.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from calsync.accounts import HealthCheck, LiveProbe, SignIn
    from calsync.ports import CalendarProvider, ProviderContext

__all__ = [
    "ENTRY_POINTS",
    "check_marker",
    "health_of",
    "kinds",
    "open_provider",
    "option_keys",
    "probe_of",
    "sign_in_of",
]

ENTRY_POINTS = "calsync.providers"
"""The entry-point group: the name is the kind of calendar, the value `module:Class`; a class may have `OPTIONS`."""

_MARKER = "calsync adapters"

# A literal table, because entry points do not exist in a checkout that was never installed.
_BUILT_IN: dict[str, tuple[str, dict[str, str]]] = {
    "caldav": (
        "providers.caldav.provider:CalDavProvider",
        {
            "url": "the calendar's own address, or the server's, where calendars are then looked for",
            "username": "the name to sign in with; the password is kept elsewhere",
            "calendar": "which of the account's calendars is meant",
        },
    ),
    "google": (
        "providers.google.provider:GoogleProvider",
        {
            "account": "the Google account's address",
            "calendar": "`primary`, or another calendar's name or id",
            "event_type": "`default`, or `focus` for Google's own focus time",
            "service_account": "the key file of a service account that acts for the account",
            "client": "the file of the OAuth client that the sign-in goes through",
        },
    ),
    "ics": (
        "providers.ics.provider:IcsProvider",
        {
            "path": "one .ics file, a folder with one event a file, or a folder of such folders",
            "url": "an http or https address of an .ics file; read only",
            "username": "the name to sign in with at the address; the password is kept elsewhere",
            "calendar": "which folder is meant, in a folder of calendars",
        },
    ),
    "microsoft": (
        "providers.microsoft.provider:MicrosoftProvider",
        {
            "account": "the Microsoft account's address",
            "calendar": "another calendar than the account's own, by name or id",
            "tenant": "the organisation's tenant: its domain or id",
            "client": "the id of the application that the sign-in goes through",
            "cloud": "`global`, or the national cloud the account lives in",
        },
    ),
}
# The others need a password at most.
_SIGN_IN = {
    "google": "providers.google.signin:sign_in",
    "microsoft": "providers.microsoft.signin:sign_in",
}
_HEALTH = {kind: f"providers.{kind}.health:health" for kind in ("caldav", "google", "ics", "microsoft")}
_PROBES = {kind: f"providers.{kind}.probes:probe" for kind in ("caldav", "google", "microsoft")}
# Not offered to anybody: it forgets everything when the process ends.
_FOR_TESTS: dict[str, tuple[str, dict[str, str]]] = {
    "memory": (
        "providers.memory:MemoryProvider",
        {
            "server": "the name of the account in this process",
            "calendar": "which of its calendars is meant",
            "account": "the address of the account's owner",
        },
    ),
}


def kinds(named: Collection[str] | None = None) -> list[str]:
    """Every kind of calendar that a config may name, other people's included, sorted.

    When all of `named` (the kinds that a config names) come with calsync, only those that do: other people's are
    looked for in the metadata of every installed package, which takes a while.
    """
    if named is not None and set(named) <= set(_BUILT_IN):
        return sorted(_BUILT_IN)
    return sorted({*_BUILT_IN, *_entry_points()})


def option_keys(kind: str) -> Mapping[str, str]:
    """The option keys that a kind of calendar takes, each with one line on its meaning.

    Raises UsageError for an unknown kind. Imports nothing for the kinds that calsync brings.
    """
    known = _BUILT_IN.get(kind) or _FOR_TESTS.get(kind)
    if known is not None:
        return known[1]
    options = getattr(_loaded(kind), "OPTIONS", {})
    return {str(key): str(meaning) for key, meaning in options.items()}


def open_provider(kind: str, name: str, options: Mapping[str, str], context: ProviderContext) -> CalendarProvider:
    """A provider of `kind` for the calendar called `name` in the config; no request is made.

    Raises UsageError when the kind or an option is unknown, or when the adapter cannot be imported.
    """
    make = _loaded(kind)
    known = option_keys(kind)
    for key in options:
        if key not in known:
            raise UsageError(
                f"{name}: {key!r} is not an option of a calendar with provider {kind}", _nearest(key, list(known))
            )
    provider: CalendarProvider = make(name, dict(options), context)  # type: ignore[operator]
    return provider


def sign_in_of(kind: str) -> SignIn | None:
    """The sign-in of a kind of calendar; None where a password is all that it takes.

    Raises UsageError when the adapter cannot be imported.
    """
    found: SignIn | None = _hook(_SIGN_IN, kind)
    return found


def health_of(kind: str) -> HealthCheck | None:
    """How a kind of calendar tells whether a night would work; None where its adapter cannot tell.

    Raises UsageError when the adapter cannot be imported.
    """
    found: HealthCheck | None = _hook(_HEALTH, kind)
    return found


def probe_of(kind: str) -> LiveProbe | None:
    """What can be tried out on a calendar of a kind; None where nothing about it is open.

    Raises UsageError when the adapter cannot be imported.
    """
    found: LiveProbe | None = _hook(_PROBES, kind)
    return found


def _hook(table: Mapping[str, str], kind: str) -> Any:
    """What a table has for a kind of calendar, None where it has nothing; other people's adapters have no such hook."""
    where = table.get(kind)
    return None if where is None else _ours(kind, where)


def _loaded(kind: str) -> object:
    built_in = _BUILT_IN.get(kind) or _FOR_TESTS.get(kind)
    if built_in is not None:
        return _ours(kind, built_in[0])
    foreign = _entry_points().get(kind)
    if foreign is None:
        raise UsageError(f"there is no provider {kind!r}", _nearest(kind, kinds()))
    try:
        loaded: object = foreign.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the adapter for provider {kind} ({foreign.value}) cannot be loaded: {error}",
            "install that adapter again, or take the calendar out of the config",
        ) from error
    return loaded


def _ours(kind: str, where: str) -> object:
    """What stands at `module:attribute` of our own package of adapters."""
    check_marker()
    module, _, attribute = where.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the adapter for provider {kind} cannot be loaded: {error}", "install calsync again, on its own"
        ) from error


def check_marker() -> None:
    """Refuse a package `providers` that is not ours: the name is a common one. Raises UsageError."""
    try:
        found = import_module("providers")
    except ImportError as error:
        raise UsageError(f"calsync's adapters are not installed: {error}", "install calsync again") from error
    if getattr(found, "MARKER", None) != _MARKER:
        where = getattr(found, "__file__", None) or next(iter(getattr(found, "__path__", [])), "an unknown place")
        raise UsageError(
            f"another package named 'providers' is in the way: {where}",
            "run the installed `calsync` command from another folder, or install calsync in an environment of its own",
        )


def _entry_points() -> dict[str, EntryPoint]:
    # Asked only for a kind that is not built in, or for a message: reading all installed metadata takes a while.
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=ENTRY_POINTS) if point.name not in _BUILT_IN}


def _nearest(word: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    listed = ", ".join(known) or "none"
    return f"did you mean {near[0]!r}? There are: {listed}" if near else f"there are: {listed}"
