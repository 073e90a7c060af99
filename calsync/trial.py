"""Tries whether a calendar takes blocks, by one scratch block that is written, found again and removed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, timedelta
from datetime import time as clock_time

from calsync.desk import Desk
from calsync.errors import CalsyncError, Conflict, ProviderError, Unreachable, UsageError
from calsync.model import TRIAL, TRIAL_TITLE, Kind, Series
from calsync.planning.words import day_words
from calsync.ports import CalendarProvider, Outcome, OutcomeState, OwnedSeries, SeriesWrite
from calsync.state.lock import hold
from calsync.sync.keys import series_key

__all__ = ["scratch", "try_writing"]

_WEEKS = 3
_AT = clock_time(4, 40)
"""An hour at which nobody looks, and which no change to or from summer time leaves out."""
_MINUTES = 10
_LOOKS = 3
_WAIT = 2.0
"""Seconds until the next look: a list may be slower to know of an event than the event itself."""


def try_writing(desk: Desk, name: str, *, pause: Callable[[float], None] = time.sleep) -> None:
    """See that blocks can be written to the configured calendar `name`, found there again, and removed.

    One private block of ten minutes, shown as free, stands there meanwhile, at twenty to five of a night some weeks
    ahead. It is removed whatever else fails; where that fails too, the error names where it stands. `pause` waits so
    many seconds.

    No row of the journal is needed. The journal is for what a later run must settle or `undo` may bring back, and this
    block is neither: it carries calsync's mark and a slot that no plan has, so that the next night, the next check and
    `uninstall` know it by the calendar alone, and each removes it. Its generation is the minute, so that a check never
    asks for the name of an earlier one, which some calendars keep taken for ever.

    Raises UsageError for a calendar that is not written to, Busy while another run is in progress, and ProviderError
    (or what the calendar itself raises) with what failed.
    """
    calendar = next((c for c in desk.config.calendars if c.name == name), None)
    if calendar is None or not calendar.write:
        known = "is not in the configuration" if calendar is None else "is for reading only"
        raise UsageError(f"{name} {known}, so nothing is written there", "give the calendar `write: true`")
    with hold(desk.state_folder):
        provider = desk.provider(name)
        left = [one for one in provider.owned("") if one.series.trial]
        if left:
            _remove(provider, name, left)
        _try(provider, name, scratch(desk, name), pause)


def scratch(desk: Desk, name: str) -> Series:
    """The block that is written to the calendar `name` and removed again. It lies within what a night looks at."""
    weeks = min(_WEEKS, desk.config.planning.horizon_weeks)
    day = (desk.now + timedelta(weeks=weeks)).date()
    generation = int(desk.now.timestamp()) // 60
    return Series(
        key=series_key(name, Kind.CONNECT, TRIAL, generation),
        kind=Kind.CONNECT,
        number=TRIAL,
        generation=generation,
        timezone=desk.config.timezone,
        first=day,
        start=_AT,
        minutes=_MINUTES,
        title=TRIAL_TITLE,
        transparent=True,
        changed=desk.now.astimezone(UTC).replace(microsecond=0),
        until=day,
    )


def _try(provider: CalendarProvider, name: str, block: Series, pause: Callable[[float], None]) -> None:
    try:
        outcome = _written(provider, name, block)
        found = _found_again(provider, name, block, outcome, pause)
    except _NotWritten as refused:
        raise refused.error from refused.error.__cause__
    except BaseException as error:  # Ctrl-C, too: what failed first is what is told, once nothing stands any more
        if not _given_up(provider, name, block) and isinstance(error, CalsyncError):
            error.next_step += f"; the block of {_when(block)} may stand there until the next `calsync nightly`"
        raise
    _remove(provider, name, [found])
    if _look(provider, block, pause, stands=False) is not None:
        raise _stuck(name, block, "it was deleted, and is there all the same")


class _NotWritten(Exception):
    """Nothing stands on the calendar, and `error` says why."""

    def __init__(self, error: ProviderError) -> None:
        super().__init__(error.what)
        self.error = error


def _written(provider: CalendarProvider, name: str, block: Series) -> Outcome:
    try:
        (outcome,) = provider.write("", [SeriesWrite(block.key, None, block)])
    except ProviderError as error:
        raise _NotWritten(error) from error
    why = _bare(name, outcome.error)
    if outcome.state is OutcomeState.CONFLICT:
        what = f"{name}: something else stands where a test block was to be written: {why}"
        raise _NotWritten(Conflict(what, "try again"))
    if outcome.state is OutcomeState.FAILED:
        what = f"{name}: a test block was refused: {why}"
        raise _NotWritten(ProviderError(what, f"see that the account may write to {name}, then try again"))
    return outcome


def _found_again(
    provider: CalendarProvider, name: str, block: Series, outcome: Outcome, pause: Callable[[float], None]
) -> OwnedSeries:
    found = _look(provider, block, pause, stands=True)
    if found is None and outcome.state is OutcomeState.UNCLEAR:
        why = _bare(name, outcome.error) or "no answer"
        raise Unreachable(f"{name}: no clear answer about a test block: {why}", "try again later")
    if found is None:
        raise ProviderError(
            f"{name}: a test block for {_when(block)} was taken but cannot be found there",
            f"see whether another program or a rule removes what is written to {name}, then try again",
        )
    if found.series.home(found.series.first) != block.home(block.first):
        raise ProviderError(
            f"{name}: a test block written for {_when(block)} stands there at another time",
            f"see whether another program changes what is written to {name}, then try again",
        )
    return found


def _look(
    provider: CalendarProvider, block: Series, pause: Callable[[float], None], *, stands: bool
) -> OwnedSeries | None:
    """The block as the calendar has it; looked for again while that is not as it should be."""
    found = None
    for attempt in range(_LOOKS):
        if attempt:
            pause(_WAIT)
        found = next((one for one in provider.owned("") if one.series.key == block.key), None)
        if (found is not None) == stands:
            break
    return found


def _given_up(provider: CalendarProvider, name: str, block: Series) -> bool:
    """Remove what may stand of a try that has failed; False where that cannot be told."""
    try:
        left = [one for one in provider.owned("") if one.series.trial]
        _remove(provider, name, left or [OwnedSeries(block, "", "")])
    except CalsyncError:
        return False
    return True


def _remove(provider: CalendarProvider, name: str, blocks: Iterable[OwnedSeries]) -> None:
    """Delete scratch blocks, as they stand. Raises ProviderError for the first that stays."""
    blocks = list(blocks)
    writes = [SeriesWrite(one.series.key, one.series, None, one.etag) for one in blocks]
    try:
        outcomes = provider.write("", writes)
    except ProviderError as error:
        raise _stuck(name, blocks[0].series, _bare(name, error.what)) from error
    for one, outcome in zip(blocks, outcomes, strict=True):
        if outcome.state is not OutcomeState.DONE:
            raise _stuck(name, one.series, _bare(name, outcome.error) or "no answer")


def _stuck(name: str, block: Series, why: str) -> ProviderError:
    return ProviderError(
        f"{name}: a test block was written but cannot be removed: {why}",
        f'delete "{TRIAL_TITLE}" of {_when(block)} by hand, or leave it to the next `calsync nightly`',
    )


def _when(block: Series) -> str:
    return f"{day_words(block.first)}, {block.start:%H:%M}"


def _bare(name: str, said: str) -> str:
    """What an adapter says of a calendar, without its name in front."""
    return said.removeprefix(f"{name}: ")
