"""What CalDAV servers do differently, tried out on one calendar with events that are removed again.

Nobody could try iCloud or Fastmail while calsync was made; docs/caldav.md has what others say of them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from datetime import date, timedelta

from calsync.accounts import Probed
from calsync.errors import CalsyncError, ProviderError
from calsync.model import TRIAL_TITLE
from calsync.ports import ProviderContext
from providers.caldav.dav import Answer, Dav
from providers.caldav.discovery import find, pick
from providers.caldav.names import resource_url
from providers.caldav.xml import DAV, sync_body

__all__ = ["probe"]

_CONTENT = {"Content-Type": "text/calendar; charset=utf-8"}
_GONE = frozenset({200, 202, 204, 404, 410})
_REFUSED = frozenset({403, 409, 412, 423})
_FORGOTTEN = "http://calsync.example.net/no-such-token"


def probe(name: str, options: Mapping[str, str], context: ProviderContext, day: date, run: str) -> Generator[Probed]:
    """See calsync.accounts.LiveProbe."""
    bench = _Bench(name, options, context, day, run)
    try:
        for ask in (_creation, _conditions, _series, _changes, _names):
            yield from ask(bench)
    finally:
        bench.clear()


class _Bench:
    """One collection, and what was put into it. No name is of the form of a block's, so that none is taken for one."""

    def __init__(self, name: str, options: Mapping[str, str], context: ProviderContext, day: date, run: str) -> None:
        self.name = name
        self.day = day
        self.run = run
        self.made: list[str] = []
        url, wanted = options.get("url", ""), options.get("calendar", "")
        self.dav = Dav(name, url, options.get("username", ""), context.secret(name))
        self.collection = pick(name, find(self.dav, url, all_of_them=bool(wanted)), wanted).id

    def url(self, part: str) -> str:
        """Where `part` stands."""
        return resource_url(self.collection, f"calsync-check-{self.run}-{part}.ics")

    def text(self, part: str, *, uid: str = "", more: str = "", minute: int = 40) -> bytes:
        """An event of ten minutes, weekly where `more` says so."""
        stamp = f"{self.day:%Y%m%d}"
        lines = [
            "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calsync//check//EN",
            *self._event(uid or f"{part}-{self.run}@calsync-check", stamp, minute, more),
            *(self._override(part, minute) if more else []),
            "END:VCALENDAR",
        ]  # fmt: skip
        return ("\r\n".join(lines) + "\r\n").encode()

    def put(self, part: str, data: bytes, **headers: str) -> Answer:
        """Put `part`, to be removed at the end."""
        url = self.url(part)
        if url not in self.made:
            self.made.append(url)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.dav.send("PUT", url, data, {**_CONTENT, **named})

    def etag(self, part: str) -> str:
        """The ETag by which `part` stands, as the server says it, "" for none."""
        status, _ = self.dav.propfind(self.url(part), (f"{DAV}getetag",), 0)
        return next((member.text(f"{DAV}getetag") or "" for member in status.members), "")

    def sync(self, token: str) -> Answer:
        """What has changed since a token, "" for the beginning."""
        return self.dav.report(self.collection, sync_body(token, (f"{DAV}getetag",)), 0)

    def must(self, answer: Answer) -> Answer:
        """An answer without which nothing can be told. Raises what the port has for a refusal."""
        if not 200 <= answer.status < 300:
            raise self.dav.error(answer)
        return answer

    def clear(self) -> None:
        """Remove all that was put; what cannot be removed is named. Raises ProviderError."""
        left = []
        try:
            for url in self.made:
                try:
                    if self.dav.send("DELETE", url).status not in _GONE:
                        left.append(url)
                except CalsyncError:
                    left.append(url)
        finally:
            self.dav.close()
        if left:
            raise ProviderError(
                f"{self.name}: {len(left)} events called {TRIAL_TITLE}, from {self.day} on, could not be removed",
                "remove them in the calendar by hand",
            )

    def _event(self, uid: str, stamp: str, minute: int, more: str) -> list[str]:
        return [
            "BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"DTSTART:{stamp}T04{minute:02}00Z",
            f"DTEND:{stamp}T04{minute + 10:02}00Z", f"SUMMARY:{TRIAL_TITLE}", "TRANSP:TRANSPARENT", "CLASS:PRIVATE",
            "CATEGORIES:calsync", *([more] if more else []), "END:VEVENT",
        ]  # fmt: skip

    def _override(self, part: str, minute: int) -> list[str]:
        """The second date, an hour later."""
        stamp = f"{self.day + timedelta(7):%Y%m%d}"
        return [
            "BEGIN:VEVENT", f"UID:{part}-{self.run}@calsync-check", "DTSTAMP:20260101T000000Z",
            f"RECURRENCE-ID:{stamp}T04{minute:02}00Z", f"DTSTART:{stamp}T05{minute:02}00Z",
            f"DTEND:{stamp}T05{minute + 10:02}00Z", f"SUMMARY:{TRIAL_TITLE}", "TRANSP:TRANSPARENT", "END:VEVENT",
        ]  # fmt: skip


def _creation(bench: _Bench) -> Iterator[Probed]:
    first = bench.must(bench.put("one", bench.text("one"), If_None_Match="*"))
    again = bench.put("one", bench.text("one", minute=45), If_None_Match="*")
    looks = bench.dav.quirks.look_first
    yield Probed(
        "Does a creation (If-None-Match: *) overwrite what stands there?",
        f"no: {_words(again)}" if again.status in _REFUSED else f"yes: {_words(again)}",
        "nothing: it looks before it creates here" if looks else "that it is refused",
        None if looks else again.status in _REFUSED,
    )
    said, there = first.headers.get("etag", ""), bench.etag("one")
    if not said:
        seen = "no version mark comes with the answer"
    elif said.startswith("W/"):
        seen = "a weak version mark comes with the answer"
    else:
        seen = "the version mark by which it stands" if said == there else "another version mark than it stands by"
    yield Probed(
        "What comes with the answer to a write?",
        seen,
        "nothing: it asks for the mark where none, or a weak one, comes",
        None,
    )


def _conditions(bench: _Bench) -> Iterator[Probed]:
    old = bench.etag("one")
    bench.must(bench.put("one", bench.text("one", minute=41), If_Match=old))
    stale = bench.put("one", bench.text("one", minute=42), If_Match=old)
    yield Probed(
        "Is a change on the condition of an old version refused?",
        f"yes: {_words(stale)}" if stale.status in _REFUSED else f"no: {_words(stale)}",
        "that it is refused",
        stale.status in _REFUSED,
    )


def _series(bench: _Bench) -> Iterator[Probed]:
    third = f"{bench.day + timedelta(14):%Y%m%d}T044000Z"
    bench.must(bench.put("week", bench.text("week", more=f"RRULE:FREQ=WEEKLY;COUNT=4\r\nEXDATE:{third}")))
    text = bench.must(bench.dav.send("GET", bench.url("week"))).body.decode("utf-8", "replace")
    kept = [what for what, sign in (("override", "RECURRENCE-ID"), ("cancelled date", "EXDATE")) if sign in text]
    yield Probed(
        "Are a series' override and cancelled date kept?",
        " and ".join(kept) + " kept" if kept else "neither is kept",
        "that both are",
        len(kept) == 2,
    )
    yield Probed(
        "Does the server add an alarm?",
        "yes" if "BEGIN:VALARM" in text else "no",
        "nothing: an alarm is no part of a block",
        None,
    )
    yield Probed(
        "Is the category kept, and the class?",
        f"category {'kept' if 'CATEGORIES' in text else 'lost'}, class {'kept' if 'CLASS:' in text else 'lost'}",
        "nothing: a block is known by its name and its key",
        None,
    )


def _changes(bench: _Bench) -> Iterator[Probed]:
    first = bench.sync("")
    if first.status != 207:
        yield Probed(
            "Can be asked what has changed (sync-collection)?",
            f"no: {_words(first)}",
            "nothing: it lists the version marks of all events there",
            None,
        )
        return
    token = bench.dav.multistatus(first).sync_token
    bench.must(bench.put("two", bench.text("two")))
    bench.dav.send("DELETE", bench.url("one"))
    then = bench.sync(token)
    text = then.body.decode("utf-8", "replace")
    shown = [
        what for what, part in (("what was made", "two"), ("what was deleted", "one")) if _name(bench, part) in text
    ]
    relists = bench.dav.quirks.relist_every == 1
    yield Probed(
        "Does the list of changes (sync-collection) have what was made and what was deleted?",
        f"it has {' and '.join(shown) or 'neither'}" if then.status == 207 else _words(then),
        "nothing: it lists all version marks here" if relists else "both",
        None if relists else len(shown) == 2,
    )
    unknown = bench.sync(_FORGOTTEN)
    often = bench.dav.quirks.relist_every
    yield Probed(
        "What does a token that the server does not know get?",
        _words(unknown),
        f"nothing: it lists all version marks every {often} nights" if often else "a refusal",
        None if often else unknown.status != 207,
    )


def _names(bench: _Bench) -> Iterator[Probed]:
    same = bench.put("other", bench.text("other", uid=f"two-{bench.run}@calsync-check"))
    yield Probed(
        "Is an event with the UID of another one refused?",
        f"yes: {_words(same)}" if not 200 <= same.status < 300 else f"no: {_words(same)}",
        "nothing: no two of its names have one UID",
        None,
    )
    again = bench.put("one", bench.text("one"), If_None_Match="*")
    yield Probed(
        "Can a name be used again after its event was deleted?",
        "yes" if 200 <= again.status < 300 else f"no: {_words(again)}",
        "nothing: a block that is made anew gets a new name",
        None,
    )


def _name(bench: _Bench, part: str) -> str:
    return f"calsync-check-{bench.run}-{part}.ics"


def _words(answer: Answer) -> str:
    """An answer in a few words: never its text, which may quote what stands in a calendar."""
    named = {one.rpartition("}")[2] for one in answer.conditions} - {"responsedescription"}
    conditions = ", ".join(sorted(named))
    done = 200 <= answer.status < 300
    return f"{'it is done' if done else 'refused'} (HTTP {answer.status}{f', {conditions}' if conditions else ''})"
