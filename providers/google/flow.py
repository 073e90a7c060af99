"""Google's sign-in in a browser, on the way to a first token: OAuth with PKCE, by google-auth-oauthlib."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from calsync.accounts import SignInPerson
from calsync.errors import SignInNeeded, UsageError
from calsync.grants import every_grant
from calsync.tokenwire import ask, pasted_answer
from calsync.wire import Wire
from providers.google.auth import TOKEN_URI, is_token_uri
from providers.google.refusals import Refusal, sign_in_step

__all__ = ["Client", "by_browser", "by_paste", "find_client"]

_AUTH_URI = "https://accounts.google.com/o/oauth2/v2/auth"
_PATIENCE_SECONDS = 300
_PASTED_TO = "http://localhost"
"""Where the browser ends when nothing listens there: its address bar has the answer."""
_DONE = "calsync has what it needs. You may close this window."


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client, as Google's console gives it in a file."""

    id: str
    secret: str = field(repr=False)
    auth_uri: str = _AUTH_URI
    token_uri: str = TOKEN_URI


def find_client(name: str, chosen: str, folder: Path) -> Client:
    """The client in the file `chosen`; when that is "", the one through which another account has signed in.

    Raises UsageError when there is none, or the file has none of the right type.
    """
    if chosen:
        return _client_in(name, Path(chosen).expanduser())
    for grant in every_grant(folder, "google"):
        client, secret, token_uri = (grant.get(key) for key in ("client_id", "client_secret", "token_uri"))
        if client and isinstance(client, str) and isinstance(secret, str) and is_token_uri(token_uri):
            return Client(client, secret, token_uri=str(token_uri))
    raise UsageError(
        f"{name}: signing in at Google goes through an OAuth client, and none is named",
        f"make one of the type Desktop app (docs/google.md), then {sign_in_step(name, '--client', 'FILE')}",
    )


def by_browser(
    name: str, account: str, client: Client, scopes: Sequence[str], wire: Wire, person: SignInPerson
) -> dict[str, Any]:
    """Google's answer with the tokens, after a sign-in in the browser of this computer.

    Raises SignInNeeded when it is declined or nobody comes within minutes, UsageError without a browser, Unreachable.
    """
    flow = _flow(client, scopes, wire)
    return _answered(
        name,
        account,
        flow,
        lambda: flow.run_local_server(
            host="127.0.0.1",
            port=0,
            authorization_prompt_message=None,
            success_message=_DONE,
            timeout_seconds=_PATIENCE_SECONDS,
            browser=person.browser(),
            **_wishes(account),
        ),
    )


def by_paste(
    name: str, account: str, client: Client, scopes: Sequence[str], wire: Wire, person: SignInPerson
) -> dict[str, Any]:
    """The same, after a sign-in in a browser anywhere, whose last address is pasted here."""
    flow = _flow(client, scopes, wire)
    flow.redirect_uri = _PASTED_TO
    address, _ = flow.authorization_url(**_wishes(account))
    person.say(f"Open this address in a browser and sign in as {account}:\n\n{address}\n")
    person.say(f"It ends on a page that cannot be shown, at an address that begins with {_PASTED_TO}/?")
    said = pasted_answer(name, person.ask("That whole address"), f"{_PASTED_TO}/?")
    # oauthlib takes codes from https addresses only; this one never was a request.
    answer = f"https://localhost/?{urlencode(said)}"
    return _answered(name, account, flow, lambda: flow.fetch_token(authorization_response=answer))


def _wishes(account: str) -> dict[str, str]:
    # With `consent`, since without it Google gives a refresh token at an account's first sign-in only.
    return {"prompt": "consent", "login_hint": account}


def _flow(client: Client, scopes: Sequence[str], wire: Wire) -> Any:
    from google_auth_oauthlib.flow import InstalledAppFlow

    installed = {
        "client_id": client.id,
        "client_secret": client.secret,
        "auth_uri": client.auth_uri,
        "token_uri": client.token_uri,
    }
    flow = InstalledAppFlow.from_client_config({"installed": installed}, scopes=list(scopes))
    flow.oauth2session.mount("https://", _OverWire(wire))
    return flow


def _answered(name: str, account: str, flow: Any, finish: Any) -> dict[str, Any]:
    import webbrowser

    from google_auth_oauthlib.flow import WSGITimeoutError
    from oauthlib.oauth2 import OAuth2Error

    try:
        finish()
    except OAuth2Error as error:
        raise Refusal(name, account, {"error": error.error}).of_sign_in() from None
    except WSGITimeoutError:
        raise SignInNeeded(
            f"{name}: nobody has finished the sign-in of {account} within {_PATIENCE_SECONDS // 60} minutes",
            f"{sign_in_step(name)}, or with --paste where the browser is on another computer",
        ) from None
    except webbrowser.Error:
        raise UsageError(f"{name}: no browser can be opened here", sign_in_step(name, "--paste")) from None
    except Warning as changed:
        # How oauthlib says that something else was granted than asked for; what is missing is told by the caller.
        token = getattr(changed, "token", None)
        if token is None:
            raise
        return dict(token)
    return dict(flow.oauth2session.token)


def _client_in(name: str, path: Path) -> Client:
    again = "download it from Google's console again: a client of the type Desktop app (docs/google.md)"
    try:
        said = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{name}: {path}: the client's file cannot be read ({error.strerror})", again) from None
    except ValueError:
        said = None
    if isinstance(said, dict) and "web" in said:
        raise UsageError(f"{name}: {path} is the client of a web application", again)
    found = said.get("installed") if isinstance(said, dict) else None
    if not isinstance(found, Mapping) or not all(isinstance(found.get(key), str) for key in ("client_id",)):
        raise UsageError(f"{name}: {path} is no file of an OAuth client", again)
    return Client(
        found["client_id"],
        str(found.get("client_secret", "")),
        str(found.get("auth_uri", _AUTH_URI)),
        str(found.get("token_uri", TOKEN_URI)),
    )


class _OverWire(BaseAdapter):
    """Lets requests-oauthlib send over the wire; a code is sent once, since it works once."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Send one request; raises Unreachable."""
        body = request.body or b""
        answer = ask(
            self._wire,
            request.method or "GET",
            request.url or "",
            body.encode() if isinstance(body, str) else body,
            dict(request.headers),
            safe=False,
        )
        response = Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.url = answer.url
        response.request = request
        response.raw = BytesIO(answer.body)
        return response

    def close(self) -> None:
        """Nothing: the wire is its owner's."""
