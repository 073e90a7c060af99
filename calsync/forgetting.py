"""Forgets one person everywhere that calsync reaches, and says line by line what it did and what it cannot reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from glob import escape
from pathlib import Path

from calsync.agenda import block_id
from calsync.config.snapshot import FILE_NAME as SNAPSHOT
from calsync.contacts import find_person
from calsync.desk import Desk, target_names
from calsync.errors import CalsyncError, Unfinished
from calsync.exporting import write_exports
from calsync.model import Key, Person, Series
from calsync.names import first_name_of, name_key, tidy_name
from calsync.nightlog import FOLDER as LOGS
from calsync.nightlog import clean_logs
from calsync.ownlists import own_files
from calsync.people.contacts import matching
from calsync.people.traces import Traces
from calsync.ports import OwnedSeries, SeriesWrite
from calsync.roster import remove
from calsync.state.database import FILE_NAME as DATABASE
from calsync.state.forgetting import retitled
from calsync.state.lock import hold
from calsync.state.store import BaseSeries, JournalRow, Store
from calsync.sync.apply import apply_writes
from calsync.sync.edits import notice
from calsync.sync.local import LOCAL
from calsync.takeback import now_on

__all__ = ["Forgotten", "forget", "traces_of", "whom"]

_DAMAGED = ("calsync.db.damaged-*", "decisions.json.damaged-*")
_LEFT_OVER = (".decisions.json.*.tmp", ".config.snapshot.*.tmp")
_LARGEST = 256 * 1024 * 1024
_WORDS = {
    "contacts": ("talk, call or skip", "talks, calls and skips"),
    "notes": ("note", "notes"),
    "snoozes": ("snooze", "snoozes"),
    "pauses": ("pause", "pauses"),
    "newcomers": ("day on which they joined", "days on which they joined"),
    "topics_told": ("topic told", "topics told"),
    "people_busy": ("record of when they are busy", "records of when they are busy"),
    "promises": ("promise", "promises"),
    "promise_time": ("stretch of time for a promise", "stretches of time for promises"),
    "acts": ("act of kindness", "acts of kindness"),
    "change_people": ("change that affects them", "changes that affect them"),
    "change_points": ("point of theirs about a change", "points of theirs about changes"),
    "assignments": ("block that was planned for them", "blocks that were planned for them"),
}


@dataclass(slots=True)
class Forgotten:
    """What was done, what is not in calsync's reach, and what is left for another call."""

    done: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    errors: list[CalsyncError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """4 before 3, as in a night."""
        codes = {error.exit_code for error in self.errors}
        return 4 if 4 in codes else 3 if codes else 0


def forget(desk: Desk, name: str, *, dry_run: bool = False) -> Forgotten:
    """Remove every trace of the one person that `name` means, whether they are still in the configuration or not.

    A calendar that cannot be written is named in `errors`; the same call again finishes it. Raises UsageError when
    nothing is kept of anybody of that name, or when the configuration cannot be edited; then nothing was done.
    """
    found = Forgotten()
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        person, listed = whom(desk, store, name)
        work = _Work(desk, store, traces_of(desk, store, person), found)
        told = remove(desk, person.name, dry_run=True) if listed else []  # refused here, nothing is done at all
        if dry_run:
            work.preview(told)
            return found
        run = store.begin_run("forget", desk.now, desk.now)
        work.rename_blocks(run)
        work.rewrite_exports()
        work.forget_state()
        if listed:
            work.leave_configuration(person)
        errors = [work.traces.redacted(error.what) for error in found.errors]
        store.end_run(run, found.exit_code, {"errors": errors})
        work.clean_logs()
        work.remove_files()
        if not store.compact():
            found.errors.append(
                Unfinished(
                    f"another program has {desk.state_folder / DATABASE} open, so what was deleted may still be in it",
                    "close that program, then run this again; if nobody of that name is known then, it is done",
                )
            )
        work.name_titles()
        work.name_words()
    work.look_round()
    return found


def whom(desk: Desk, store: Store, name: str) -> tuple[Person, bool]:
    """The one person that `name` means, and whether they are in the configuration.

    Who is not has a Person with the name alone. Raises UsageError when nothing is kept of anybody of that name, or when
    it can mean several.
    """
    listed = {name_key(person.name): person for person in desk.config.people}
    former = {
        name_key(known): Person(known, 1, 1)
        for known in sorted(store.everybody_known())
        if name_key(known) not in listed
    }
    exact = listed.get(name_key(name)) or former.get(name_key(name))
    if exact is not None:
        return exact, name_key(name) in listed
    everybody = [*listed.values(), *former.values()]
    if not matching(everybody, name) and name_key(name):
        meant = Traces(name)
        if any(meant.is_in_bytes(_content(path)) for path in _files(desk.state_folder)):
            return Person(tidy_name(name), 1, 1), False
    person = find_person(everybody, name)  # or it says that there is nobody, and who comes near
    return person, name_key(person.name) in listed


def traces_of(desk: Desk, store: Store, person: Person) -> Traces:
    """What `person` is known by, and who else there is."""
    names = {*(other.name for other in desk.config.people), *store.everybody_known()}
    # What they are called may have been said only after a title was written.
    first_names = tuple(dict.fromkeys(first for first in (person.first_name, first_name_of(person.name)) if first))
    others = sorted(name for name in names if name_key(name) != name_key(person.name))
    return Traces(person.name, person.addresses, first_names, tuple(others))


class _Work:
    """What is done for one person, step by step; each adds its lines."""

    def __init__(self, desk: Desk, store: Store, traces: Traces, found: Forgotten) -> None:
        self.desk = desk
        self.store = store
        self.traces = traces
        self.found = found
        self.blocks = {block: people for block, (_, people) in store.assignments().items()}
        firsts = {name_key(other.name): other.first_name for other in desk.config.people}
        names = {*firsts, *(name for people in self.blocks.values() for name in people)}
        self.namesakes = {
            name_key(name)
            for name in names
            if not traces.is_named(name)
            and name_key(firsts.get(name_key(name), first_name_of(name))) in map(name_key, traces.first_names)
        }

    def retitle(self, kind: str, number: int, generation: int, home: str, title: str) -> str:
        """A date's title without the first name, but for those in the block who are known to have the same."""
        people = self.blocks.get(block_id((kind, number, generation), date.fromisoformat(home)), ())
        others = sum(name_key(name) in self.namesakes for name in people)
        for _ in range(self.traces.count_in_title(title) - others):
            title = self.traces.without(title)
        return title

    def preview(self, told: Sequence[str]) -> None:
        """What would be done."""
        self.found.done += told
        counts = _counted(self.store.counted(self.traces))
        if counts:
            self.found.done.append(f"would be deleted from the state: {counts}")
        for calendar in self._calendars():
            count = sum(self._changed(row.series) is not row.series for row in self._base(calendar).values())
            if count:
                self.found.done.append(f"the first name would be taken out of {_blocks(count)} on {calendar}")
        self.found.done += [f"would be removed: {path}" for path in self._doomed()]
        self.found.done.append("the copies of your calendars would be dropped; the next night reads them anew")

    def rename_blocks(self, run: int) -> None:
        """Take the first name out of the titles on every calendar that has it there."""
        for calendar in self._calendars():
            rows = [row for row in self.store.journal(state="intended") if row.calendar == calendar]
            sides = [side for row in rows for side in (row.before, row.after) if side is not None]
            known = [*(row.series for row in self._base(calendar).values()), *sides]
            if all(self._changed(series) is series for series in known):
                continue
            try:
                self._rename_on(calendar, rows, run)
            except CalsyncError as error:
                self.found.errors.append(error)

    def _rename_on(self, calendar: str, rows: Sequence[JournalRow], run: int) -> None:
        store = self.store
        if all(calendar != configured.name for configured in self.desk.config.calendars) and calendar != LOCAL:
            raise Unfinished(
                f"{calendar} is no longer in the configuration, and titles there have the first name",
                "change them by hand, or put the calendar back and run this again",
            )
        writer, current = now_on(self.desk, store, calendar)
        owned = {key: OwnedSeries(row.series, row.resource, row.etag) for key, row in current.items()}
        # What the leader changed there since the last night is taken in first, or it would pass for our own work.
        noticed = notice(calendar, owned, self._base(calendar), rows, store.decisions(), self.desk.now)
        store.add_decisions(noticed.decisions)
        store.drop_decisions(noticed.back)
        store.settle(noticed.journal, {(calendar, key): row for key, row in noticed.bases.items()})
        writes = []
        for key, row in current.items():
            after = self._changed(row.series)
            if after is not row.series:
                stamped = replace(after, changed=self.desk.now.astimezone(UTC).replace(microsecond=0))
                writes.append(SeriesWrite(Key(key), row.series, stamped, row.etag))
        applied = apply_writes(store, run, calendar, writer, writes)
        if applied.written:
            self.found.done.append(f"The first name is out of the titles of {_blocks(applied.written)} on {calendar}.")
        if applied.error is not None:
            raise applied.error
        self.found.errors.extend(Unfinished(problem, "run this again") for problem in applied.problems)

    def forget_state(self) -> None:
        """Take the person out of the database and its second copy."""
        counts = _counted(self.store.counted(self.traces))
        self.store.forget_person(self.traces, self.retitle, keep_blocks=bool(self.found.errors))
        if counts:
            self.found.done.append(f"Deleted from the state: {counts}.")
        self.found.done.append("The copies of your calendars are dropped; the next night reads them anew.")

    def rewrite_exports(self) -> None:
        """Bring the exports up to date with the titles."""
        before = {target.path: _content(target.path) for target in self.desk.config.exports}
        self.found.errors.extend(write_exports(self.desk, self.store))
        self.found.done += [f"Wrote {path} anew." for path, data in before.items() if _content(path) != data]

    def leave_configuration(self, person: Person) -> None:
        """Take the person out of the configuration; what is wrong there keeps nothing else from being done."""
        try:
            self.found.done.extend(remove(self.desk, person.name))
        except CalsyncError as error:
            self.found.errors.append(error)

    def clean_logs(self) -> None:
        """Take the name and the addresses out of the logs of past nights, where a path or an error had them."""
        try:
            changed = clean_logs(self.desk.state_folder, self.traces)
        except OSError as error:
            logs = self.desk.state_folder / LOGS
            self.found.errors.append(
                Unfinished(f"{logs} cannot be written: {error.strerror or error}", "make it writable, run this again")
            )
        else:
            self.found.done += [f"The name is out of {path}." for path in changed]

    def remove_files(self) -> None:
        """Remove what lies in the state folder and may hold anything: damaged files, torn ones, the snapshot."""
        for path in [*self._doomed(), self.desk.state_folder / SNAPSHOT]:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                self.found.errors.append(
                    Unfinished(f"{path} cannot be removed: {error.strerror or error}", "remove it by hand")
                )
            else:
                if path.name != SNAPSHOT:
                    self.found.done.append(f"Removed {path}.")

    def name_titles(self) -> None:
        """Say where a title in the leader's own words still has the first name."""
        if self.namesakes or self.found.errors:
            return
        alone = [Traces(first) for first in self.traces.first_names]
        for calendar in self._calendars():
            for row in self._base(calendar).values():
                titles = {row.series.title, *(o.title for o in row.series.overrides.values())}
                if any(first.is_in(title) for first in alone for title in titles):
                    self.found.beyond.append(f"a title of your own on {calendar} has the first name in it")

    def name_words(self) -> None:
        """Say that what is encrypted of others may speak of the person: no search finds it there."""
        if self.store.notes() or self.store.sealed():
            self.found.beyond.append(
                "what you noted of others, promised them or heard of a change: it may name them, and is encrypted"
            )

    def look_round(self) -> None:
        """Look whether the name or an address is left in any file, and say what is beyond reach."""
        # A name of one word may be what others are called: then it stays in the titles of their blocks.
        shared = bool(self.namesakes) and len(self.traces.name.split()) == 1
        searched = replace(self.traces, name="") if shared else self.traces
        for path in _files(self.desk.state_folder):
            if searched.is_in_bytes(_content(path)):
                self.found.errors.append(
                    Unfinished(f"{path} still has the name or an address in it", "run this again, or look into it")
                )
        for path in (self.desk.config.path, *own_files(self.desk.config.path)):
            lines = _content(path).decode("utf-8", "replace").splitlines()
            places = [str(number) for number, line in enumerate(lines, 1) if self.traces.is_in(line)]
            if places:
                self.found.beyond.append(f"{path}, line {', '.join(places)}: your own words")
        self.found.beyond += [
            "meetings with them on your calendars, which are yours; a night reads those that can still matter",
            "backups, files written with --out, your shell's history, what git, a calendar's server or mail still has",
        ]

    def _calendars(self) -> list[str]:
        return list(dict.fromkeys([*target_names(self.desk), *(name for name, _ in self.store.base())]))

    def _base(self, calendar: str) -> dict[str, BaseSeries]:
        return {key: row for (_, key), row in self.store.base(calendar).items()}

    def _changed(self, series: Series) -> Series:
        return retitled(series, self.retitle) if series.rule_is_ours else series

    def _doomed(self) -> list[Path]:
        folder = self.desk.state_folder
        always = [path for pattern in (*_DAMAGED, *_LEFT_OVER) for path in sorted(folder.glob(pattern))]
        config = self.desk.config.path
        # What a process that was killed while it wrote one of them has left: the whole text, name and all.
        always += [
            path
            for text in [file.resolve() for file in (config, *own_files(config))]
            for path in sorted(text.parent.glob(f".{escape(text.name)}.*.tmp"))
        ]
        reports = [path for path in _files(folder / "reports") if self.traces.is_in_bytes(_content(path))]
        return [*always, *reports]


def _blocks(count: int) -> str:
    return f"{count} block series" if count == 1 else f"{count} series of blocks"


def _counted(counts: Mapping[str, int]) -> str:
    """The counts in words: "2 notes, 1 snooze"."""
    words = {name: _WORDS.get(name, (f"row of {name}", f"rows of {name}")) for name in counts}
    return ", ".join(f"{count} {words[name][count != 1]}" for name, count in counts.items())


def _files(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError:
        return b""
