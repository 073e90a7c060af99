"""Taking things back: one run, a deletion of the leader's that was honoured, or everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from calsync.agenda import horizon
from calsync.desk import Desk, target_names
from calsync.errors import CalsyncError, Unfinished, UsageError
from calsync.exporting import write_exports, written_by_us
from calsync.leaving import remove_everything, remove_schedule, what_stays
from calsync.model import Series
from calsync.nightly import run_night
from calsync.nightreport import NightReport
from calsync.ports import OwnedSeries, SeriesWrite
from calsync.state.lock import hold
from calsync.state.store import BaseSeries, Decision, JournalRow, Store
from calsync.sync.apply import Writer, apply_writes
from calsync.sync.diff import diff_calendar
from calsync.sync.edits import What, notice
from calsync.sync.keys import series_name
from calsync.sync.local import LOCAL, LocalCalendar
from calsync.telling import told

__all__ = ["now_on", "restore", "undo", "uninstall"]


def undo(desk: Desk, run: int | None = None, dry_run: bool = False) -> NightReport:
    """Write back what stood before a run, the last one that wrote by default.

    A block that changed since is left as it is and named. Raises UsageError when there is no such run.
    """
    report = _report(desk, dry_run=dry_run)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        if not dry_run:
            _settle_cut_off(desk, store)
        number = run if run is not None else store.last_undoable()
        rows = store.journal(run=number, state="confirmed") if number is not None else []
        if not rows:
            what = f"run {run} wrote nothing" if run is not None else "no run has written anything"
            raise UsageError(what, "`calsync log` shows the runs and what they wrote")
        report.run = None if dry_run else store.begin_run("undo", desk.now, desk.now)
        undone: list[int] = []
        for calendar in dict.fromkeys(row.calendar for row in rows):
            mine = [row for row in reversed(rows) if row.calendar == calendar]
            undone += _undo_calendar(desk, store, report, calendar, mine)
        if report.run is not None:
            store.settle(dict.fromkeys(undone, ("undone", "")), {})
            report.errors.extend(write_exports(desk, store))
            store.end_run(report.run, report.exit_code, told(report))
    return report


def _settle_cut_off(desk: Desk, store: Store) -> None:
    """Ask the calendars what became of the writes of a run that was cut off. Raises ProviderError.

    A decision of the leader's that comes to light on the way is honoured like any other.
    """
    rows = store.journal(state="intended")
    for calendar in dict.fromkeys(row.calendar for row in rows):
        _, current = now_on(desk, store, calendar)
        owned = {key: OwnedSeries(row.series, row.resource, row.etag) for key, row in current.items()}
        base = {key: row for (_, key), row in store.base(calendar).items()}
        mine = [row for row in rows if row.calendar == calendar]
        noticed = notice(calendar, owned, base, mine, store.decisions(), desk.now)
        store.add_decisions(noticed.decisions)
        store.drop_decisions(noticed.back)
        store.settle(noticed.journal, {(calendar, key): row for key, row in noticed.bases.items()})


def _undo_calendar(
    desk: Desk, store: Store, report: NightReport, calendar: str, rows: Sequence[JournalRow]
) -> list[int]:
    """Undo one calendar's rows; the rows that were undone."""
    try:
        writer, current = now_on(desk, store, calendar)
    except CalsyncError as error:
        report.errors.append(error)
        return []
    writes, undone = [], []
    for row in rows:
        stands, one = current.get(row.key), row.after or row.before
        assert one is not None
        if not _is(stands, row.after):
            name = series_name(one.kind.value, one.number)
            report.errors.append(
                Unfinished(f"{calendar}: {name} was changed since that run and is left as it is", "change it by hand")
            )
            continue
        writes.append(SeriesWrite(one.key, row.after, row.before, stands.etag if stands else ""))
        undone.append(row.id)
    if not _carry_out(store, report, calendar, writer, current, writes):
        return []
    return undone


def restore(desk: Desk, what: str | None = None, dry_run: bool = False) -> NightReport:
    """Take back deletions that were honoured (a day, a series, or all of them), then plan and write anew.

    Raises UsageError when nothing fits.
    """
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        decisions = store.decisions()
    chosen = [d for d in decisions if _meant(d, what)]
    if not chosen:
        kept = [
            _said(d) for d in decisions if d.what in (What.DELETED, What.RETIRED, What.PINNED, What.SLOT, What.TITLED)
        ]
        if what is None:
            raise UsageError("there is no deletion to take back", "delete a block on the calendar, and it stays so")
        raise UsageError(
            f"nothing that you deleted fits {what}", f"what can be restored: {', '.join(kept) or 'nothing'}"
        )
    report = run_night(desk, dry_run=dry_run, command="restore", forget={d.id for d in chosen})
    if not report.errors:
        report.notes[:0] = [f"{_said(d)} {'would be' if dry_run else 'is'} open to planning again" for d in chosen]
    return report


def _meant(decision: Decision, what: str | None) -> bool:
    deleted = decision.what in (What.DELETED, What.RETIRED)
    edited = decision.what in (What.PINNED, What.SLOT, What.TITLED)
    if what is None or what == "all":
        return deleted
    name = series_name(decision.kind, decision.number)
    block = f"{name}-{decision.generation}-{decision.home}"
    return (deleted or edited) and what in (decision.home or name, name if deleted else "", block)


def _said(decision: Decision) -> str:
    name = series_name(decision.kind, decision.number)
    return f"{name} of {date.fromisoformat(decision.home).isoformat()}" if decision.home else name


def uninstall(desk: Desk, dry_run: bool = False, *, everything: bool = False) -> NightReport:
    """Remove the schedule, every block from every writable calendar, found there by its mark, and every export.

    What stays is named. With `everything` the files that calsync made in the state folder go too, and what it has in
    the system keyring, but not while a block may still stand somewhere. The configuration is the leader's own file.
    """
    report = _report(desk, dry_run=dry_run)
    # First, so that no night comes in between and writes anew what was removed.
    remove_schedule(desk, report)
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        report.run = None if dry_run else store.begin_run("uninstall", desk.now, desk.now)
        written = {name for name, _ in store.base()}
        others = [c.name for c in desk.config.calendars if c.name in written and not c.write]
        for calendar in [*target_names(desk), *others]:
            try:
                writer, current = now_on(desk, store, calendar)
            except CalsyncError as error:
                report.errors.append(error)
                continue
            writes = [SeriesWrite(row.series.key, row.series, None, row.etag) for row in current.values()]
            _carry_out(store, report, calendar, writer, current, writes)
        if report.run is None:
            report.notes.extend(
                f"would remove {target.path}" for target in desk.config.exports if _is_ours(target.path)
            )
        else:
            _forget(desk, store, report)
            store.end_run(report.run, report.exit_code, told(report))
    if everything:
        remove_everything(desk, report)
    if not dry_run or report.changes or report.notes:
        report.notes += what_stays(desk, everything=everything and not report.errors)
    return report


def _is_ours(path: Path) -> bool:
    try:
        return path.exists() and written_by_us(path)
    except OSError:
        return False


def _forget(desk: Desk, store: Store, report: NightReport) -> None:
    if not report.errors:
        store.drop_decisions(d.id for d in store.decisions())
        store.keep_base(dict.fromkeys(store.base(), None))
        store.keep_assignments({}, datetime.fromtimestamp(0, UTC))
    for calendar in desk.config.calendars:
        store.forget_calendar(calendar.name)
    for target in desk.config.exports:
        try:
            if target.path.exists() and written_by_us(target.path):
                target.path.unlink()
                report.notes.append(f"removed {target.path}")
        except OSError as error:
            report.errors.append(
                Unfinished(f"{target.path} cannot be removed: {error.strerror or error}", "remove it by hand")
            )


def _report(desk: Desk, *, dry_run: bool) -> NightReport:
    reach = horizon(desk.now, desk.config.planning.horizon_weeks, desk.config.zone)
    return NightReport(desk.now, reach.span, dry_run)


def now_on(desk: Desk, store: Store, calendar: str) -> tuple[Writer, dict[str, BaseSeries]]:
    """A calendar's writer, and its blocks as they stand there now. Raises ProviderError."""
    if calendar == LOCAL:
        return LocalCalendar(), {key: row for (_, key), row in store.base(LOCAL).items()}
    provider = desk.provider(calendar)
    found = provider.owned("")
    return provider, {
        o.series.key: BaseSeries(o.series, o.resource, o.etag, o.series.until is None or o.series.once) for o in found
    }


def _is(stands: BaseSeries | None, after: Series | None) -> bool:
    if stands is None or after is None:
        return stands is None and after is None
    return stands.series.same_content(after)


def _carry_out(
    store: Store,
    report: NightReport,
    calendar: str,
    writer: Writer,
    current: Mapping[str, BaseSeries],
    writes: Sequence[SeriesWrite],
) -> bool:
    """Add the writes' changes to the report and, in earnest, do them; False when some failed."""
    wanted: dict[str, Series | None] = {write.key: write.after for write in writes}
    diff = diff_calendar(calendar, {k: row.series for k, row in current.items()}, wanted, {}, {}, report.horizon)
    report.changes.extend(diff.changes)
    if report.run is None:
        return True
    applied = apply_writes(store, report.run, calendar, writer, writes)
    report.notes.extend(note for note in applied.notes if note not in report.notes)
    report.written += applied.written
    if applied.error is not None:
        report.errors.append(applied.error)
    else:
        report.errors.extend(Unfinished(problem, "run the command again") for problem in applied.problems)
    return applied.error is None and not applied.problems
