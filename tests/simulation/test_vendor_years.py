"""Many nights on Google, Microsoft 365 and a folder at once, on a seed: a leader who edits, and servers that misbehave.

Each day of a simulated year something happens on the calendars, then a night goes wrong, then one does not. After that
one everything is judged from the calendars alone: by icalendar and dateutil, against what the leader did and against
the meetings as they were put there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync.config.values import BlockConfig, CalendarConfig, Config, Names, PlanningConfig, ShowAs
from calsync.desk import Desk
from calsync.errors import Refused
from calsync.model import Kind, Person
from calsync.nightly import run_night
from calsync.nightreport import NightReport
from calsync.planning.board import Prefer
from calsync.ports import CalendarProvider
from calsync.state.store import Store
from calsync.takeback import restore
from providers.memory import Killed
from tests.servers.google import Fault as GoogleFault
from tests.servers.google import GoogleServer
from tests.servers.graph import Fault as GraphFault
from tests.servers.graph import GraphServer
from tests.simulation.vendor_accounts import ACCOUNT, Account, Folder, Google, Graph, Line
from tests.simulation.vendor_judge import Block, Standing, busy_times, read_blocks
from tests.system.vendors import grant_google, grant_microsoft

ZONES = (
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Asia/Kathmandu",
    "America/New_York",
    "Europe/Dublin",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Asia/Jerusalem",
)
OTHER_ZONES = ("UTC", "Europe/London", "America/Los_Angeles", "Asia/Kolkata", "Australia/Sydney")
HOURS = {day: ((time(9), time(12, 30)), (time(13, 15), time(17, 30))) for day in range(5)}
FREEZE = timedelta(hours=20)
_OTHER = "blocks@group.calendar.google.com"
Slot = tuple[str, int, int]


@dataclass
class Wishes:
    """What the leader did to one slot: what must be so from the next undisturbed night on.

    `told` are dates by home with the start and end that they were given, and where; `words` what was written into them.
    """

    gone: bool = False
    since: date = date.min
    """When it went."""
    loose: bool = False
    """The leader moved or ended the whole series: what was said of single dates counts no more."""
    deleted: set[date] = field(default_factory=set)
    moved: dict[date, tuple[datetime, datetime]] = field(default_factory=dict)
    titles: dict[date, str] = field(default_factory=dict)
    words: dict[tuple[str, date | None], dict[str, str]] = field(default_factory=dict)
    title: str = ""
    weekly: tuple[int, time] | None = None
    where: dict[date, str] = field(default_factory=dict)
    excused: set[date] = field(default_factory=set)
    """Dates that went to the new time with the whole series, wherever calsync had put them: they count as moved."""

    @property
    def touched(self) -> set[date]:
        """Dates that the leader has decided about."""
        return {*self.deleted, *self.moved, *self.titles, *(day for _, day in self.words if day is not None)}


class Life:
    """A leader, their calendars, and chance. `disturbed` False: the same life with nothing that goes wrong."""

    def __init__(self, folder: Path, seed: int, kinds: str, stack: ExitStack, *, disturbed: bool = True) -> None:
        self.folder, self.seed, self.disturbed = folder, seed, disturbed
        self.chance = random.Random(f"life {seed} {kinds}")
        self.luck = random.Random(f"luck {seed} {kinds}")
        self.zone = ZoneInfo(ZONES[seed % len(ZONES)])
        self.now = datetime(2026, self.chance.choice((2, 3, 9, 10)), self.chance.randrange(1, 20), 3, tzinfo=self.zone)
        self.line = Line()
        self.line.page = self.luck.choice((0, 0, 2, 5, 20))
        self.accounts: list[Account] = []
        self.meetings: dict[str, Meeting] = {}
        self.count = 0
        self.wishes: dict[Slot, Wishes] = {}
        self.changed: set[Slot] = set()
        """Series that the leader has changed as a whole since the last night."""
        self.asked: set[tuple[str, Slot]] = set()
        """Calendars and slots to which the leader has invited somebody."""
        self.log: list[str] = []
        self.per_week = self.chance.choice((1, 2, 2, 3))
        self.minutes = self.chance.choice((15, 30, 30, 45))
        self.title = "Focus"
        self.kindness = self.chance.random() < 0.3
        self.follow = self.chance.random() < 0.3
        self.weeks = self.chance.choice((3, 5, 8))
        self.show_as = self.chance.choice((ShowAs.AUTO, ShowAs.AUTO, ShowAs.FREE, ShowAs.BUSY))
        self.sociable = self.chance.random() < 0.15
        self.names = Names.FIRST if self.chance.random() < 0.2 else Names.NONE
        self.signed = self.luck.random() < 0.2
        self.focus = False
        self.nights = 0
        state = folder / "state"
        state.mkdir(parents=True)
        if "g" in kinds:
            self._google(stack, state, kinds)
        if "m" in kinds:
            self._graph(stack, state, kinds)
        if "f" in kinds:
            self.accounts.append(Folder("files", folder / "files"))
        self._crowd()

    def _crowd(self) -> None:
        """Days that are full every few weeks, so that series have dates that are not at home."""
        monday = self.now.date() - timedelta(self.now.weekday())
        for weekday in range(5):
            every = self.chance.choice((0, 2, 3, 4))
            if every:
                account = self.chance.choice(self.accounts)
                start = datetime.combine(monday + timedelta(weekday + 7 * self.chance.randrange(every)), time(8))
                made = Meeting(f"full{weekday}", account, self.zone.key, start, self.chance.choice((300, 600)))
                made.rule = f"FREQ=WEEKLY;BYDAY={f'{start:%a}'[:2].upper()};INTERVAL={every}"
                self.meetings[made.uid] = made
                made.name = account.keep(made.uid, made.text())
                self.say(f"meeting {made} on {account.name}")

    def _google(self, stack: ExitStack, state: Path, kinds: str) -> None:
        server, luck = GoogleServer(now=lambda: self.now.astimezone(UTC)), self.luck
        server.page_size = luck.choice((0, 1, 2, 5))
        server.empty_pages = luck.random() < 0.3
        server.workspace = luck.random() < 0.5
        server.calendars[server.email].timezone = luck.choice((self.zone.key, "Europe/Berlin", "America/Chicago"))
        stack.enter_context(server.running())
        # Google's own focus time always looks busy.
        self.focus = luck.random() < 0.3
        options = {"event_type": "focus"} if self.focus else {}
        self.accounts.append(Google("work", server, self.line, options))
        if "G" in kinds:
            server.add_calendar(_OTHER, timezone=server.calendars[server.email].timezone)
            self.accounts.append(Google("work2", server, self.line, {}, _OTHER))
        grant_google(state, server)

    def _graph(self, stack: ExitStack, state: Path, kinds: str) -> None:
        server, luck = GraphServer(now=lambda: self.now.astimezone(UTC)), self.luck
        server.old_refresh_tokens_die = False
        server.empty_pages = luck.random() < 0.3
        server.repeats_rows = luck.random() < 0.5
        server.delta_scatters_rows = luck.random() < 0.5
        server.delta_echoes_whole_series = luck.random() < 0.5
        server.delta_masters = luck.choice(("all", "young", "none"))
        server.stray_tombstones = luck.random() < 0.5
        server.transaction_ids_stay_taken = luck.random() < 0.5
        server.duplicate_status = luck.choice((400, 409))
        server.occurrences_share_etag = luck.random() < 0.5
        if not (server.delta_echoes_whole_series or server.occurrences_share_etag):
            # Without any row of a series that a date is missing from nobody could know of it.
            server.delta_masters = "all"
        server.occurrences_carry_transaction_id = luck.random() < 0.5
        server.forgotten_answer = luck.choice((410, 400, 404))
        server.mailbox.zone_name = luck.choice(("W. Europe Standard Time", "Tokyo Standard Time", "UTC"))
        stack.enter_context(server.running())
        self.accounts.append(Graph("office", server, self.line))
        if "M" in kinds:
            server.add_calendar("Blocks")
            self.accounts.append(Graph("office2", server, self.line, {}, "Blocks"))
        grant_microsoft(state, server)

    # --- calsync's side ---

    def desk(self) -> Desk:
        """The leader's desk at this moment."""
        calendars = tuple(CalendarConfig(a.name, a.kind, write=True, options=a.options) for a in self.accounts)
        blocks = [BlockConfig(Kind.CONNECT, self.minutes, self.per_week, 1, Prefer.ANY, self.title)]
        if self.kindness:
            blocks.append(BlockConfig(Kind.KINDNESS, 15, 1, 1, Prefer.ANY, "Small thing"))
        if self.follow:
            blocks.append(BlockConfig(Kind.FOLLOW_THROUGH, 45, 1, 1, Prefer.ANY, "Follow up"))
        config = Config(
            path=self.folder / "config.yaml",
            timezone=self.zone.key,
            me=frozenset({ACCOUNT}),
            working_hours=HOURS,
            holidays="",
            free_days=frozenset(),
            calendars=calendars,
            blocks=tuple(blocks),
            planning=PlanningConfig(horizon_weeks=self.weeks, show_as=self.show_as, max_blocks_a_day=2),
            people=(Person("Zsuzsanna Oyelaran", 7, 14, ("zsuzsanna@example.com",)), Person("Bo", 7, 14)),
            names=self.names,
            exports=(),
            notify=(),
        )
        return _desk(config, self.folder / "state", self.now, {a.name: a for a in self.accounts}, self)

    def night(self, *, force: bool = False) -> NightReport | None:
        """One night; None when its process was killed."""
        self.nights += 1
        self.line.running = True
        try:
            return run_night(self.desk(), force=force)
        except Killed:
            return None
        finally:
            self.line.running = False

    def standing(self, account: Account) -> Standing:
        """What stands on a calendar, in the year around now."""
        begin, end = self.now - timedelta(days=60), self.now + timedelta(days=190)
        return read_blocks(account.everything(), self.zone, begin, end)

    # --- what happens ---

    def say(self, what: str) -> None:
        self.log.append(f"{self.now:%Y-%m-%d %H:%M} {what}")

    def meet(self) -> None:
        """Meetings come, change and go."""
        for _ in range(self.chance.randrange(4)):
            self.count += 1
            account = self.chance.choice(self.accounts)
            made = Meeting.drawn(f"m{self.count}", self.chance, self.now, self.zone, account)
            self.meetings[made.uid] = made
            made.name = account.keep(made.uid, made.text())
            self.say(f"meeting {made} on {account.name}")
        for made in list(self.meetings.values()):
            if self.chance.random() < 0.06:
                if self.chance.random() < 0.4:
                    made.account.drop(made.name)
                    del self.meetings[made.uid]
                    self.say(f"meeting {made.uid} is gone")
                else:
                    made.change(self.chance, self.now)
                    assert made.account.keep(made.uid, made.text()) == made.name
                    self.say(f"meeting {made}")

    def edit(self) -> None:
        """The leader does something to a block on one calendar."""
        account = self.chance.choice(self.accounts)
        # One whole series is changed on one calendar at a time.
        there = [b for b in self.standing(account).blocks.values() if b.endless and b.weekly]
        blocks = [b for b in there if b.slot not in self.changed]
        if not blocks:
            return
        block = self.chance.choice(sorted(blocks, key=lambda b: b.slot))
        wishes = self.wishes.setdefault(block.slot, Wishes())
        if self.chance.random() < 0.8:
            self._edit_date(account, block, wishes)
        else:
            self._edit_series(account, block, wishes)

    def _edit_date(self, account: Account, block: Block, wishes: Wishes) -> None:
        chance, today = self.chance, self.now.date()
        ahead = sorted(
            one.home
            for one in block.dates.values()
            if today < one.home < today + timedelta(weeks=self.weeks + 3)
            and one.home not in wishes.touched
            and one.start > self.now + timedelta(hours=1)
        )
        if not ahead:
            return
        day = chance.choice(ahead)
        one = block.dates[day]
        what = chance.choice(("delete", "delete", "move", "move", "move far", "title", "text", "place", "guest"))
        if what == "guest" and not self.sociable:
            what = "move"
        self.say(f"{account.name} {block.slot} {day}: {what}")
        wishes.where[day] = account.name
        if what == "delete":
            account.delete_date(block.key, day)
            wishes.deleted.add(day)
        elif what.startswith("move"):
            to, clock = self._elsewhere(account, block, day, far=what == "move far")
            minutes = chance.choice((self.minutes, self.minutes, 60))
            account.move_date(block.key, day, to, clock, minutes)
            place = _zone_of(account, block.key, self.zone)
            start = datetime.combine(to, clock, place).astimezone(UTC)
            wishes.moved[day] = start, start + timedelta(minutes=minutes)
        else:
            said = f"{what}@example.net" if what == "guest" else f"{what} of {day}"
            account.say(block.key, day, **{what: said})
            wishes.moved[day] = one.start, one.end
            if what == "title":
                wishes.titles[day] = said
            else:
                wishes.words[account.name, day] = {what: said}
                if what == "guest":
                    self.asked.add((account.name, block.slot))

    def _elsewhere(self, account: Account, block: Block, day: date, *, far: bool) -> tuple[date, time]:
        """Another day and hour for a date; where the calendar demands it between its neighbours."""
        chance = self.chance
        clock = time(chance.choice((7, 8, 10, 14, 18, 19, 20)), chance.choice((0, 15, 40)))
        to = day + timedelta(chance.choice((-9, -8, 6, 8, 10)) if far else chance.randrange(-2, 3))
        if not account.crosses_neighbours:
            around = [block.dates.get(day + timedelta(7 * n)) for n in (-1, 1)]
            low, high = (one.start.astimezone(self.zone).date() if one else None for one in around)
            low, high = low or day - timedelta(3), high or day + timedelta(3)
            to = min(max(to, low + timedelta(1)), high - timedelta(1))
            to = to if low < to < high else day
        return max(to, self.now.date() + timedelta(1)), clock

    def _edit_series(self, account: Account, block: Block, wishes: Wishes) -> None:
        chance = self.chance
        what = chance.choice(
            ("title", "text", "place", "guest", "delete", "shift", "shift", "end", "fork", "copy", "copy", "restore")
        )
        if what == "restore" and (self.line.running or self.changed):
            return
        if what == "guest" and not self.sociable:
            return
        self.say(f"{account.name} {block.slot}: {what}")
        if what == "restore":
            self._restore()
        elif what == "copy":
            account.copy(block.key)
        elif what == "delete":
            self.changed.add(block.slot)
            account.delete(block.key)
            wishes.gone, wishes.since = True, self.now.date()
        elif what in ("end", "fork"):
            last = max((d for d in block.dates if d < self.now.date() + timedelta(20)), default=None)
            if last is None:
                return
            self.changed.add(block.slot)
            wishes.excused |= self._astray(block)
            if what == "end":
                account.end(block.key, last)
            else:
                account.fork(block.key, last, time(11, 30))
            wishes.gone, wishes.loose, wishes.since = True, True, self.now.date()
        elif what == "shift":
            assert block.weekly is not None
            self.changed.add(block.slot)
            days = chance.choice((0, 0, 1, -1)) if 0 < block.weekly[0] < 4 else 0
            clock = time(chance.choice((9, 10, 14, 16)), chance.choice((0, 10, 30)))
            account.shift(block.key, days, clock)
            excused = {
                day + timedelta(more)
                for day in self._astray(block) | wishes.touched | wishes.excused
                for more in (0, days)
            }
            weekly = (block.weekly[0] + days, clock)
            self.wishes[block.slot] = Wishes(title=wishes.title, weekly=weekly, loose=True, excused=excused)
        else:
            said = f"{what}@example.net" if what == "guest" else f"{what} of {self.now:%d %b}"
            account.say(block.key, None, **{what: said})
            if what == "title":
                wishes.title = said
            else:
                wishes.words.setdefault((account.name, None), {})[what] = said
                if what == "guest":
                    self.asked.add((account.name, block.slot))

    def _astray(self, block: Block) -> set[date]:
        """The dates that calsync may have changed: a vendor undoes that when the whole series changes."""
        return {day + timedelta(7 * n) for day in block.dates for n in range(-9, 9)}

    def _restore(self) -> None:
        """The leader takes all deletions back."""
        if not any(w.deleted or w.gone for w in self.wishes.values()):
            return
        # What ended longer ago is out of sight, and a new series would have its name.
        if any(w.gone and w.since < self.now.date() - timedelta(30) for w in self.wishes.values()):
            return
        with Store(self.folder / "state", self.now) as store:
            if not any(d.what in ("deleted", "retired") for d in store.decisions()):
                return
        self.calm()
        restore(self.desk(), "all")
        for slot, wishes in self.wishes.items():
            if wishes.gone:
                # What ended elsewhere is made anew, without what was written into its dates.
                self.wishes[slot] = Wishes(loose=True, excused=wishes.touched | wishes.excused)
            wishes.deleted.clear()

    def reconsider(self) -> None:
        """The leader changes the configuration."""
        what = self.chance.choice(("per_week", "minutes", "title", "kindness", "show_as", "weeks"))
        if what == "per_week":
            self.per_week = self.chance.choice((1, 2, 3))
        elif what == "minutes":
            self.minutes = self.chance.choice((15, 30, 45))
        elif what == "title":
            self.title = self.chance.choice(("Focus", "Hello", "Reach out"))
        elif what == "kindness":
            self.kindness = not self.kindness
        elif what == "show_as":
            self.show_as = self.chance.choice((ShowAs.AUTO, ShowAs.FREE, ShowAs.BUSY))
        else:
            self.weeks = self.chance.choice((3, 5, 8))
        self.say(f"config: {what}")

    def misbehave(self, interruptions: Callable[[], None] | None) -> None:
        """What goes wrong in the coming night."""
        luck, line = self.luck, self.line
        line.begin()
        for account in self.accounts:
            if luck.random() < 0.1:
                account.forget()
                self.say(f"{account.name} forgets")
            for _ in range(luck.choice((0, 0, 1, 1, 2, 4))):
                self._fault(account)
        kind = luck.choice(("", "", "kill", "kill", "expire", "edit"))
        at = luck.randrange(1, luck.choice((6, 25)))
        if kind == "kill":
            when = luck.choice((line.before, line.after))
            when[at] = line.kill
            self.say(f"killed {'before' if when is line.before else 'after'} request {at}")
        elif kind == "expire":
            line.before[at] = lambda: [a.expire() for a in self.accounts] and None
            self.say(f"tokens expire at request {at}")
        elif kind == "edit" and interruptions is not None:
            line.before[at] = interruptions

    def _fault(self, account: Account) -> None:
        luck = self.luck
        skip = luck.randrange(luck.choice((3, 10, 30)))
        more: dict[str, Any] = {}
        if isinstance(account, Google):
            fault: Any = luck.choice(list(GoogleFault))
            if fault is GoogleFault.QUOTA:
                more["reason"] = luck.choice(("userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded"))
            account.server.fail_next(fault, skip, **more)
        elif isinstance(account, Graph):
            fault = luck.choice(list(GraphFault))
            if luck.random() < 0.4:
                more["part"] = luck.randrange(4)
            if fault is GraphFault.GATEWAY:
                more["stored"] = luck.random() < 0.5
            account.server.fail_next(fault, skip, **more)
            account.server.spurious_412 = luck.choice((0, 0, 0, 1, 2))
            account.server.lag = luck.choice((0, 0, 0, 1, 2))
        else:
            return
        self.say(f"{account.name}: {fault} after {skip} requests {more or ''}")

    def calm(self) -> None:
        """Nothing goes wrong from now on."""
        self.line.begin()
        for account in self.accounts:
            account.behave()
            if isinstance(account, Graph):
                # Some time has passed, so that what is read is not older than what was written.
                account.server.lag, account.server.mailbox.stale = 0, None

    def lose(self) -> None:
        """The database is lost; the second copy of what only the leader can tell is not."""
        for file in (self.folder / "state").glob("calsync.*"):
            file.unlink()
        self.say("the database is lost")

    # --- what must be so ---

    def undisturbed(self) -> None:
        """A night with nothing that goes wrong; a plan that surprises is allowed, as the leader would."""
        self.calm()
        report = self.night()
        assert report is not None
        if any(isinstance(error, Refused) for error in report.errors):
            self.say(f"forced: {report.errors[0].what}")
            report = self.night(force=True)
            assert report is not None
        self.tell(report)
        expected = [e for e in report.errors if self._is_asked(e.what)]
        assert report.errors == expected, [(e.what, e.next_step) for e in report.errors]

    def tell(self, report: NightReport | None) -> None:
        """Log what a night said and did."""
        for note in report.notes if report is not None else ():
            self.say(f"   said: {note}")
        for one in report.changes if report is not None else ():
            self.say(f"   {one.action} {one.calendar} {one.series} {one.start} {one.was_start or ''} {one.reason}")

    def _is_asked(self, what: str) -> bool:
        """True for what is said where the leader invited somebody to a block: that is theirs to solve."""
        return self.stuck and "invited" in what

    @property
    def stuck(self) -> bool:
        """True when the leader invited somebody to a block and calsync cannot write all it wants to."""
        return any(account.name == name for account in self.accounts for name, _ in self.asked)

    def check(self) -> None:
        """After an undisturbed night."""
        boards = {account.name: self.standing(account) for account in self.accounts}
        busy = list(self._busy())
        for account in self.accounts:
            board = boards[account.name]
            assert board.foreign == account.foreign, f"{account.name}: a foreign event was changed"
            wrong = [line for line in board.wrong if not (self.left_over and "which is not there" in line)]
            assert wrong == [], (account.name, wrong)
            assert account.mailed == [], account.mailed
            self._check_wishes(account, board)
            for block in board.blocks.values():
                self._check_places(account, block, busy)
            self._check_apart(account, board)
        self._check_count(boards)
        self._check_alike(boards)
        with Store(self.folder / "state", self.now) as store:
            assert self.stuck or store.journal(state="intended") == []
            kept = {(name, key) for name, key in store.base()}
        there = {(name, b.key) for name, board in boards.items() for b in board.blocks.values() if b.endless}
        assert there <= kept, f"orphans: {there - kept}"
        if self.names is Names.NONE:
            for account in self.accounts:
                for sent in account.sent:
                    assert b"suzsanna" not in sent
                    assert b"Oyelaran" not in sent
        again = self.night()
        assert again is not None
        wanted = self.stuck or (again.written, again.changes) == (0, [])
        assert wanted, ("a second night wrote", again.written, again.changes)

    @property
    def left_over(self) -> bool:
        """True when the leader deleted a series: single events that stood in for its dates are theirs to delete."""
        return any(w.gone for w in self.wishes.values())

    def _busy(self) -> Iterator[tuple[datetime, datetime, str]]:
        begin, end = self.now, self.now + timedelta(weeks=self.weeks)
        for account in self.accounts:
            for text in account.foreign.values():
                for one, uid in busy_times(text, self.zone, begin, end, ACCOUNT):
                    yield one.start, one.end, uid

    def _check_places(self, account: Account, block: Block, busy: list[tuple[datetime, datetime, str]]) -> None:
        """No block on top of a meeting, and none out of its week, unless the leader has put it there."""
        wishes = self.wishes.get(block.slot, Wishes())
        limit = self.now + timedelta(weeks=self.weeks)
        for one in block.dates.values():
            if not self.now + FREEZE < one.start < limit or one.home in wishes.touched | wishes.excused or self.stuck:
                continue
            buffer = timedelta(minutes=5)
            for begin, end, uid in busy:
                over = one.start - buffer < end and begin < one.end + buffer
                assert not over, f"{account.name} {block.slot} {one.home} at {one.start} stands on {uid} {begin}"
            weeks = (one.start.astimezone(self.zone).date().isocalendar()[:2], one.home.isocalendar()[:2])
            assert weeks[0] == weeks[1], (account.name, block.slot, one)

    def _check_wishes(self, account: Account, board: Standing) -> None:
        for slot, wishes in self.wishes.items():
            block = board.blocks.get(slot)
            where = f"{account.name} {slot}"
            if (account.name, slot) in self.asked:
                # Whatever calsync changed there, the guests might get mail: it is left to the leader.
                continue
            if wishes.gone:
                ahead = [] if block is None else [d for d in block.dates.values() if d.start > self.now + FREEZE]
                assert block is None or not block.endless, f"{where} was ended and goes on"
                assert wishes.loose or ahead == [], f"{where} was deleted and goes on: {ahead}"
                continue
            if block is None or not block.endless:
                continue
            if wishes.title:
                assert block.title == wishes.title, f"{where}: its title is {block.title!r}, not {wishes.title!r}"
            if wishes.weekly is not None:
                assert block.weekly == wishes.weekly, f"{where}: {block.weekly}, not {wishes.weekly}"
            near = self.now.date() + timedelta(weeks=self.weeks)
            known = {day for day, name in wishes.where.items() if day <= near or name == account.name}
            for day in wishes.deleted & known:
                assert day not in block.dates, f"{where}: {day} was deleted and is there"
            for day, (start, end) in wishes.moved.items():
                one = block.dates.get(day)
                if start <= self.now or day not in known:
                    continue
                assert one is not None, f"{where}: {day} was put at {start} and is gone"
                assert (one.start, one.end) == (start, end), f"{where}: {day} was put at {start} and is at {one.start}"
            for day, title in wishes.titles.items():
                if wishes.moved[day][0] > self.now and day in known:
                    assert block.dates[day].title == title, f"{where}: {day} was called {title}"
            self._check_words(account, block, wishes)

    def _check_words(self, account: Account, block: Block, wishes: Wishes) -> None:
        for (name, day), words in wishes.words.items():
            if name != account.name or (day is not None and (wishes.moved[day][0] <= self.now or wishes.title)):
                continue
            one: Any = block if day is None else block.dates[day]
            for what, said in words.items():
                there = one.guests if what == "guest" else getattr(one, what)
                assert said in there, f"{name} {block.slot} {day}: {what} {said!r} is lost: {there!r}"

    def _check_apart(self, account: Account, board: Standing) -> None:
        """No two blocks at one time, unless the leader has put one there."""
        starts: dict[datetime, Slot] = {}
        for slot, block in board.blocks.items():
            wishes = self.wishes.get(slot, Wishes())
            for day, (start, *_) in self._coming(block).items():
                if wishes.loose or day in wishes.touched or self.stuck:
                    continue
                assert start not in starts, (account.name, slot, starts[start], start)
                starts[start] = slot

    def _check_count(self, boards: dict[str, Standing]) -> None:
        for name, board in boards.items():
            alive = [slot for slot, block in board.blocks.items() if block.endless]
            numbers = [(kind, number) for kind, number, _ in alive]
            assert len(set(numbers)) == len(numbers), (name, alive)

    def _check_alike(self, boards: dict[str, Standing]) -> None:
        """The same block stands on each calendar."""
        if self.stuck:
            return
        first = boards[self.accounts[0].name]
        for account in self.accounts[1:]:
            other = boards[account.name]
            for slot in {*first.blocks, *other.blocks}:
                wishes = self.wishes.get(slot, Wishes())
                if wishes.gone:
                    # What the leader left of it is on their calendar only.
                    continue
                one, two = (
                    {d: told for d, told in self._coming(board.blocks.get(slot)).items() if d not in wishes.excused}
                    for board in (first, other)
                )
                assert one == two, (self.accounts[0].name, account.name, slot, _difference(one, two))

    def _coming(self, block: Block | None) -> dict[date, tuple[object, ...]]:
        limit = self.now + timedelta(weeks=self.weeks)
        return {
            one.home: one.told[: 3 if self.focus else 4]
            for one in (block.dates.values() if block else ())
            if self.now + FREEZE < one.start < limit and one.home < limit.date()
        }

    def state(self) -> dict[str, Any]:
        """What stands on each calendar, for comparing lives."""
        return {
            account.name: {
                slot: (block.endless, block.title, {d: one.told for d, one in sorted(block.dates.items())})
                for slot, block in sorted(self.standing(account).blocks.items())
            }
            for account in self.accounts
        }


def _difference(one: dict[Any, Any], two: dict[Any, Any]) -> list[tuple[Any, Any, Any]]:
    return [(k, one.get(k), two.get(k)) for k in sorted({*one, *two}) if one.get(k) != two.get(k)]


def _zone_of(account: Account, key: str, leader: ZoneInfo) -> ZoneInfo:
    """The zone on whose clock the hand moves a date of that calendar."""
    if isinstance(account, Graph):
        return account.server.mailbox.items.events[account._name(key)].zone
    return leader


@dataclass
class Meeting:
    """A meeting of the leader's: written down anew whenever it changes."""

    uid: str
    account: Account
    zone: str
    start: datetime
    minutes: int
    rule: str = ""
    days: int = 0
    declined: bool = False
    free: bool = False
    out: set[datetime] = field(default_factory=set)
    moved: dict[datetime, datetime] = field(default_factory=dict)
    stamp: int = 0
    name: str = ""

    def __str__(self) -> str:
        more = [self.rule, f"{self.days} days" if self.days else "", "declined" if self.declined else ""]
        more += [
            "free" if self.free else "",
            *(f"-{at}" for at in self.out),
            *(f"{a}>{b}" for a, b in self.moved.items()),
        ]
        return f"{self.uid} {self.start} {self.zone} {self.minutes}' {' '.join(filter(None, more))}"

    @classmethod
    def drawn(cls, uid: str, chance: random.Random, now: datetime, leader: ZoneInfo, account: Account) -> Meeting:
        zone = leader.key if chance.random() < 0.7 else chance.choice(OTHER_ZONES)
        day = now.date() + timedelta(chance.randrange(1, 45))
        clock = time(chance.randrange(8, 18), chance.choice((0, 15, 30)))
        wall = datetime.combine(day, clock, leader).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        made = cls(uid, account, zone, wall, chance.choice((30, 60, 120, 240)))
        what = chance.random()
        code = f"{wall:%a}"[:2].upper()
        if what < 0.2:
            made.rule = f"FREQ=WEEKLY;BYDAY={code};INTERVAL={chance.choice((1, 2, 3))}"
        elif what < 0.3:
            made.rule = f"FREQ=DAILY;COUNT={chance.randrange(2, 12)}"
        elif what < 0.35:
            made.rule = f"FREQ=WEEKLY;BYDAY={code};COUNT={chance.randrange(2, 9)}"
        elif what < 0.4 and wall.day <= 28:
            made.rule = "FREQ=MONTHLY"
        elif what < 0.5:
            made.days = chance.randrange(1, 4)
        made.declined = chance.random() < 0.08
        made.free = chance.random() < 0.08
        return made

    def change(self, chance: random.Random, now: datetime) -> None:
        """Somebody changes it."""
        self.stamp += 1
        days = [self.start + timedelta(7 * n) for n in range(30)] if "WEEKLY" in self.rule else []
        if "INTERVAL" in self.rule:
            step = int(self.rule.rpartition("=")[2])
            days = days[::step]
        ahead = [
            at for at in days[: 6 if "COUNT" in self.rule else 20] if at.date() > now.date() and at not in self.out
        ]
        if "COUNT" in self.rule and "WEEKLY" in self.rule:
            ahead = [at for at in ahead if at in days[: int(self.rule.rpartition("=")[2])]]
        what = chance.choice(("date", "date", "date", "all", "length", "single"))
        if what == "date" and ahead:
            at = chance.choice(ahead)
            if chance.random() < 0.4:
                self.out.add(at)
                self.moved.pop(at, None)
            else:
                self.moved[at] = at + timedelta(hours=chance.choice((-1, 1, 2)), days=chance.choice((0, 0, 1)))
        elif what == "length":
            self.minutes = chance.choice((15, 45, 90))
        elif what == "single":
            self.rule, self.out, self.moved = "", set(), {}
        else:
            self.start += timedelta(hours=chance.choice((-1, 1)))
            self.out, self.moved = set(), {}

    def text(self) -> bytes:
        head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Another program//EN"]
        lines = [*head, *self._event(self.start, None)]
        for home, at in sorted(self.moved.items()):
            lines += self._event(at, home)
        return ("\r\n".join([*lines, "END:VCALENDAR"]) + "\r\n").encode()

    def _event(self, at: datetime, home: datetime | None) -> Iterator[str]:
        yield "BEGIN:VEVENT"
        yield f"UID:{self.uid}"
        yield f"DTSTAMP:20260101T0000{self.stamp:02}Z"
        yield f"SEQUENCE:{self.stamp}"
        if home is not None:
            yield self._time("RECURRENCE-ID", home)
        if self.days:
            yield f"DTSTART;VALUE=DATE:{at:%Y%m%d}"
            yield f"DTEND;VALUE=DATE:{at + timedelta(self.days):%Y%m%d}"
        else:
            yield self._time("DTSTART", at)
            yield self._time("DTEND", at + timedelta(minutes=self.minutes))
        if home is None and self.rule:
            yield f"RRULE:{self.rule}"
            yield from (self._time("EXDATE", one) for one in sorted(self.out))
        yield "SUMMARY:Review"
        yield f"TRANSP:{'TRANSPARENT' if self.free else 'OPAQUE'}"
        yield "ORGANIZER:mailto:ana@example.com"
        yield "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@example.com"
        yield f"ATTENDEE;PARTSTAT={'DECLINED' if self.declined else 'ACCEPTED'}:mailto:{ACCOUNT}"
        yield "END:VEVENT"

    def _time(self, name: str, at: datetime) -> str:
        return f"{name}:{at:%Y%m%dT%H%M%SZ}" if self.zone == "UTC" else f"{name};TZID={self.zone}:{at:%Y%m%dT%H%M%S}"


def _desk(config: Config, state: Path, now: datetime, accounts: dict[str, Account], life: Life) -> Desk:
    from providers.google.provider import GoogleProvider
    from providers.microsoft.provider import MicrosoftProvider

    class LoopbackDesk(Desk):
        """A desk whose vendors stand on loopback."""

        __slots__ = ()

        def open(self, calendar: CalendarConfig) -> CalendarProvider:
            account: Any = accounts[calendar.name]
            if isinstance(account, Folder):
                return super().open(calendar)
            more: dict[str, Any] = {"http": account.sessions, "pause": lambda _seconds: None}
            if not life.signed:
                more["access"] = _Access(account)
            if isinstance(account, Graph):
                more["clock"] = lambda: life.now.astimezone(UTC)
            make: Any = GoogleProvider if isinstance(account, Google) else MicrosoftProvider
            made: CalendarProvider = make(calendar.name, calendar.options, self.context(), **more)
            return made

    return LoopbackDesk(config, state, now)


class _Access:
    """Somebody who has signed in, without the requests that this takes."""

    app_only = False

    def __init__(self, account: Any) -> None:
        self.account = account
        self.token = ""

    def authorization(self) -> str:
        server = self.account.server
        self.token = self.token or (server.token() if isinstance(self.account, Google) else server.issue())
        return f"Bearer {self.token}"

    def renew(self) -> None:
        self.token = ""

    def refused(self) -> Any:
        from calsync.errors import SignInNeeded

        return SignInNeeded(f"{self.account.name}: {ACCOUNT} is not let in", "sign in")


@contextmanager
def lives(folder: Path, seed: int, kinds: str, *, disturbed: bool = True) -> Iterator[Life]:
    with ExitStack() as stack:
        yield Life(folder, seed, kinds, stack, disturbed=disturbed)


def live(folder: Path, seed: int, kinds: str, days: int) -> int:
    """So many days of a life; the number of nights in it."""
    with lives(folder, seed, kinds) as one:
        try:
            for _ in range(days):
                a_day(one)
        except BaseException:
            print("\n".join(one.log))  # noqa: T201 - pytest shows it with the failure
            raise
        return one.nights


def a_day(one: Life) -> None:
    chance = one.chance
    one.meet()
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        one.edit()
    if chance.random() < 0.05:
        one.reconsider()
    if one.luck.random() < 0.02 and not one.changed:
        one.lose()
    one.misbehave(one.edit)
    report = one.night()
    one.say(f"disturbed: {'killed' if report is None else (report.exit_code, [e.what for e in report.errors])}")
    one.tell(report)
    one.undisturbed()
    one.check()
    one.changed.clear()
    step = chance.choice((1, 1, 1, 2, 3, 7, 12))
    one.now = (one.now.replace(tzinfo=None) + timedelta(days=step)).replace(tzinfo=one.zone)


@pytest.mark.parametrize("kinds", [*(pytest.param(one, marks=pytest.mark.slow) for one in "gm"), "gmf"])
def test_a_month_of_misbehaviour(tmp_path: Path, kinds: str) -> None:
    live(tmp_path, 1, kinds, 12)


@pytest.mark.slow
@pytest.mark.parametrize("kinds", ["g", "m", "gmf"])
@pytest.mark.parametrize("seed", [10])
def test_a_year_of_misbehaviour(tmp_path: Path, seed: int, kinds: str) -> None:
    live(tmp_path, seed, kinds, 30)
