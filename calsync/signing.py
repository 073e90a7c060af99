"""Signing in to a calendar: with a password that is kept, or by what its provider asks for."""

from __future__ import annotations

from dataclasses import dataclass

from calsync.accounts import SignInPerson, SignInWish
from calsync.config.values import CalendarConfig
from calsync.desk import Desk
from calsync.errors import CalsyncError, UsageError
from calsync.grants import GrantFile
from calsync.registry import sign_in_of
from calsync.signstep import given, sign_in_step, with_given
from calsync.tokens import SecretStore

__all__ = ["Kept", "sign_in"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of a sign-in: what calsync may do now, and where that is kept. `account` is "" for a password."""

    name: str
    where: str
    account: str = ""
    may: str = ""


def sign_in(desk: Desk, name: str, wish: SignInWish, person: SignInPerson) -> Kept:
    """Sign in for the configured calendar `name`, and keep what comes of it.

    Of `wish` the command line's part counts; what the account's calendars need is added here. Raises UsageError for a
    calendar that is not there or a wish that its provider cannot meet, else what `calsync.accounts.SignIn` raises.
    """
    calendars = desk.config.calendars
    calendar = next((one for one in calendars if one.name == name), None)
    if calendar is None:
        listed = ", ".join(one.name for one in calendars)
        raise UsageError(f"{desk.config.path}: there is no calendar {name}", f"connected are: {listed}")
    provider_sign_in = sign_in_of(calendar.provider)
    secrets = SecretStore(desk.state_folder)
    if provider_sign_in is None:
        return Kept(name, _place(desk, secrets.put(name, _password(calendar, wish, person))))
    together = [one for one in calendars if one.provider == calendar.provider and _account(one) == _account(calendar)]
    whole = SignInWish(
        way=wish.way,
        write=any(one.write for one in together),
        calendars=tuple(one.options for one in together),
        people=wish.people,
        client=wish.client,
        tenant=wish.tenant,
        token_file=wish.token_file,
    )
    try:
        made = provider_sign_in(name, calendar.options, desk.context(), whole, person)
    except CalsyncError as error:
        error.next_step = with_given(error.next_step, name, given(wish))
        raise
    file = GrantFile(desk.state_folder, calendar.provider, calendar.options["account"])
    where = f"{file.path}, which only you can read"
    if made.secret:
        where += f", and the secret in {_place(desk, secrets.put(name, made.secret))}"
    with file.locked():
        file.write(made.grant)
    return Kept(name, where, made.account, made.may)


def _account(calendar: CalendarConfig) -> str:
    return calendar.options.get("account", "").strip().casefold()


def _password(calendar: CalendarConfig, wish: SignInWish, person: SignInPerson) -> str:
    if wish != SignInWish():
        raise UsageError(
            f"{calendar.name}: a calendar of provider {calendar.provider} is signed in to with a password",
            f"{sign_in_step(calendar.name)} without further options",
        )
    password = person.ask(f"Password for {calendar.name}", hidden=True)
    if not password:
        raise UsageError(f"{calendar.name}: there is no password on stdin", "write it there as one line")
    return password


def _place(desk: Desk, place: str) -> str:
    return "the system keyring" if place == "keyring" else f"a file in {desk.state_folder} that only you can read"
