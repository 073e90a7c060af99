"""A sign-in server on loopback that is judged by nobody here: Authlib decides, with PKCE, refresh and rotation.

`oauth_google.py` and `oauth_microsoft.py` give it each vendor's paths and words. It has pages to click through, as a
browser sees them: one that asks for consent, and one that posts the answer where Microsoft's does.
"""

from __future__ import annotations

import html
import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from authlib.oauth2 import OAuth2Error
from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.servers.oauth_rules import Client, Code, Given, Rules, bad_times

__all__ = ["Asked", "Client", "OAuthServer"]

_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Asked:
    """One request as it came: `form` has the query's and the body's parameters."""

    path: str
    form: dict[str, str]
    status: int = 0


class OAuthServer:
    """The base of both vendors'. All switches are plain attributes.

    `user` is whoever clicks in the browser; `clients` are the registered programs by id; `users` are known addresses.
    `issue(scopes, app_only)` makes the access tokens, so that a calendar's server knows them. `rotates`: a refresh
    gives a new refresh token, and the old one is dead at once unless `old_ones_live`. `ends_after`: a grant of that age
    is no longer good. `unticked`: scopes that the user does not allow. `page_error`: what the browser comes back with
    instead of a code. `token_error`: what the token endpoint says instead of a token. `enters_codes`: the user enters a
    device's code as soon as the device asks; `enters_at`: when it asks for that time. `approves`: then the user agrees.
    `device_seconds`: how long such a code is good. `now` is the server's clock.
    """

    rotates = False
    device_page = ""
    audiences: tuple[str, ...] = ()

    def __init__(
        self,
        issue: Callable[[frozenset[str], bool], str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.now = now
        self.user = "maya@example.com"
        self.users = {"maya@example.com", "ana@example.com"}
        self.clients: dict[str, Client] = {}
        self.codes: dict[str, Code] = {}
        self.given: dict[str, Given] = {}
        self.devices: dict[str, Any] = {}
        self.entered: dict[str, tuple[str, bool]] = {}
        self.enters_codes = False
        self.enters_at = 0
        self.approves = True
        self.device_seconds = 900
        self.polls = 0
        self.old_ones_live = False
        self.ends_after: timedelta | None = None
        self.unticked: frozenset[str] = frozenset()
        self.page_error: tuple[str, str] | None = None
        self.token_error: Any = None
        self.answers_broken: list[tuple[int, bytes]] = []
        self.asked: list[Asked] = []
        self.access_tokens: list[str] = []
        self._counter = itertools.count(1)
        self._issue = issue or (lambda _scopes, _app_only: f"access-token-{next(self._counter)}")
        self._oauth: Any = None
        self.url = ""

    # --- what Authlib asks for ---

    def ticked(self, scope: str) -> str:
        """The scopes that the user allows of those asked for."""
        return " ".join(one for one in scope.split() if one not in self.unticked)

    def too_old(self, given: Given) -> bool:
        """True for a grant past its time."""
        return self.ends_after is not None and self.now() - given.since >= self.ends_after

    def check_times(self, claims: Any) -> None:
        """Raises for an assertion of a clock that is off."""
        issued = claims.get("iat", 0)
        if abs(self.now().timestamp() - issued) > _TOLERANCE.total_seconds():
            raise bad_times()

    def enter(self, user_code: str) -> None:
        """The user enters the code that a device shows."""
        self.entered[user_code] = (self.user, self.approves)

    def revoke(self) -> None:
        """No refresh token given out so far is good any more."""
        for given in self.given.values():
            given.dead = True

    def alive(self) -> list[str]:
        """The refresh tokens that are good now."""
        return [token for token, given in self.given.items() if not given.dead]

    # --- for each vendor to say ---

    def paths(self, app: Flask) -> None:
        """Give the vendor's addresses to `app`."""
        raise NotImplementedError

    def more_in(self, token: dict[str, Any], asked: Any) -> None:
        """Add to a token's answer what the vendor has besides."""

    def worded(self, error: dict[str, Any], status: int) -> tuple[dict[str, Any], int]:
        """An error of the token endpoint in the vendor's words."""
        return error, status

    # --- the endpoints ---

    def authorize(self) -> Response:
        """The page on which the user agrees, and where it leads."""
        if request.method == "GET":
            try:
                self._oauth.get_consent_grant(end_user=self.user)
            except OAuth2Error as error:
                return _page(
                    f"<h1>Error: {html.escape(error.error)}</h1><p>{html.escape(error.description or '')}</p>", 400
                )
            wanted = html.escape(request.args.get("scope", ""))
            action = html.escape(request.full_path)
            return _page(f"<p>{wanted}</p><form method='post' action='{action}'><button>Allow</button></form>")
        if self.page_error is not None:
            code, words = self.page_error
            answer = {"error": code, "error_description": words, "state": request.values.get("state", "")}
            return self._back(request.values["redirect_uri"] + "?" + urlencode(answer))
        grant = self._oauth.get_consent_grant(end_user=self.user)
        response = self._oauth.create_authorization_response(grant=grant, grant_user=self.user)
        return self._back(response.headers["Location"])

    def token(self) -> Response:
        """The token endpoint."""
        if self.answers_broken:
            status, body = self.answers_broken.pop(0)
            return Response(body, status, {"Content-Type": "text/html"})
        response: Response = self._oauth.create_token_response()
        if self.token_error is not None:
            response = self._refusal()
        return self._worded(response)

    def device(self) -> Response:
        """Where a device gets its codes."""
        return self._worded(self._oauth.create_endpoint_response("device_authorization"))

    def _worded(self, response: Response) -> Response:
        if response.status_code == 200:
            return response
        error, status = self.worded(json.loads(response.get_data()), response.status_code)
        return Response(json.dumps(error), status, {"Content-Type": "application/json"})

    def _refusal(self) -> Response:
        return Response(json.dumps(self.token_error), 400)

    def _back(self, location: str) -> Response:
        if request.values.get("response_mode") != "form_post":
            return Response("", 302, {"Location": location})
        where, _, query = location.partition("?")
        fields = "".join(
            f"<input type='hidden' name='{html.escape(key)}' value='{html.escape(value)}'>"
            for key, value in parse_qsl(query)
        )
        return _page(f"<form method='post' action='{html.escape(where)}'>{fields}</form><script>submit()</script>")

    # --- serving ---

    def _save(self, token: dict[str, Any], asked: Any) -> None:
        before: Given | None = asked.refresh_token
        self.access_tokens.append(token["access_token"])
        if token.get("refresh_token"):
            since = self.now() if before is None else before.since
            scope = token.get("scope", "") if before is None else before.scope
            self.given[token["refresh_token"]] = Given(
                token["refresh_token"], asked.client.id, scope, asked.user, since
            )
        self.more_in(token, asked)

    def _app(self) -> Callable[..., Any]:
        app = Flask(__name__)
        app.config["OAUTH2_ACCESS_TOKEN_GENERATOR"] = lambda client, grant_type, user, scope: self._issue(
            frozenset((scope or "").split()), user is None
        )
        app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = lambda **_: f"refresh-token-{next(self._counter):06d}"
        app.config["OAUTH2_TOKEN_EXPIRES_IN"] = dict.fromkeys(
            ("authorization_code", "client_credentials", "refresh_token"), 3600
        )
        self._oauth = Rules(self, app, self._save)
        self.paths(app)

        @app.after_request
        def noted(response: Response) -> Response:
            self.asked.append(Asked(request.path, dict(request.values.items()), response.status_code))
            return response

        return app

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve on 127.0.0.1 until the block ends; `url` has no slash at its end."""
        app = self._app()

        def secure(environ: dict[str, Any], start: Any) -> Any:
            # TLS ends in front of this server, at the proxy or in the test's session.
            return app({**environ, "wsgi.url_scheme": "https"}, start)

        def clock() -> datetime:
            return self.now()

        class Handler(_Quiet):
            now = staticmethod(clock)

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = make_server("127.0.0.1", 0, secure, threaded=True, request_handler=Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join(10)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    now: Callable[[], datetime]

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header."""
        return format_datetime(type(self).now().astimezone(UTC), usegmt=True)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the parameter of the base class
        """Say nothing."""


def _page(body: str, status: int = 200) -> Response:
    return Response(
        f"<!DOCTYPE html><html><body>{body}</body></html>", status, {"Content-Type": "text/html; charset=utf-8"}
    )
