"""Whoever sits at the terminal while an account is signed in to: what they are shown, asked, and sent to."""

from __future__ import annotations

import sys
import threading
import webbrowser
from contextlib import suppress

import click

from calsync.errors import UsageError
from calsync.signstep import sign_in_step

__all__ = ["Person"]

_BROWSER = "calsync"


class Person:
    """See calsync.accounts.SignInPerson. `name` is the calendar that is signed in to.

    All that is shown goes to stderr: stdout is for what the command answers.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def say(self, text: str) -> None:
        """Show a line."""
        click.echo(text, err=True)

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """Ask; without a terminal, read the next line of stdin."""
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\r\n")
        with suppress(ImportError):
            # With it a line may be as long as it likes; some terminals cut one at 1024 characters.
            import readline  # noqa: F401
        hint = " (it does not show while you type)" if hidden else ""
        answer: str = click.prompt(f"{question}{hint}", hide_input=hidden, err=True)
        return answer

    def watch(self) -> None:
        """Raises UsageError when there is nobody here."""
        if not sys.stdin.isatty():
            raise UsageError(
                f"{self._name}: signing in needs somebody at a terminal, and there is nobody here",
                f"{sign_in_step(self._name)} at a terminal, or with --paste",
            )

    def browser(self) -> str:
        """Make their browser known to Python's `webbrowser`, under the name that is returned."""
        self.watch()
        try:
            theirs = webbrowser.get()
        except webbrowser.Error:
            raise UsageError(
                f"{self._name}: no browser can be opened here", sign_in_step(self._name, "--paste")
            ) from None
        webbrowser.register(_BROWSER, None, _Browser(self, theirs))
        return _BROWSER


class _Browser(webbrowser.BaseBrowser):
    """Shows the address before it opens it, and does not wait: some browsers run in the foreground until they end."""

    def __init__(self, person: Person, theirs: webbrowser.BaseBrowser) -> None:
        super().__init__(_BROWSER)
        self._person = person
        self._theirs = theirs

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        """Open `url` in the person's browser."""
        self._person.say(f"Your browser opens for the sign-in. If it does not, open this address in it:\n\n{url}\n")
        threading.Thread(target=self._theirs.open, args=(url, new, autoraise), daemon=True).start()
        return True
