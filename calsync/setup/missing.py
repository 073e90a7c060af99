"""What a setup without anybody to ask would have to be told first: everything that is missing, all at once."""

from __future__ import annotations

from collections.abc import Iterator

from calsync.config.zones import system_timezone
from calsync.errors import CalsyncError, SignInNeeded, UsageError
from calsync.registry import sign_in_of
from calsync.setup.draft import Draft
from calsync.setup.letin import misfit, wants_sign_in
from calsync.setup.wishes import NOBODY, Wishes
from calsync.tokens import environment_name

__all__ = ["missing"]


def missing(draft: Draft, wishes: Wishes) -> list[CalsyncError]:
    """One error for each answer that has no default and is nowhere given, in the order of the setup.

    `draft` has the calendars of the options already, where they could be taken.
    """
    return [*_of_calendars(draft, wishes), *_of_the_rest(draft, wishes)]


def _of_calendars(draft: Draft, wishes: Wishes) -> Iterator[CalsyncError]:
    values = draft.values
    if not values.get("calendars"):
        yield UsageError(
            "no calendar is named",
            'add --calendar "name: work, provider: ics, path: ~/calendars/work, write: true" (docs/setup.md has one '
            "for every kind)",
        )
        return
    desk = draft.desk()
    names = [calendar.name for calendar in desk.config.calendars]
    for what, files in (("password", wishes.passwords), ("token file", wishes.token_files)):
        for name in files:
            if name not in names:
                yield UsageError(f"{name} is no calendar, so it needs no {what}", f"name one of: {', '.join(names)}")
    for calendar in desk.config.calendars:
        name, wrong = calendar.name, misfit(calendar, wishes)
        if wrong is not None:
            yield wrong
        if name in wishes.passwords or name in wishes.token_files or not wants_sign_in(desk, calendar):
            continue
        if sign_in_of(calendar.provider) is None:
            yield SignInNeeded(
                f"{name}: there is no password for it",
                f"add --password {name}=FILE, or set {environment_name(name)}",
            )
        else:
            yield SignInNeeded(
                f"{name}: nobody has signed in to it yet",
                f"add --token-file {name}=FILE, or run this setup at a terminal, without --non-interactive",
            )


def _of_the_rest(draft: Draft, wishes: Wishes) -> Iterator[CalsyncError]:
    values = draft.values
    if not (wishes.timezone or values.get("timezone") or system_timezone()):
        yield UsageError("the time zone is not known", "add --timezone Europe/Berlin, for instance")
    if not wishes.any_people and not values.get("people"):
        yield UsageError(
            "nobody is named for the rotation",
            'add --person "Ana Sousa <ana@example.com> 14d 28d", --people FILE or --people-from; '
            f"--people-from {NOBODY} leaves it empty",
        )
    if wishes.schedule is None and draft.noted("schedule") is None:
        yield UsageError(
            "it is not said what is to run calsync every night",
            "add --schedule auto, or --schedule none where you see to that yourself",
        )
    if wishes.write_now is None:
        yield UsageError(
            "it is not said whether the first plan is to be written at once", "add --write-now or --no-write-now"
        )
