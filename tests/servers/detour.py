"""A requests session that leads to loopback: what a vendor's host would be sent goes to a test server instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

__all__ = ["GOOGLE_HOSTS", "MICROSOFT_HOSTS", "detour", "detours"]

GOOGLE_HOSTS = ("www.googleapis.com", "oauth2.googleapis.com", "people.googleapis.com")
MICROSOFT_HOSTS = ("graph.microsoft.com", "login.microsoftonline.com")


class _Elsewhere(HTTPAdapter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._place = urlsplit(url)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        said = urlsplit(request.url or "")
        request.url = urlunsplit((self._place.scheme, self._place.netloc, said.path, said.query, ""))
        return super().send(request, *args, **kwargs)


class _Nowhere(HTTPAdapter):
    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        raise AssertionError(f"a request to a host that no test server stands for: {request.url}")


def detour(url: str, hosts: tuple[str, ...]) -> Callable[[], requests.Session]:
    """Makes sessions whose requests to `hosts` go to the server at `url`; any other request fails the test."""
    return detours(dict.fromkeys(hosts, url))


def detours(places: Mapping[str, str]) -> Callable[[], requests.Session]:
    """The same with a server for each host."""

    def make() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _Nowhere())
        session.mount("http://", _Nowhere())
        for host, url in places.items():
            session.mount(f"https://{host}", _Elsewhere(url))
        return session

    return make
