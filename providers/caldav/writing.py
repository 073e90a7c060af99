"""One write at a time, carried out once: looked at before, conditional, and looked at again when the answer is unclear.

What stands under our name is compared by meaning, never by bytes: servers reorder what they store. Nothing is ever
sent again without a look at the server in between, and at most once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from calsync.errors import Malformed, ProviderError, ReadOnly, Unreachable
from calsync.ical.write import read_series, series_bytes
from calsync.model import Series
from calsync.ports import Outcome, OutcomeState, OwnedSeries, SeriesWrite
from providers.caldav.dav import Answer, Dav
from providers.caldav.discovery import may_write
from providers.caldav.names import etag_of, resource_url
from providers.caldav.reading import fetch_one
from providers.caldav.xml import CALDAV, DAV

__all__ = ["Writer", "resource_name"]

_CONTENT = {"Content-Type": "text/calendar; charset=utf-8"}
_ATTEMPTS = 2
_TRASH_BIN = "deleted calendar object with uid already exists"
_UID_TAKEN = frozenset({f"{CALDAV}no-uid-conflict", f"{CALDAV}unique-scheduling-object-resource"})


def resource_name(key: str) -> str:
    """The name under which the series `key` is stored."""
    return f"{key}.ics"


@dataclass(frozen=True, slots=True)
class _Look:
    """What stands under a name: nothing, our series, or something else (`owned` None although it `exists`)."""

    exists: bool
    owned: OwnedSeries | None = None
    etag: str = ""


class Writer:
    """Writes series into one collection. `any_done` is True once a write has reached the server."""

    def __init__(self, dav: Dav, collection: str, zone: ZoneInfo) -> None:
        self._dav = dav
        self._collection = collection
        self._zone = zone
        self.any_done = False

    def write(self, change: SeriesWrite) -> Outcome:
        """Carry out one write.

        Raises Unreachable when the server did not answer before anything was sent, SignInNeeded, NotFound or ReadOnly
        when nothing can be written there at all. After the request was sent there is always an Outcome.
        """
        url = resource_url(self._collection, resource_name(change.key))
        look = _Look(exists=False)
        if change.before is not None or self._dav.quirks.look_first:
            look = self._look(url, change.key)
            settled = _settle(change, look)
            if settled is not None:
                return settled
        answer: Answer | None = None
        for _ in range(_ATTEMPTS):
            try:
                answer = self._send(url, change, look)
            except Unreachable as error:
                answer, reason = None, error.what
            else:
                reason = answer.line
                outcome = self._judge(url, change, answer)
                if outcome is not None:
                    return outcome
            try:
                look = self._look(url, change.key)
            except ProviderError as error:
                return Outcome(OutcomeState.UNCLEAR, error=f"{reason}; and then {error.what}")
            settled = _settle(change, look)
            if settled is not None:
                self.any_done = self.any_done or settled.state is OutcomeState.DONE
                return settled
        return Outcome(OutcomeState.FAILED, error=f"the server did not take it, twice: {reason}")

    def _send(self, url: str, change: SeriesWrite, look: _Look) -> Answer:
        condition = {"If-Match": look.etag} if look.etag else {}
        if change.after is None:
            return self._dav.send("DELETE", url, headers=condition)
        if change.before is None:
            condition = {"If-None-Match": "*"}
        return self._dav.send(
            "PUT", url, series_bytes(change.after, leaders=_leaders(change.after, look)), {**_CONTENT, **condition}
        )

    def _judge(self, url: str, change: SeriesWrite, answer: Answer) -> Outcome | None:
        """How an answer ends the write, None when only a look at the server tells."""
        status = answer.status
        if 200 <= status < 300:
            self.any_done = True
            if change.after is None:
                return Outcome(OutcomeState.DONE)
            return self._stored(url, answer)
        if status in (404, 410) and change.after is None:
            return Outcome(OutcomeState.DONE)
        if status in (404, 409, 410) and not answer.conditions:
            # Both mean "no such collection" for a PUT (RFC 4918 9.7.1); then this raises it.
            self._dav.propfind(self._collection, (f"{DAV}resourcetype",), 0)
        elif status == 405 or answer.is_about_rights:
            self._require_rights(answer)
        if answer.conditions & _UID_TAKEN:
            return Outcome(
                OutcomeState.CONFLICT,
                error="an event with its UID stands under another name, put there by somebody else",
            )
        if status == 400 and _TRASH_BIN in answer.body.decode("utf-8", "replace").lower():
            return Outcome(
                OutcomeState.FAILED,
                error="the server still has a deleted block of this name in its trash bin; empty the bin there",
            )
        if status < 500 and status not in (404, 408, 409, 410, 412, 423, 425, 429):
            return Outcome(OutcomeState.FAILED, error=f"the server refuses it: {answer.line}")
        return None

    def _stored(self, url: str, answer: Answer) -> Outcome:
        """DONE with the version mark of what was stored; a weak one from a PUT is not the one that a GET gives."""
        said = answer.headers.get("etag", "")
        etag = etag_of(said)
        if not etag or said.startswith("W/"):
            try:
                status, _ = self._dav.propfind(url, (f"{DAV}getetag",), 0)
            except ProviderError:
                # It is stored, that is what counts; without a mark the next write looks first.
                return Outcome(OutcomeState.DONE)
            etag = next((etag_of(m.text(f"{DAV}getetag")) for m in status.members if m.status == 200), etag)
        return Outcome(OutcomeState.DONE, etag)

    def _look(self, url: str, key: str) -> _Look:
        name = resource_name(key)
        resource = fetch_one(self._dav, url, name)
        if resource is None:
            return _Look(exists=False)
        etag = resource.etag
        if not etag:
            status, _ = self._dav.propfind(url, (f"{DAV}getetag",), 0)
            etag = next((etag_of(m.text(f"{DAV}getetag")) for m in status.members if m.status == 200), "")
        try:
            owned = read_series(resource.payload, name, etag, self._zone)
        except Malformed:
            # Whatever it is, it is not what we wrote, and not ours to touch.
            owned = None
        return _Look(exists=True, owned=owned, etag=etag)

    def _require_rights(self, answer: Answer) -> None:
        """Raise ReadOnly when the server says that this user may not write, and nothing was written yet."""
        status, _ = self._dav.propfind(self._collection, (f"{DAV}current-user-privilege-set",), 0)
        if not self.any_done and not all(may_write(member) for member in status.members):
            raise ReadOnly(
                f"{self._dav.name}: {self._collection} can be read but not written by this user ({answer.line})",
                f"ask its owner for write access, or set `write: false` for {self._dav.name}",
            )


def _leaders(after: Series, look: _Look) -> frozenset[date]:
    """The dates of `after` that stand as the leader put them: they are written back as theirs."""
    if look.owned is None:
        return frozenset()
    there = look.owned.series.overrides
    return frozenset(day for day in look.owned.leaders if day in there and after.overrides.get(day) == there[day])


def _settle(change: SeriesWrite, look: _Look) -> Outcome | None:
    """What a look says of a write: its end, or None when it is still to be sent (what stands there is `before`)."""
    before, after = change.before, change.after
    if not look.exists:
        if after is None:
            return Outcome(OutcomeState.DONE)
        if before is None:
            return None
        return Outcome(OutcomeState.CONFLICT, error="the series is gone from the calendar")
    if look.owned is None:
        return Outcome(OutcomeState.CONFLICT, error="an event that calsync did not write stands under its name")
    there = look.owned.series
    if after is not None and there.same_content(after):
        return Outcome(OutcomeState.DONE, look.etag)
    if before is None:
        return Outcome(OutcomeState.CONFLICT, error="a different series stands under its name already")
    if there.same_content(before) or (change.etag and look.etag == etag_of(change.etag)):
        return None
    return Outcome(OutcomeState.CONFLICT, error="somebody changed the series in the calendar meanwhile")
