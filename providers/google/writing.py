"""One write at a time, carried out once: looked at before, conditional, and looked at again when the answer is unclear.

Nothing is ever sent again without a look in between, and no more than once more unless the first time brought the
series nearer to what is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from calsync.errors import Malformed, NotFound, ProviderError, ReadOnly, SignInNeeded, Unreachable
from calsync.ical.tzids import iana
from calsync.model import Override, Series
from calsync.ports import Outcome, OutcomeState, SeriesWrite
from providers.google.blocks import FOCUS, home_of, ids_of, key_of
from providers.google.bodies import new_event
from providers.google.calls import EVENT
from providers.google.changes import (
    DateStep,
    MasterSteps,
    Standing,
    asks_somebody,
    date_steps,
    is_asked,
    is_between,
    is_plain,
    is_unfinished,
    master_steps,
    standing_of,
    untouched,
)
from providers.google.errors import Rejected, told
from providers.google.groups import Group, Json, is_live
from providers.google.reading import Reader
from providers.google.transport import NotSent

__all__ = ["Focus", "Writer"]

_ATTEMPTS = 2
_ROUNDS = 6
_NOTHING_DONE = frozenset({404, 409, 410, 412})
_LOOK_AGAIN = _NOTHING_DONE | {408}
_DAY = timedelta(days=1)
_A_MOMENT = 1.0
"""Seconds before a look at what became of a request that got no answer: it may still be on its way."""


@dataclass(slots=True)
class Focus:
    """Whether blocks are to be Google's own focus time, and whether Google has refused that; one a provider object."""

    wanted: bool
    refused: bool = False
    told: bool = False


class _Cut(Exception):
    """A request whose outcome only a look tells."""


class _Refused(Exception):
    """What will not be done, however often it is asked; its text says by whom and why."""


class _Invited(Exception):
    """A change of an event with guests: that is the leader's to make."""


class Writer:
    """Writes series into one calendar of `account`; `zone` is the leader's, `pause` waits so many seconds.

    `any_done` is True once a write has reached the server, `silent` when the last one ended because nothing more can
    be asked there.
    """

    def __init__(
        self,
        reader: Reader,
        account: str,
        zone: ZoneInfo,
        focus: Focus,
        pause: Callable[[float], None],
    ) -> None:
        self._reader = reader
        self._calls = reader.calls
        self._wire = reader.calls.transport.wire
        self._account = account
        self._zone = zone
        self._focus = focus
        self._pause = pause
        self.any_done = False
        self.silent = False
        self._done = 0
        self._lost = False

    def write(self, change: SeriesWrite) -> Outcome:
        """Carry out one write.

        Raises what stands in the way (Unreachable, SignInNeeded, NotFound, ReadOnly) when nothing of the write was
        sent or done; after that there is always an Outcome.
        """
        self._done, self._lost, self.silent = 0, False, False
        change = replace(change, before=_plain(change.before), after=_plain(change.after))
        try:
            standing = Standing(change.key) if change.before is None else self._look(change.key)
            outcome = self._carried_out(change, standing)
            return replace(outcome, note=self._note(change)) if outcome.state is OutcomeState.DONE else outcome
        except _Refused as refused:
            return self._ended(OutcomeState.FAILED, str(refused))
        except _Invited:
            return self._ended(
                OutcomeState.CONFLICT, "somebody was invited to it and would get mail; change or delete it by hand"
            )
        except Rejected as rejected:
            error = told(rejected, self._wire, self._account, self._reader.calendar)
        except ProviderError as caught:
            error = caught
        if self._done or self._lost:
            self.silent = isinstance(error, (Unreachable, SignInNeeded, NotFound, ReadOnly))
            return Outcome(OutcomeState.UNCLEAR, error=error.what)
        raise error

    def _carried_out(self, change: SeriesWrite, standing: Standing) -> Outcome:
        leaders = _leaders(change, standing)
        reason, tries = "", 0
        for _ in range(_ROUNDS):
            settled = self._settled(change, standing)
            if settled is not None:
                return settled
            if tries == _ATTEMPTS:
                break
            stood = self._mark_of(standing)
            try:
                standing = self._send(change.after, standing, leaders)
                reason = "Google keeps it otherwise than it was asked to"
                if self._settled(change, standing) is None:
                    # A list may be slower to know of an event than the event itself.
                    self._pause(_A_MOMENT)
                    standing = self._look(change.key)
            except _Cut as cut:
                reason = str(cut)
                try:
                    standing = self._look(change.key, creating=change.before is None)
                except (Unreachable, Malformed) as error:
                    self.silent = isinstance(error, Unreachable)
                    return self._ended(OutcomeState.FAILED, f"{reason}; and then {error.what}")
                if untouched(change, standing):
                    # What was lost, then, was lost on its way there.
                    self._lost = False
            tries = tries + 1 if self._mark_of(standing) == stood else 0
        if untouched(change, standing):
            return Outcome(OutcomeState.FAILED, error=f"Google did not take it, twice: {reason}")
        return Outcome(OutcomeState.UNCLEAR, error=f"it is done in part: {reason}")

    def _mark_of(self, standing: Standing) -> tuple[object, ...]:
        """Another value whenever something has moved on."""
        return self._done, standing.name, standing.group and standing.group.etag(), frozenset(standing.dates)

    def _settled(self, change: SeriesWrite, standing: Standing) -> Outcome | None:
        """What a look says of a write: its end, or None when it is (still) to be sent."""
        before, after = change.before, change.after
        if standing.group is None:
            if after is None:
                return Outcome(OutcomeState.DONE)
            return None if before is None else self._conflict("the series is gone from the calendar")
        if standing.owned is None:
            return self._conflict("an event that calsync did not write stands under its name")
        there, etag = standing.owned.series, standing.owned.etag
        if before is None and is_unfinished(standing.group, standing.owned):
            return None
        if after is not None and there.same_content(after):
            if master_steps(standing, after).last or date_steps(standing, after, {}):
                # What no reader minds is still to be put right.
                return None
            return Outcome(OutcomeState.DONE, etag)
        if before is not None and (there.same_content(before) or (change.etag and etag == change.etag)):
            return None
        if before is None:
            return self._conflict("a different series stands under its name already")
        if after is not None and is_between(there, before, after):
            return None
        return self._ended(OutcomeState.CONFLICT, "somebody changed the series in the calendar meanwhile")

    def _conflict(self, error: str) -> Outcome:
        return Outcome(OutcomeState.CONFLICT, error=error)

    def _ended(self, state: OutcomeState, error: str) -> Outcome:
        """The end of a write that is not done. What is done in part stays open, so that the next run looks at it."""
        return Outcome(OutcomeState.UNCLEAR if self._done or self._lost else state, error=error)

    def _note(self, change: SeriesWrite) -> str:
        focus = self._focus
        if change.before is not None or not focus.refused or focus.told:
            return ""
        focus.told = True
        return f"{self._wire.name}: {self._account} has no focus time on this calendar; its blocks are ordinary events"

    # --- sending ---

    def _send(self, after: Series | None, standing: Standing, leaders: Mapping[date, Override]) -> Standing:
        """Send what is still missing, and give what stands then."""
        if after is None:
            if is_asked(standing):
                raise _Invited
            self._delete(standing.name, str(standing.master["etag"]))
            return Standing(standing.name)
        if standing.group is None:
            item = self._insert(after, standing.name)
            standing = standing_of(Group(standing.name, item), self._reader.facts, self._zone)
            self._require_ours(standing)
        of_master = master_steps(standing, after)
        if asks_somebody(standing, of_master.first, date_steps(standing, after, leaders)):
            raise _Invited
        if of_master.first:
            standing = self._patched_master(standing, of_master, after)
        steps = date_steps(standing, after, leaders)
        self._take_dates(standing, steps)
        item = standing.master
        if of_master.last:
            item = self._patch(standing.name, str(item["etag"]), of_master.last)
        assert standing.group is not None
        if steps or standing.group.exceptions:
            return self._whole(item)
        return standing_of(Group(standing.name, item), self._reader.facts, self._zone)

    def _patched_master(self, standing: Standing, steps: MasterSteps, after: Series) -> Standing:
        assert standing.group is not None
        assert standing.owned is not None
        item = self._patch(standing.name, str(standing.master["etag"]), steps.first)
        if steps.reshapes:
            now = self._whole(item)
        else:
            group = Group(standing.name, item, standing.group.exceptions)
            now = standing_of(group, self._reader.facts, self._zone)
        self._require_ours(now)
        if now.owned is None or not is_between(now.owned.series, standing.owned.series, after):
            # The version of a master says nothing of its dates.
            raise _Cut("somebody changed a date of the series meanwhile")
        return now

    def _require_ours(self, standing: Standing) -> None:
        if standing.owned is None:
            raise _Cut("what stands there now is not the series that calsync wrote")

    def _take_dates(self, standing: Standing, steps: list[DateStep]) -> None:
        versions = self._versions(standing, [step.day for step in steps if step.item is None])
        for step in steps:
            item = step.item or versions[step.day]
            if step.body is None:
                self._delete(str(item["id"]), str(item.get("etag", "")))
            else:
                self._patch(str(item["id"]), str(item.get("etag", "")), step.body)

    def _versions(self, standing: Standing, days: list[date]) -> dict[date, Json]:
        """Ids and versions of dates that have no exception yet, so that no edit of the leader's is written over."""
        if not days:
            return {}
        assert standing.clock is not None
        begin = standing.clock.at(min(days)).start - _DAY
        end = standing.clock.at(max(days)).end + _DAY
        try:
            items = self._reader.instances(standing.name, begin, end)
        except Rejected as rejected:
            raise self._cut(rejected) from None
        except Unreachable as error:
            raise _Cut(error.what) from None
        found = {home_of(item, standing.clock): item for item in items if item.get("originalStartTime")}
        for day in days:
            if day not in found or not is_plain(found[day], standing, day):
                raise _Cut(f"somebody changed the date {day} of the series meanwhile")
        return {day: found[day] for day in days}

    def _insert(self, after: Series, name: str) -> Json:
        focus = self._focus.wanted and not self._focus.refused
        try:
            item = self._do(self._inserting(new_event(after, name, focus=focus)))
        except _Refused:
            if not focus:
                raise
            self._focus.refused = True
            item = self._do(self._inserting(new_event(after, name, focus=False)))
        if focus and item.get("eventType") != FOCUS:
            self._focus.refused = True
        return item

    def _inserting(self, body: Mapping[str, Any]) -> Any:
        return self._calls.events.insert(
            calendarId=self._reader.calendar, body=dict(body), sendUpdates="none", fields=EVENT
        )

    def _patch(self, name: str, etag: str, body: Json) -> Json:
        request = self._calls.events.patch(
            calendarId=self._reader.calendar, eventId=name, body=dict(body), sendUpdates="none", fields=EVENT
        )
        return self._do(request, etag)

    def _delete(self, name: str, etag: str) -> None:
        request = self._calls.events.delete(calendarId=self._reader.calendar, eventId=name, sendUpdates="none")
        self._do(request, etag)

    def _do(self, request: Any, etag: str = "") -> Json:
        """Carry out one write. Raises _Cut, _Refused, or the port's errors when nothing can be written there at all."""
        try:
            said = self._calls.run(request, etag)
        except NotSent:
            raise
        except (Unreachable, Malformed) as error:
            # It has left, and whatever broke off the answer says nothing of what was done.
            self._lost = True
            self._pause(_A_MOMENT)
            raise _Cut(error.what) from None
        except Rejected as rejected:
            raise self._cut(rejected) from None
        self._done += 1
        self.any_done = True
        return said

    def _cut(self, rejected: Rejected) -> Exception:
        """What an answer means for the write that it answers."""
        if rejected.status >= 500 or rejected.status in _LOOK_AGAIN:
            self._lost = self._lost or rejected.status not in _NOTHING_DONE
            return _Cut(rejected.line)
        if rejected.status == 403 and not rejected.is_for_later and not rejected.is_about_scope:
            self._require_rights(rejected)
            return _Refused(f"Google refuses it: {rejected.line}")
        if rejected.status in (401, 403, 429):
            return told(rejected, self._wire, self._account, self._reader.calendar)
        return _Refused(f"Google refuses it: {rejected.line}")

    def _require_rights(self, rejected: Rejected) -> None:
        """Raise ReadOnly when the account may not write the calendar."""
        role = "" if rejected.is_about_rights else self._reader.role()
        if role not in ("owner", "writer"):
            raise ReadOnly(
                f"{self._wire.name}: {self._reader.calendar} can be read but not written by {self._account}",
                f"ask its owner for write access, or set `write: false` for {self._wire.name}",
            )

    # --- looking ---

    def _look(self, key: str, *, creating: bool = False) -> Standing:
        """What stands for the series `key`; when nothing does and it is to be made, under which id it can be."""
        item = self._reader.get(key)
        if item is not None and is_live(item):
            return self._whole(item)
        for group in self._reader.marked("key", key):
            if group.master is not None and key_of(group.master) == key:
                return self._whole(group.master)
        if not creating or item is None:
            return Standing(key)
        name = key
        for name in islice(ids_of(key), 1, None):
            item = self._reader.get(name)
            if item is None:
                break
            if is_live(item):
                return self._whole(item)
        return Standing(name)

    def _whole(self, item: Json) -> Standing:
        name = str(item["id"])
        if not item.get("recurrence"):
            return standing_of(Group(name, item), self._reader.facts, self._zone)
        # A list may be slower to know of an event than the event itself.
        group = self._reader.gathered(Group(name, item))
        return standing_of(group, self._reader.facts, self._zone)


def _plain(series: Series | None) -> Series | None:
    """The series by the name that a reader of iCalendar gives its zone: UTC has many."""
    place = iana(series.timezone) if series is not None else None
    return replace(series, timezone=place.key) if series is not None and place is not None else series


def _leaders(change: SeriesWrite, standing: Standing) -> dict[date, Override]:
    """The overrides that stand as the leader put them; written anew, they are written as theirs."""
    if standing.owned is None or change.after is None:
        return {}
    there = standing.owned.series.overrides
    return {day: there[day] for day in standing.owned.leaders if day in there}
