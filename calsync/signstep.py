"""The command that signs in to a calendar, as every next step says it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from calsync.accounts import SignInWay, SignInWish

__all__ = ["given", "sign_in_step", "with_given"]

_WAYS = frozenset(f"--{way.value}" for way in SignInWay)


def sign_in_step(name: str, *options: str) -> str:
    """Run it for the calendar `name`, with `options`."""
    return "run `" + shlex.join([*_command(name), *options]) + "`"


def given(wish: SignInWish) -> list[tuple[str, ...]]:
    """The options that the command line has given, each with its value.

    A token file is not among them: one that did not do would not do again.
    """
    named = [(f"--{key}", value) for key, value in (("client", wish.client), ("tenant", wish.tenant)) if value]
    again = wish.way not in (SignInWay.BROWSER, SignInWay.TOKEN_FILE)
    return [*named, *([("--people",)] if wish.people else []), *([(f"--{wish.way.value}",)] if again else [])]


def with_given(step: str, name: str, options: Sequence[tuple[str, ...]]) -> str:
    """The next step of a sign-in for `name`, its command with `options`, but for those that it has itself.

    Done here, so that no one of the many refusals of a sign-in has to know how it was begun.
    """

    def whole(found: re.Match[str]) -> str:
        said = found[2].split()
        other_way = not _WAYS.isdisjoint(said)
        more = [one for one in options if one[0] not in said and not (other_way and one[0] in _WAYS)]
        return f"`{found[1]}{found[2]}{''.join(' ' + shlex.join(one) for one in more)}`"

    return re.sub(f"`({re.escape(shlex.join(_command(name)))})((?: [^`]*)?)`", whole, step)


def _command(name: str) -> list[str]:
    return ["calsync", "calendars", "sign-in", name]
