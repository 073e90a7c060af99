"""Signing in to the account of a calendar within the setup: with what the options give, or by asking."""

from __future__ import annotations

from pathlib import Path

from calsync.accounts import SignInWay, SignInWish
from calsync.config.values import CalendarConfig
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.grants import GrantFile
from calsync.registry import sign_in_of
from calsync.setup.plan import Setup
from calsync.setup.wishes import Wishes
from calsync.signing import sign_in
from calsync.tokens import SecretStore

__all__ = ["misfit", "sign_in_for_people", "sign_in_to", "wants_sign_in"]

_WAYS: dict[SignInWay, str] = {
    SignInWay.BROWSER: "in a browser on this computer",
    SignInWay.PASTE: "in a browser elsewhere; you paste the address that it ends on",
    SignInWay.DEVICE_CODE: "in a browser elsewhere, with a code that is shown here",
}


def wants_sign_in(desk: Desk, calendar: CalendarConfig) -> bool:
    """True when nothing is kept with which the calendar could be opened, as far as can be told without asking it."""
    if sign_in_of(calendar.provider) is None:
        return bool(calendar.options.get("username")) and SecretStore(desk.state_folder).get(calendar.name) is None
    if calendar.options.get("service_account"):
        return False
    return GrantFile(desk.state_folder, calendar.provider, calendar.options["account"]).read() is None


def misfit(calendar: CalendarConfig, wishes: Wishes) -> UsageError | None:
    """What is wrong with the options for the sign-in of `calendar`: a password where none is taken, or a token file."""
    name, provider = calendar.name, calendar.provider
    if name in wishes.passwords and sign_in_of(provider) is not None:
        return UsageError(
            f"{name}: a calendar of provider {provider} takes no password",
            f"add --token-file {name}=FILE in its place, or sign in at a terminal",
        )
    if name in wishes.token_files and sign_in_of(provider) is None:
        return UsageError(
            f"{name}: a calendar of provider {provider} takes no token file", f"add --password {name}=FILE in its place"
        )
    return None


def sign_in_to(setup: Setup, desk: Desk, calendar: CalendarConfig) -> None:
    """Sign in to the account of `calendar`, with what the options give or by asking. Raises what a sign-in raises."""
    wishes, talk, name = setup.wishes, setup.talk, calendar.name
    wrong = misfit(calendar, wishes)
    if wrong is not None:
        raise wrong
    password = wishes.passwords.get(name)
    if password is not None:
        SecretStore(desk.state_folder).put(name, _first_line(name, password))
        return
    if sign_in_of(calendar.provider) is None:
        kept = sign_in(desk, name, SignInWish(), talk.person(name))
        talk.say(f"The password of {name} is kept in {kept.where}.")
        return
    question = f"May calsync also see whom {calendar.options['account']} knows, to propose people to you?"
    people = calendar.provider in wishes.people_from or (talk.attended and talk.agree(question, default=False))
    _by_provider(setup, desk, calendar, people=people)


def _by_provider(setup: Setup, desk: Desk, calendar: CalendarConfig, *, people: bool) -> None:
    wishes, talk, name = setup.wishes, setup.talk, calendar.name
    file = wishes.token_files.get(name)
    way = SignInWay.TOKEN_FILE if file is not None else wishes.way or _way(setup, calendar)
    kept = sign_in(desk, name, SignInWish(way=way, people=people, token_file=file), talk.person(name))
    talk.say(f"{kept.account} is signed in: calsync may {kept.may}. The grant lies in {kept.where}.")


def sign_in_for_people(setup: Setup, provider: str) -> bool:
    """Sign in anew to the accounts of `provider`, with leave to see whom they know; False when that is not wanted.

    Raises what a sign-in raises.
    """
    if not setup.talk.agree("Sign in again, and let calsync see them?", default=True):
        return False
    desk, accounts = setup.draft.desk(), set()
    for calendar in desk.config.calendars:
        account = calendar.options.get("account", "").casefold()
        if calendar.provider == provider and account not in accounts and not calendar.options.get("service_account"):
            _by_provider(setup, desk, calendar, people=True)
            accounts.add(account)
    return bool(accounts)


def _way(setup: Setup, calendar: CalendarConfig) -> SignInWay:
    ways = [way for way in _WAYS if way is not SignInWay.DEVICE_CODE or calendar.provider == "microsoft"]
    chosen = setup.talk.choose(
        f"How do you want to sign in to {calendar.options['account']}?",
        [(way.value, _WAYS[way]) for way in ways],
        SignInWay.BROWSER.value,
    )
    return SignInWay(chosen)


def _first_line(name: str, file: Path) -> str:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not text"
        raise UsageError(
            f"{name}: {file} cannot be read ({reason})", "name a file with the password in its first line"
        ) from None
    if not lines or not lines[0]:
        raise UsageError(f"{name}: {file} has no password in its first line", "write it there")
    return lines[0]
