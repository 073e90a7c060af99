"""Signing in with a Microsoft account, once: in a browser, by an address pasted back, by code, or by an application.

What comes out is checked before anything is kept: that every permission asked for was given, and that the account is
the one that the configuration names.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from calsync.accounts import NewGrant, SignInPerson, SignInWay, SignInWish
from calsync.errors import SignInNeeded, UsageError
from calsync.grants import GrantFile, every_grant, granted
from calsync.ports import ProviderContext
from calsync.tokenwire import ask, pasted_answer
from calsync.wire import Wire
from providers.microsoft.auth import DEFAULT_TENANT, MsalHttp, make_app
from providers.microsoft.clouds import cloud, scopes_for
from providers.microsoft.refusals import ANY_TENANT, SignedIn, refusal, sign_in_step

if TYPE_CHECKING:
    from msal import ClientApplication
    from requests import Session

__all__ = ["sign_in"]

_PATIENCE_SECONDS = 300
_PEOPLE = frozenset(scopes_for(write=False, people=True)) - frozenset(scopes_for(write=False))
_PASTED_TO = "http://localhost"
"""Where the browser ends when nothing listens there: its address bar has the answer."""
_DONE = "calsync has what it needs. You may close this window."


def sign_in(
    name: str,
    options: Mapping[str, str],
    context: ProviderContext,
    wish: SignInWish,
    person: SignInPerson,
    *,
    http: Callable[[], Session] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> NewGrant:
    """See calsync.accounts.SignIn. `http` gives the requests session, `now` the instant of the sign-in."""
    who = _who(name, options, context, wish)
    wire = Wire(name, http)
    may = "read and write its calendars" if wish.write else "read its calendars"
    grant: dict[str, Any] = {
        "account": who.account,
        "client": who.client,
        "tenant": who.tenant,
        "cloud": who.cloud.name,
        "signed_in": now().isoformat(timespec="seconds"),
    }
    if wish.way is SignInWay.APPLICATION:
        secret, cache = _application(who, wire, person)
        grant |= {"kind": "application", "cache": cache, "secret_of": name}
        return NewGrant(who.account, f"{may}, as an application", grant, secret)
    # Asked for once, it is not lost with the next sign-in.
    before = granted(GrantFile(context.folder, "microsoft", options["account"]))
    people = wish.people or not before.isdisjoint(_PEOPLE)
    permissions = scopes_for(write=wish.write, people=people)
    from msal import SerializableTokenCache

    kept = SerializableTokenCache()
    app = make_app(who, kept, MsalHttp(wire, safe=False))
    answer = _WAYS[wish.way](app, who, who.cloud.scopes(permissions), person)
    if "access_token" not in answer:
        raise refusal(who, answer)
    _check_scopes(who, permissions, str(answer.get("scope", "")))
    signed_in = _check_account(who, wire, answer)
    grant |= {"kind": "user", "scopes": permissions, "cache": kept.serialize()}
    return NewGrant(signed_in, may + (" and list its people" if people else ""), grant)


def _who(name: str, options: Mapping[str, str], context: ProviderContext, wish: SignInWish) -> SignedIn:
    """What to sign in with: the command line's word, else the configuration's, else that of another account's grant."""
    chosen = cloud(options)
    if wish.way is SignInWay.TOKEN_FILE:
        raise UsageError(
            f"{name}: Microsoft's tokens are not carried from one computer to another",
            f"{sign_in_step(name, '--paste')} where there is no browser",
        )
    if wish.people and wish.way is SignInWay.APPLICATION:
        raise UsageError(
            f"{name}: what an application may see is an administrator's to give",
            "leave --people out (docs/microsoft.md)",
        )
    for key, said in (("client", wish.client), ("tenant", wish.tenant)):
        if said and options.get(key, said) != said:
            raise UsageError(
                f"{name}: --{key} says {said}, but the configuration says {options[key]}",
                f"leave --{key} out, or change `{key}`",
            )
    client = wish.client or options.get("client") or _used_before(context, chosen.name)
    if not client:
        raise UsageError(
            f"{name}: signing in at Microsoft goes through an application, and none is named",
            f"register one (docs/microsoft.md), then {sign_in_step(name, '--client', 'ID')}",
        )
    tenant = wish.tenant or options.get("tenant") or DEFAULT_TENANT
    if wish.way is SignInWay.APPLICATION and tenant in ANY_TENANT:
        raise UsageError(
            f"{name}: an application belongs to one tenant, and none is named",
            f"{sign_in_step(name, '--application', '--tenant', 'TENANT')} with your organisation's domain or id",
        )
    return SignedIn(name, options["account"].strip(), client, tenant, chosen)


def _used_before(context: ProviderContext, cloud_name: str) -> str:
    grants = every_grant(context.folder, "microsoft")
    return next((str(g["client"]) for g in grants if g.get("client") and g.get("cloud") == cloud_name), "")


def _by_browser(app: ClientApplication, who: SignedIn, scopes: list[str], person: SignInPerson) -> dict[str, Any]:
    from msal.oauth2cli import AuthCodeReceiver

    # acquire_token_interactive in its parts, because that one lets nobody choose how the browser is opened.
    browser = person.browser()
    with AuthCodeReceiver(port=0) as receiver:
        flow = app.initiate_auth_code_flow(
            scopes,
            # Microsoft takes any port for a registered http://localhost, and no address in figures.
            redirect_uri=f"http://localhost:{receiver.get_port()}",
            login_hint=who.account,
            response_mode="form_post",
        )
        answer = receiver.get_auth_response(
            auth_uri=flow["auth_uri"],
            state=flow["state"],
            timeout=_PATIENCE_SECONDS,
            success_template=_DONE,
            error_template="The sign-in did not work; calsync says why.",
            browser_name=browser,
        )
    if not answer:
        raise SignInNeeded(
            f"{who.name}: nobody has finished the sign-in of {who.account} within {_PATIENCE_SECONDS // 60} minutes",
            f"{who.step}, or with --paste where the browser is on another computer",
        )
    return _redeemed(app, who, flow, answer)


def _by_paste(app: ClientApplication, who: SignedIn, scopes: list[str], person: SignInPerson) -> dict[str, Any]:
    with warnings.catch_warnings():
        # MSAL would rather have the answer posted; here it must stand in the address.
        warnings.simplefilter("ignore")
        flow = app.initiate_auth_code_flow(scopes, redirect_uri=_PASTED_TO, login_hint=who.account)
    person.say(f"Open this address in a browser and sign in as {who.account}:\n\n{flow['auth_uri']}\n")
    person.say(f"It ends on a page that cannot be shown, at an address that begins with {_PASTED_TO}/?")
    answer = pasted_answer(who.name, person.ask("That whole address"), f"{_PASTED_TO}/?")
    return _redeemed(app, who, flow, answer)


def _by_code(app: ClientApplication, who: SignedIn, scopes: list[str], person: SignInPerson) -> dict[str, Any]:
    person.watch()
    flow = app.initiate_device_flow(scopes)
    if "user_code" not in flow:
        raise refusal(who, flow)
    person.say(f"Open {flow['verification_uri']} in a browser, sign in as {who.account} and enter {flow['user_code']}")
    answer: dict[str, Any] = app.acquire_token_by_device_flow(flow)
    if answer.get("error") in ("authorization_pending", "expired_token", "code_expired"):
        raise SignInNeeded(f"{who.name}: nobody has entered the code in time", sign_in_step(who.name, "--device-code"))
    return answer


_WAYS: dict[SignInWay, Callable[[ClientApplication, SignedIn, list[str], SignInPerson], dict[str, Any]]] = {
    SignInWay.BROWSER: _by_browser,
    SignInWay.PASTE: _by_paste,
    SignInWay.DEVICE_CODE: _by_code,
}


def _redeemed(app: ClientApplication, who: SignedIn, flow: dict[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The tokens for the code in the browser's answer, or the refusal in it."""
    try:
        found: dict[str, Any] = app.acquire_token_by_auth_code_flow(flow, answer)
    except (ValueError, RuntimeError):
        # State or nonce do not match; MSAL's message would quote both.
        raise SignInNeeded(f"{who.name}: the answer belongs to another sign-in", who.step) from None
    return found


def _application(who: SignedIn, wire: Wire, person: SignInPerson) -> tuple[str, str]:
    """The application's secret, checked against the account's calendar, and MSAL's cache."""
    from msal import SerializableTokenCache

    secret = person.ask(f"Secret of the application {who.client}", hidden=True)
    if not secret:
        raise UsageError(f"{who.name}: there is no secret on stdin", "write it there as one line")
    cache = SerializableTokenCache()
    app = make_app(who, cache, MsalHttp(wire, safe=True), secret)
    answer = app.acquire_token_for_client(who.cloud.scopes([".default"]))
    if "access_token" not in answer:
        raise refusal(who, answer)
    path = f"/v1.0/users/{quote(who.account)}/calendar?$select=id"
    status, _ = _from_graph(who, wire, path, answer["access_token"])
    if status == HTTPStatus.NOT_FOUND:
        raise SignInNeeded(f"{who.name}: the tenant {who.tenant} has no mailbox {who.account}", "check `account`")
    if status != HTTPStatus.OK:
        raise SignInNeeded(
            f"{who.name}: the application {who.client} may not see the calendar of {who.account} (HTTP {status})",
            f"an administrator grants it Calendars.ReadWrite as an application permission: {who.approval}",
        )
    return secret, cache.serialize()


def _check_scopes(who: SignedIn, wanted: list[str], granted: str) -> None:
    # Microsoft names them with or without the host, and in any case of letters.
    have = {scope.rpartition("/")[2].casefold() for scope in granted.split()}
    if "calendars.readwrite" in have:
        have.add("calendars.read")
    left_out = [permission for permission in wanted if permission.casefold() not in have]
    if granted and left_out:
        raise SignInNeeded(
            f"{who.name}: the sign-in does not allow all that is needed; missing: {', '.join(left_out)}",
            f"ask an administrator to open {who.approval} , then {who.step}",
        )


def _check_account(who: SignedIn, wire: Wire, answer: Mapping[str, Any]) -> str:
    """Whose token it is, by the address that the account goes by. Raises SignInNeeded for another's."""
    claims = answer.get("id_token_claims") or {}
    seen = [str(claims.get("preferred_username", ""))]
    if who.account.casefold() != seen[0].casefold():
        # One signs in with one's name at the organisation, which need not be one's mail address.
        status, said = _from_graph(who, wire, "/v1.0/me?$select=mail,userPrincipalName", answer["access_token"])
        if status == HTTPStatus.OK:
            seen += [str(said[key]) for key in ("mail", "userPrincipalName") if said.get(key)]
    if who.account.casefold() not in map(str.casefold, seen):
        signed_in = next(filter(None, seen), "somebody else")
        raise SignInNeeded(
            f"{who.name}: {signed_in} has signed in, but the configuration names {who.account}; nothing was kept",
            f"{who.step} and choose {who.account} in the browser, or change `account`",
        )
    return who.account


def _from_graph(who: SignedIn, wire: Wire, path: str, token: str) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    answer = ask(wire, "GET", who.cloud.graph + path, headers=headers, safe=True)
    said: dict[str, Any] = json.loads(answer.body)
    return answer.status, said
