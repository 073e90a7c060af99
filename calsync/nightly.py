"""The night: read, decide on paper, show, then do it, and remember what was done. One call a stage, top to bottom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from calsync import __version__
from calsync.advice import advice, named_promises
from calsync.agenda import Agenda, ending_spans, horizon, identity_of, lay_out
from calsync.asking import ask_who_is_taken
from calsync.briefing import keep_topics
from calsync.desk import Desk, target_names
from calsync.errors import Refused, Unfinished
from calsync.following import Followed, plan_all
from calsync.kindness import keep_act_told
from calsync.memory import oldest_kept
from calsync.model import ONE_OFF, Kind, Series
from calsync.nightlog import NightLog
from calsync.nightreport import CalendarReport, NightReport
from calsync.notices import take_note
from calsync.outcomes import remember_outcomes
from calsync.outlines import fix_affected
from calsync.planning.board import KindPlan
from calsync.reading import Reading, read_calendars, reading_window
from calsync.state.database import copy_state
from calsync.state.lock import hold
from calsync.state.store import KEPT_DAYS, BaseSeries, Decision, Store
from calsync.sync.apply import apply_writes
from calsync.sync.diff import Action, CalendarDiff, diff_calendar
from calsync.sync.edits import Noticed, notice
from calsync.sync.guard import check, surprising
from calsync.sync.local import LOCAL, LocalCalendar
from calsync.telling import empty_weeks, mended, remark, told
from calsync.wanting import Wanted, want

__all__ = ["Progress", "run_night"]

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, how much is done, and how much there is."""


def run_night(
    desk: Desk,
    *,
    dry_run: bool = False,
    force: bool = False,
    command: str = "nightly",
    forget: Collection[int] = (),
    quiet: bool = False,
    progress: Progress = lambda _stage, _done, _total: None,
) -> NightReport:
    """One night, or with `dry_run` all of it but the writing. `forget` are ids of decisions that no longer count.

    With `quiet` the report has what is news, which is remembered as told. Raises Busy when another run holds the state
    folder and StateError when it cannot be used; everything else that goes wrong is in the report.
    """
    with hold(desk.state_folder), _store(desk, dry_run=dry_run) as store:
        night = _Night(desk, store, dry_run=dry_run, force=force, forget=forget, progress=progress)
        report = night.run(command)
        if not dry_run:
            news = take_note(desk, store, report, quiet=quiet)
            report.news = news if quiet else None
        return report


@contextmanager
def _store(desk: Desk, *, dry_run: bool) -> Iterator[Store]:
    """The state, or for a run on paper a copy of it, so that not even what was read is remembered."""
    if not dry_run:
        with Store(desk.state_folder, desk.now) as store:
            yield store
        return
    with TemporaryDirectory(prefix="calsync-") as folder:
        copy_state(desk.state_folder, Path(folder))
        with Store(Path(folder), desk.now) as store:
            yield store


class _Night:
    """One run, with what its stages share."""

    def __init__(
        self, desk: Desk, store: Store, *, dry_run: bool, force: bool, forget: Collection[int], progress: Progress
    ) -> None:
        self.desk = desk
        self.store = store
        self.dry_run = dry_run
        self.force = force
        self.forget = frozenset(forget)
        self.progress = progress
        reach = horizon(desk.now, desk.config.planning.horizon_weeks, desk.config.zone)
        self.report = NightReport(desk.now, reach.span, dry_run)
        self.window = reading_window(desk.now, reach.span.end)
        self.log = None if dry_run else NightLog(desk.state_folder, desk.config, desk.now)

    def run(self, command: str) -> NightReport:
        report, store = self.report, self.store
        report.notes += mended(store, self.desk.state_folder)
        if self.log is not None:
            report.run = self.log.run = store.begin_run(command, self.desk.now, self.desk.now)
            self.log.event("start", command=command, version=__version__, calendars=len(self.desk.config.calendars))
        try:
            self._live()
        except Exception as error:
            if self.log is not None:
                self.log.cut_short(error)
            raise
        if report.run is not None:
            self._end_log()
            store.end_run(report.run, report.exit_code, told(report))
        return report

    def _live(self) -> None:
        report, store = self.report, self.store
        if not self.dry_run:
            store.drop_notes(oldest_kept(self.desk))
            store.drop_promise_texts(oldest_kept(self.desk))
            store.drop_change_words(oldest_kept(self.desk))
            fix_affected(self.desk, store)
        self._name_strays()
        readings = read_calendars(self.desk, store, self.window, force=self.force, progress=self.progress)
        self._report_readings(readings)
        if not report.errors:
            self._decide_and_do(readings)

    def _end_log(self) -> None:
        """Put down what the leader is told, and the end; a log that was lost is one remark more."""
        log, report = self.log, self.report
        assert log is not None
        for note in report.notes:
            log.event("note", said=note)
        for error in report.errors:
            log.error(error)
        log.event("end", exit=report.exit_code, written=report.written, ms=log.since_begun())
        if log.lost:
            report.notes.append(log.lost)

    def _decide_and_do(self, readings: Sequence[Reading]) -> None:
        targets = self._targets(readings)
        bases, decisions = self._notice(targets)
        agenda, plans, followed = self._plan(readings, bases, decisions)
        self.report.notes += ask_who_is_taken(self.desk, self.store, [r.calendar.name for r in readings])
        wanted = want(self.desk, self.store, agenda, plans, bases, [name for name, _ in targets], followed)
        diffs = self._named(self._diff(bases, wanted), wanted)
        if surprising(diffs) and not self.force:
            plans, followed, wanted, diffs = self._keep_slots(
                readings, targets, bases, decisions, plans, followed, wanted, diffs
            )
        self.report.changes = sorted(
            (change for diff in diffs for change in diff.changes), key=lambda c: (c.start, c.calendar, c.series)
        )
        self.report.unplaced = [week for plan in plans for week in plan.unplaced]
        connect = [span for plan in plans if plan.kind is Kind.CONNECT for span in ending_spans(agenda, plan)]
        zone = self.desk.config.zone
        self.report.empty_weeks = empty_weeks(plans, [span.start.astimezone(zone).date() for span in connect])
        self.report.unkept = followed.unkept
        self._log_plan()
        if self.dry_run:
            named = named_promises(self.desk, self.store, followed.unkept)
            self.report.advice = [*named, *advice(self.desk, self.store, wanted.assignments)]
        if not self.force:
            try:
                check(diffs)
            except Refused as refusal:
                self.report.errors.append(refusal)
                return
        if not self.dry_run:
            self._do(readings, diffs, wanted, followed)

    def _log_plan(self) -> None:
        report = self.report
        if self.log is not None:
            self.log.event(
                "plan",
                changes=dict(sorted(Counter(change.action.value for change in report.changes).items())),
                no_room=[{"week": one.week, "kind": one.kind.value, "missing": one.missing} for one in report.unplaced],
                unkept=[{"promise": one.promise.id, "missing": one.missing} for one in report.unkept],
                ms=self.log.since_begun(),
            )

    def _report_readings(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            error = reading.error
            if self.log is not None:
                self.log.event(
                    "calendar-read",
                    "info" if error is None else "warning",
                    calendar=reading.calendar.name,
                    provider=reading.calendar.provider,
                    ok=error is None,
                    events=len(reading.occurrences),
                    requests=reading.requests,
                    ms=reading.milliseconds,
                )
            if error is not None:
                self.report.errors.append(error)
            self.report.calendars.append(
                CalendarReport(
                    reading.calendar.name,
                    reading.calendar.provider,
                    error is None,
                    len(reading.occurrences),
                    reading.requests,
                    error.what if error else None,
                )
            )

    def _name_strays(self) -> None:
        """Say where blocks stand that this run cannot keep up: calendars that are not written to any more."""
        named = {name for name, _ in self.store.base()} - set(target_names(self.desk)) - {LOCAL}
        for name in sorted(named):
            self.report.notes.append(
                f"blocks from earlier are still on {name}, which is no longer written to; `calsync uninstall` removes "
                f"them while {name} is in the configuration"
            )

    def _targets(self, readings: Sequence[Reading]) -> list[tuple[str, Reading | None]]:
        """The calendars that blocks are written to; without any, the state itself, from which they are exported."""
        found: list[tuple[str, Reading | None]] = [(r.calendar.name, r) for r in readings if r.calendar.write]
        return found or [(LOCAL, None)]

    def _notice(
        self, targets: Sequence[tuple[str, Reading | None]]
    ) -> tuple[dict[str, dict[str, BaseSeries]], list[Decision]]:
        """The blocks as they stand, and every decision of the leader's, the ones just noticed included."""
        store, bases = self.store, {}
        decisions = [decision for decision in store.decisions() if decision.id not in self.forget]
        revived = {(d.kind, d.number, d.generation) for d in store.decisions() if d.id in self.forget}
        long_ago = (self.desk.now - timedelta(days=14)).date().isoformat()
        past = [d.id for d in decisions if d.home and d.home < long_ago and d.number < ONE_OFF]
        # A block for one date may have been moved to any other, and one that was taken out counts while its promise is
        # open: what the leader decided of it is over in any case once its promises are.
        old = self.desk.now - timedelta(KEPT_DAYS)
        past += [d.id for d in decisions if d.number >= ONE_OFF and d.noticed_at < old]
        decisions = [d for d in decisions if d.id not in past]
        if not self.dry_run:
            store.drop_decisions([*self.forget, *past])
        for name, reading in targets:
            base = {key: row for (_, key), row in store.base(name).items()}
            if reading is None:
                bases[name] = base
                continue
            rows = [row for row in store.journal(state="intended") if row.calendar == name]
            noticed = notice(name, reading.owned, base, rows, decisions, self.desk.now)
            self._remember(name, noticed)
            decisions = [d for d in decisions if d.id not in noticed.back] + noticed.decisions
            self.report.notes.extend(remark(decision) for decision in noticed.decisions)
            merged = {**base, **noticed.bases}
            bases[name] = {
                key: replace(row, standing=True) if identity_of(row.series) in revived else row
                for key, row in merged.items()
                if row is not None
            }
        return bases, decisions

    def _remember(self, name: str, noticed: Noticed) -> None:
        if self.dry_run:
            return
        self.store.add_decisions(noticed.decisions)
        self.store.drop_decisions(noticed.back)
        self.store.settle(noticed.journal, {(name, key): row for key, row in noticed.bases.items()})

    def _plan(
        self,
        readings: Sequence[Reading],
        bases: Mapping[str, Mapping[str, BaseSeries]],
        decisions: Sequence[Decision],
        *,
        keep: bool = False,
    ) -> tuple[Agenda, list[KindPlan], Followed]:
        self.progress("planning", 0, 1)
        occurrences = [o for reading in readings for o in reading.occurrences]
        agenda = lay_out(self.desk.config, self.desk.now, occurrences, bases, decisions)
        plans, followed = plan_all(self.desk, self.store, agenda, keep=keep)
        self.progress("planning", 1, 1)
        return agenda, plans, followed

    def _diff(self, bases: Mapping[str, Mapping[str, BaseSeries]], wanted: Wanted) -> list[CalendarDiff]:
        diffs = []
        for name, of in bases.items():
            current: dict[str, Series] = {key: row.series for key, row in of.items()}
            etags = {key: row.etag for key, row in of.items()}
            series, reasons = wanted.series[name], wanted.reasons[name]
            unfinished = {key for key, row in of.items() if row.unfinished}
            diffs.append(
                diff_calendar(name, current, series, etags, reasons, self.report.horizon, wanted.asked, unfinished)
            )
        return diffs

    def _named(self, diffs: Sequence[CalendarDiff], wanted: Wanted) -> list[CalendarDiff]:
        """The diffs with the first person of each connect block that a change is about."""
        who = {start: names[0] for start, names in wanted.assignments.values() if names}
        return [
            replace(
                diff,
                changes=tuple(
                    replace(c, person=who.get(c.start)) if c.kind == Kind.CONNECT and c.action != Action.CANCEL else c
                    for c in diff.changes
                ),
            )
            for diff in diffs
        ]

    def _keep_slots(
        self,
        readings: Sequence[Reading],
        targets: Sequence[tuple[str, Reading | None]],
        bases: Mapping[str, Mapping[str, BaseSeries]],
        decisions: Sequence[Decision],
        plans: list[KindPlan],
        followed: Followed,
        wanted: Wanted,
        diffs: list[CalendarDiff],
    ) -> tuple[list[KindPlan], Followed, Wanted, list[CalendarDiff]]:
        """Where only better slots make a plan surprising, keep the slots and say so: repair is never held up."""
        agenda, kept_plans, kept_followed = self._plan(readings, bases, decisions, keep=True)
        kept = want(self.desk, self.store, agenda, kept_plans, bases, [name for name, _ in targets], kept_followed)
        kept_diffs = self._named(self._diff(bases, kept), kept)
        chosen_freely = all(
            sum(1 for series in plan.series if series.standing) + len(plan.ended)
            == sum(1 for series in kept_plan.series if series.standing)
            <= len(plan.series)
            and {series.minutes for series in kept_plan.series} <= {wish.minutes}
            for plan, kept_plan, wish in zip(plans, kept_plans, agenda.wishes, strict=True)
        )
        if not chosen_freely or surprising(kept_diffs):
            return plans, followed, wanted, diffs
        self.report.notes.append(
            "there are better weekly times than the present ones, but moving to them changes more than a third of all "
            "blocks: run `calsync nightly --force` once to take them"
        )
        return kept_plans, kept_followed, kept, kept_diffs

    def _do(
        self, readings: Sequence[Reading], diffs: Sequence[CalendarDiff], wanted: Wanted, followed: Followed
    ) -> None:
        report, store = self.report, self.store
        assert report.run is not None
        providers = {r.calendar.name: r.provider for r in readings}
        total = sum(len(diff.writes) for diff in diffs)
        for diff in diffs:
            provider = providers.get(diff.calendar) or LocalCalendar()
            self.progress("writing", report.written, total)
            applied = apply_writes(store, report.run, diff.calendar, provider, diff.writes)
            if self.log is not None and (diff.writes or applied.error):
                self.log.event(
                    "write",
                    "info" if applied.error is None and not applied.problems else "warning",
                    calendar=diff.calendar,
                    ok=applied.error is None,
                    asked=len(diff.writes),
                    written=applied.written,
                    problems=len(applied.problems),
                    ms=self.log.since_begun(),
                )
            report.written += applied.written
            report.notes.extend(applied.notes)
            if applied.error is not None:
                report.errors.append(applied.error)
            report.errors.extend(
                Unfinished(problem, "the next run takes it up") for problem in applied.problems if not applied.error
            )
        store.see_people([person.name for person in self.desk.config.people], self.desk.now.date())
        store.keep_assignments(wanted.assignments, self.desk.now)
        store.keep_promise_time(followed.rows, self.desk.now, self.desk.now - timedelta(KEPT_DAYS))
        report.notes.extend(keep_topics(self.desk, store, wanted.assignments))
        report.notes.extend(keep_act_told(self.desk, store))
        remember_outcomes(self.desk, store, wanted, report.unplaced)
        if any(diff.writes for diff in diffs):
            # A second look takes in our own writes, so that the next night finds nothing new.
            read_calendars(self.desk, store, self.window, force=True)
        if self.desk.config.exports:
            from calsync.exporting import write_exports

            report.errors.extend(write_exports(self.desk, store))
