"""What leaves the machine in a year of nights: nothing of a person at `privacy.names: none`, on no way that there is.

One leader with a calendar of each kind (Google, Microsoft, CalDAV, a folder, one in memory), whose people, notes,
topics and meetings are full of words that are found nowhere else. Every byte that the process sends is taken down at
its sockets, every file that calsync wrote is read, and all are searched for these words in every guise. That the
search would find them is shown with `privacy.names: first`, where first names may stand in near entries.
"""

from __future__ import annotations

import base64
import http.client
import json
import logging
import random
import re
import socket
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlsplit

import pytest

from calsync import changing
from calsync.changing import Words
from calsync.config.values import CalendarConfig
from calsync.connected import calendars
from calsync.deeds import record_kindness, skip_act
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.exporting import export
from calsync.history import runs
from calsync.logbook import Said, record_done, record_skip, record_snooze
from calsync.nightly import run_night
from calsync.outlines import outlines
from calsync.people.contacts import ContactKind
from calsync.people.promises import PromiseState
from calsync.promises import Asked, close, make, promised
from calsync.state.store import Store
from calsync.takeback import restore, undo, uninstall
from providers.memory import MemoryProvider
from tests.servers.awkward import AwkwardServer
from tests.servers.fixtures import CalDavCalendar
from tests.simulation.planted import found_in, packed
from tests.simulation.wiretap import Wiretap
from tests.system.vendors import BERLIN, NOW, Vendor, VendorWorld, all_vendors
from tests.system.world import DavShelf, FolderShelf, Shelf, meeting

FIRST_NAMES = ("Zsófiaxa", "Þórhildwyx", "Quetzalio", "Ngọcphương")
CALL_NAME = "Bramblequick"
"""What the leader calls the third of them: it stands for a first name."""
LAST_NAMES = ("Vörösmartxy", "Jökulsdottirz", "Ozymandel", "Trầnvũx")
FULL_NAMES = tuple(f"{first} {last}" for first, last in zip(FIRST_NAMES, LAST_NAMES, strict=True))
ADDRESSES = (
    "zsofi.v@planted-one.example",
    "wyx@planted-two.example",
    "oz.mandel@planted-three.example",
    "ngoc@planted-four.example",
)
OTHERS = ("Zirconbeak Hollowayx", "planted-guest@elsewhere.example")
"""People at the leader's own meetings who are not in the rotation."""
TAGS = ("skunkwurx", "hollandaise-crew")
ZONE = "Pacific/Chatham"
NOTE = "afraid of the grünkohl reorganisation"
THREAD = "ask how the viola d'amore exam went"
TOPIC = "Which kombuchatory would you open, and what would stand over its door?"
TITLE = "Obsidian platypus review"
PROMISE = "lend out the zymurgical sextant"
ACT = "Leave a marzipanesque gherkin on the shelf where everybody passes."
KINDNESS = "they laughed at the rhubarbine card"
CHANGE = "the move to the gnocchibase ledger"
PLUS, MINUS = "fewer zeppeline forms", "a month of quagmirish double entries"
ANSWER, CHANGED = "it would cost me my tarpaulin mornings", "the old xylographic forms stay for a year"
NAMED = (*LAST_NAMES, *FULL_NAMES, *ADDRESSES, *OTHERS, *TAGS, ZONE)
SECRETS = (*NAMED, NOTE, THREAD, TOPIC, TITLE, PROMISE, ACT, KINDNESS, CHANGE, PLUS, MINUS, ANSWER, CHANGED)
"""What may go out at no setting."""

PEOPLE = f"""
  - {{name: {FULL_NAMES[0]}, email: {ADDRESSES[0]}, ideal: 7d, max: 14d, tags: [{TAGS[0]}]}}
  - {{name: {FULL_NAMES[1]}, email: {ADDRESSES[1]}, ideal: 7d, max: 21d, tags: [{TAGS[1]}], channel: call}}
  - {{name: {FULL_NAMES[2]}, email: {ADDRESSES[2]}, ideal: 14d, max: 28d, call_name: {CALL_NAME}}}
  - {{name: {FULL_NAMES[3]}, email: {ADDRESSES[3]}, ideal: 30d, max: 60d, timezone: {ZONE}}}"""


class Notebook(logging.Handler):
    """Everything that is logged, at any level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass
class PrivateWorld(VendorWorld):
    """The leader, with one more calendar in memory."""

    chance: random.Random = field(default_factory=random.Random)
    dav: Shelf | None = None
    shelf: FolderShelf | None = None
    met: int = 0

    def desk(self, now: datetime = NOW) -> Desk:
        made = super().desk(now)
        options = MappingProxyType({"server": str(self.folder), "calendar": "main"})
        memory = CalendarConfig("scratch", "memory", write=True, options=options)
        config = replace(made.config, calendars=(*made.config.calendars, memory))
        return type(made)(config, made.state_folder, made.now)

    @property
    def memory(self) -> MemoryProvider:
        provider = self.desk().provider("scratch")
        assert isinstance(provider, MemoryProvider)
        return provider

    # ------------------------------------------------------------------ the leader's day

    def day(self, night: datetime) -> None:
        """What the leader does between two nights: talks, notes, meetings, edits on their own calendars."""
        evening, chance = night.replace(hour=18), self.chance
        desk = self.desk(evening)
        who = chance.choice(FULL_NAMES)
        what = chance.random()
        if what < 0.35:
            said = Said(feel=chance.randint(1, 5), note=NOTE, thread=THREAD if chance.random() < 0.5 else "")
            record_done(desk, who, said=said)
        elif what < 0.45:
            record_done(desk, who, said=Said(kind=chance.choice([ContactKind.NO_ANSWER, ContactKind.DECLINED])))
        elif what < 0.52:
            record_skip(desk, who)
        elif what < 0.57:
            record_snooze(desk, who, evening.date() + timedelta(chance.randint(2, 12)))
        if night.toordinal() % 5 == 0:
            record_kindness(desk, FULL_NAMES[night.toordinal() % len(FULL_NAMES)], KINDNESS)
        elif night.toordinal() % 5 == 1:
            with suppress(UsageError):  # no other act is left
                skip_act(desk)
        if night.toordinal() % 3 == 0:
            self.change(desk, FULL_NAMES[night.toordinal() // 3 % len(FULL_NAMES)])
        if night.toordinal() % 6 == 2:
            self.promise(desk, chance.choice(FULL_NAMES))
        if chance.random() < 0.5:
            self.meet(night)
        if chance.random() < 0.1:
            self.edit(night)

    def promise(self, desk: Desk, who: str) -> None:
        """The leader promises something, alone or with a talk, and closes what is over; some of it late."""
        chance = self.chance
        asked = Asked(PROMISE, desk.now + timedelta(days=chance.randint(1, 12)), chance.choice([15, 30, 60]))
        if chance.random() < 0.5:
            make(desk, who, asked)
        else:
            record_done(desk, who, promise=asked)
        with Store(desk.state_folder, desk.now) as store:
            waiting = [one for one in promised(desk, store).promises if one.is_overdue(desk.now)]
        for one in waiting[:2]:
            close(desk, str(one.id), chance.choice([PromiseState.KEPT, PromiseState.DROPPED]))

    def change(self, desk: Desk, who: str) -> None:
        """The leader notes a change and asks about it; asks somebody; or closes it when its day has come."""
        with Store(desk.state_folder, desk.now) as store:
            waiting = [one for one in outlines(store) if one.open]
        if not waiting:
            affects = (f"tag:{TAGS[0]}", *FULL_NAMES[1:])
            changing.add(desk, Words(CHANGE, (PLUS,), (MINUS,)), desk.now.date() + timedelta(24), affects)
            changing.ask(desk, None)
        elif waiting[0].on <= desk.now.date():
            changing.close(desk, None, names=True)
        else:
            changing.note(desk, None, who, ANSWER, Words("", (PLUS,), (MINUS,)), CHANGED)

    def meet(self, night: datetime) -> None:
        """A meeting comes up, with people and a title, somewhere."""
        chance = self.chance
        self.met += 1
        start = (night + timedelta(days=chance.randint(2, 40))).replace(hour=chance.randint(9, 16), minute=0)
        uid = f"meeting-{self.met}"
        data = meeting(uid, start, chance.choice([30, 60, 120, 240]), title=f"{TITLE} with {chance.choice(FULL_NAMES)}")
        data = data.replace(b"mailto:ana@example.com", b"mailto:" + chance.choice(ADDRESSES).encode())
        data = data.replace(b":mailto:bo@example.com", f';CN="{OTHERS[0]}":mailto:{OTHERS[1]}'.encode())
        place = chance.choice([*self.vendors, "dav", "shelf", "scratch"])
        if place in self.vendors:
            self.vendors[place].hand.put(self.vendors[place].calendar, uid, data)
        elif place == "scratch":
            self.memory.server.put(f"{uid}.ics", data)
        else:
            shelf = self.dav if place == "dav" else self.shelf
            assert shelf is not None
            shelf.put(f"{uid}.ics", data)

    def edit(self, night: datetime) -> None:
        """The leader takes a date out, or drags it an hour, on one of the vendors' pages."""
        name = self.chance.choice(list(self.vendors))
        vendor = self.vendors[name]
        alive = [o for o in self.blocks(name, night) if o.series.until is None]
        if not alive:
            return
        series = self.chance.choice(alive).series
        begin = night.date() + timedelta(3)
        ahead = [day for day in series.days(begin, begin + timedelta(30)) if day not in series.cancelled]
        ahead = [day for day in ahead if day not in series.overrides]
        if not ahead:
            return
        day, resource = self.chance.choice(ahead), vendor.hand.name_of(series.key)
        if self.chance.random() < 0.5:
            vendor.hand.delete_date(vendor.calendar, resource, day)
        else:
            clock = (series.home(day).start + timedelta(hours=1)).time()
            vendor.hand.move_date(vendor.calendar, resource, day, day, clock)

    # ------------------------------------------------------------------ what got out

    def written(self) -> dict[str, bytes]:
        """The files that calsync wrote and others may see: entries of blocks in the folder and in memory, exports."""
        assert self.shelf is not None
        found = {f"folder/{name}": data for name, data in self.shelf.everything().items() if _ours(data)}
        found |= {f"memory/{name}": data for name, data in self.memory.server.snapshot().items() if _ours(data)}
        found |= {path.name: path.read_bytes() for path in self.folder.glob("export-*.ics")}
        return found


def _ours(data: bytes) -> bool:
    return b"X-CALSYNC-KEY" in data


@dataclass
class Record:
    """What got out in a stretch of nights: on the wires by calendar, in files, in logs and in the history of runs."""

    wires: dict[str, bytes]
    files: bytes
    logs: bytes
    nights: int
    written: int
    promises: int

    def everything(self) -> dict[str, bytes]:
        return {**self.wires, "files": self.files, "logs": self.logs}


def live(
    folder: Path, dav: CalDavCalendar, nights: int, privacy: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> Record:
    """So many days and nights of the leader; then everything is looked at, taken back and removed."""
    monkeypatch.setenv("CALSYNC_SECRET_DAV", dav.password)
    tap, notebook, logger = Wiretap(), Notebook(), logging.getLogger()
    shelf = FolderShelf(folder / "shelf")
    level, files, written = logger.level, set(), 0
    with ExitStack() as stack:
        vendors: dict[str, Vendor] = all_vendors(stack)
        who = f", username: '{dav.username}'"
        exports = ", ".join(
            f"{{path: '{folder}/export-{details}.ics', details: {details}}}" for details in ("busy", "titles", "full")
        )
        world = PrivateWorld(
            folder,
            vendors,
            connect="{minutes: 30, per_week: 2, pings: 2}\n  follow-through: {minutes: 45, per_week: 1}",
            people=PEOPLE,
            more=(
                f"{{name: dav, provider: caldav, url: '{dav.url}'{who}, write: true}}",
                f"{{name: shelf, provider: ics, path: '{shelf.folder}', write: true}}",
            ),
            extra=f"privacy: {{{privacy}}}\nexports: [{exports}]",
            chance=random.Random(seed),
            dav=DavShelf(dav),
            shelf=shelf,
        )
        world.desk()
        (folder / "kindness.yaml").write_text(
            f"- {{text: {json.dumps(ACT)}, minutes: 2, channel: deed, reach: private, tie: support}}\n"
        )
        (folder / "topics.yaml").write_text(
            f"- text: {json.dumps(TOPIC)}\n  theme: plans\n  depth: 1\n"
            "  follow_ups: [What would be on its menu?, Who would be its first guest?]\n",
            encoding="utf-8",
        )
        stack.enter_context(tap.tapping())
        logger.addHandler(notebook)
        logger.setLevel(logging.DEBUG)
        try:
            for n in range(nights):
                now = (NOW.replace(tzinfo=None) + timedelta(days=n)).replace(tzinfo=BERLIN)
                desk = world.desk(now)
                with tap.listening():
                    report = run_night(desk)
                assert report.exit_code in (0, 5), [error.what for error in report.errors]
                written += report.written
                files |= set(world.written().values())
                world.day(now)
            end = now + timedelta(hours=20)
            with tap.listening():
                assert all(row["ok"] for row in calendars(world.desk(end)))
                export(world.desk(end))
                run_night(world.desk(end), dry_run=True)
                undo(world.desk(end))
                with suppress(UsageError):  # chance may have had the leader delete nothing
                    restore(world.desk(end))
                run_night(world.desk(end), force=True)
            history = json.dumps(runs(world.desk(end), 10_000), ensure_ascii=False).encode()
            files |= set(world.written().values())
            with tap.listening():
                uninstall(world.desk(end))
        finally:
            logger.removeHandler(notebook)
            logger.setLevel(level)
        places = {name: vendor.server.url for name, vendor in vendors.items()} | {"dav": dav.url}
        ports = {name: urlsplit(url).port or 0 for name, url in places.items()}
    assert {s.place[1] for s in tap.streams if s.sent} == set(ports.values())
    wires = {name: tap.sent_to(port) for name, port in ports.items()}
    logs = "\n".join(notebook.lines).encode() + b"\n" + history
    with Store(world.desk(end).state_folder, end) as store:
        promises = len(store.promises())
    return Record(wires, b"\n".join(sorted(files)), logs, nights, written, promises)


def check_nothing(record: Record) -> None:
    """Not a word of a person, on no way."""
    for place, seen in record.everything().items():
        assert found_in(seen, (*SECRETS, *FIRST_NAMES, CALL_NAME)) == set(), place


def check_nobody_told(record: Record) -> None:
    """Nobody is invited, and Google is told with each write to mail nobody."""
    writes = re.findall(rb"(?:POST|PUT|PATCH|DELETE) (/calendar/v3/calendars/\S+/events\S*)", record.wires["google"])
    assert writes
    assert all(b"sendUpdates=none" in write for write in writes)
    assert not any(re.search(rb'"attendees"\s*:|\nATTENDEE', seen) for seen in record.everything().values())


def check_heard(record: Record) -> None:
    """The record is whole: each adapter sent the marks of blocks, in the words of its own vendor, and many times."""
    assert record.written >= record.nights // 7
    assert record.wires["google"].count(b"POST /") >= 1
    assert b'"calsync"' in record.wires["google"]
    assert b"transactionId" in record.wires["office"]
    assert b"X-CALSYNC-KEY" in record.wires["dav"]
    assert all(b"Focus" in wire for wire in record.wires.values())
    assert all(wire.count(b"HTTP/1.1\r\n") >= record.nights for wire in record.wires.values())
    assert record.files.count(b"X-CALSYNC-KEY") >= 4
    assert b"X-CALSYNC-KIND:follow-through" in record.files
    assert record.promises >= 1
    assert record.logs.count(b"nightly") >= record.nights


def test_two_weeks_of_nights_says_nothing_of_anybody(
    tmp_path: Path, radicale: CalDavCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = live(tmp_path, radicale, 14, "names: none", 1, monkeypatch)
    check_heard(record)
    check_nothing(record)
    check_nobody_told(record)


def test_with_first_names_there_are_first_names_and_nothing_else(
    tmp_path: Path, radicale: CalDavCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same search on the same ways finds what may be there, so it would find what may not."""
    record = live(tmp_path, radicale, 8, "names: first", 2, monkeypatch)
    check_heard(record)
    firsts = {FIRST_NAMES[0], FIRST_NAMES[1]}
    for place, seen in (*record.wires.items(), ("files", record.files)):
        assert found_in(seen, FIRST_NAMES) & firsts, place
        assert found_in(seen, SECRETS) == set(), place
        assert FIRST_NAMES[2] not in found_in(seen, FIRST_NAMES), place
    assert found_in(record.logs, (*SECRETS, *FIRST_NAMES)) == set()


def test_addresses_go_to_the_accounts_own_servers_alone_and_only_when_they_may_be_asked_for_free_time(
    tmp_path: Path, radicale: CalDavCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither server knows these people, so both are asked for each of them."""
    record = live(tmp_path, radicale, 5, "names: none, free_busy: true", 4, monkeypatch)
    for place, seen in record.everything().items():
        allowed = set(ADDRESSES) if place in ("google", "office") else set()
        assert found_in(seen, (*SECRETS, *FIRST_NAMES, CALL_NAME)) == allowed, place


@pytest.mark.slow
def test_a_year_of_nights_says_nothing_of_anybody(
    tmp_path: Path, radicale: CalDavCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = live(tmp_path, radicale, 365, "names: none", 3, monkeypatch)
    check_heard(record)
    check_nothing(record)
    check_nobody_told(record)


def test_the_tap_hears_the_address_the_headers_and_the_body_of_a_request_and_only_while_it_listens() -> None:
    tap, server = Wiretap(), AwkwardServer()
    with server.running(), tap.tapping():
        port = urlsplit(server.url).port or 0
        for word, listens in (("silentxx", False), ("loudxxxx", True)):
            with tap.listening() if listens else nullcontext():
                connection = http.client.HTTPConnection("127.0.0.1", port)
                connection.request("PUT", f"/url-{word}", f"body-{word}".encode(), {"X-Word": f"header-{word}"})
                connection.getresponse().read()
                connection.close()
        heard = tap.sent_to(port)
    assert all(part in heard for part in (b"PUT /url-loudxxxx ", b"X-Word: header-loudxxxx", b"body-loudxxxx"))
    assert b"silentxx" not in heard
    assert "sendall" not in vars(socket.socket)


GUISES = {
    "plain": lambda w: w.encode(),
    "capitals": lambda w: w.upper().encode(),
    "percent": lambda w: quote(w).encode(),
    "base64": lambda w: base64.b64encode(b"xy" + w.encode() + b"z"),
    "base64 for addresses": lambda w: base64.urlsafe_b64encode(b"x" + w.encode()),
    "JSON": lambda w: json.dumps({"a": w}).encode(),
    "UTF-16": lambda w: w.encode("utf-16"),
    "folded": lambda w: b"SUMMARY:" + w[:6].encode() + b"\r\n " + w[6:].encode(),
    "XML": lambda w: w.encode("ascii", "xmlcharrefreplace"),
    "packed": lambda w: b"head" + packed(b"in " + w.encode()),
    "hexadecimal": lambda w: w.encode().hex().encode(),
    "a file's name": lambda w: w.lower().replace(" ", "-").encode(),
}


@pytest.mark.parametrize("guise", GUISES)
def test_the_search_finds_a_word_in_every_guise(guise: str) -> None:
    for word in SECRETS:
        assert found_in(b"before " + GUISES[guise](word) + b" after", SECRETS) >= {word}, word


def test_the_search_finds_nothing_where_nothing_is() -> None:
    chance = random.Random(7)
    noise = bytes(chance.randrange(256) for _ in range(200_000))
    assert found_in(noise + base64.b64encode(noise), (*SECRETS, *FIRST_NAMES)) == set()
