"""A browser for scripts: follows redirects, agrees to what it is asked, and posts the forms that post themselves.

As a program it is for BROWSER: `python browser.py ADDRESS`. The proxy and the CA come from the environment, as usual;
BROWSER_TRACE names a file that gets a line for each page.
"""

from __future__ import annotations

import os
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import requests

__all__ = ["visit"]

_PAGES = 12


class _Form(HTMLParser):
    """The first form of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {key: value or "" for key, value in attrs}
        if tag == "form" and self.action is None:
            self.action = said.get("action", "")
        elif tag == "input" and said.get("name"):
            self.fields[said["name"]] = said.get("value", "")


def visit(address: str, session: requests.Session | None = None, *, until: str = "") -> tuple[str, str]:
    """Go to `address` and on, until there is nothing more to click, or an address begins with `until`.

    Gives that last address and what stood there.
    """
    session = session or requests.Session()
    method, data = "GET", None
    for _ in range(_PAGES):
        if until and address.startswith(until):
            return address, ""
        _trace(address)
        page = session.request(method, address, data=data, allow_redirects=False, timeout=30)
        method, data = "GET", None
        if page.is_redirect:
            address = urljoin(address, page.headers["Location"])
            continue
        form = _Form(page.text)
        if form.action is None:
            return address, page.text
        method, address, data = "POST", urljoin(address, form.action), form.fields
    raise AssertionError(f"too many pages; the last was {address}")


def _trace(address: str) -> None:
    if "BROWSER_TRACE" in os.environ:
        with Path(os.environ["BROWSER_TRACE"]).open("a", encoding="utf-8") as file:
            file.write(address.partition("?")[0] + "\n")


if __name__ == "__main__":
    visit(sys.argv[1])
