"""How long reading a calendar takes, and how much memory: calsync against a plain script with the same libraries.

    python benchmarks/reading.py [--events 1000 10000] [--rounds 3] [--alone 50000]

Whole processes, imports included, on calendars from the generator beside the project (shared/tools/gen_calendar.py).
Both read the file and expand twenty weeks. Times are medians; quote the ratios of one run, never the times alone;
where other work goes on beside it, the processor's time is the steadier one.
`--alone` are sizes that only calsync reads, for its growth.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
GENERATOR = ROOT.parent / "shared/tools/gen_calendar.py"
WEEKS = 20


class Run(NamedTuple):
    """A whole process: seconds on the clock and on the processor, MiB at its peak, how many occurrences it found."""

    seconds: float
    busy: float
    peak: float
    answer: str


def read_with_calsync(path: Path, start: datetime, end: datetime) -> int:
    """What a night does with one .ics file that it has not seen before, without its state."""
    import mmap

    from calsync.ical import lexical
    from calsync.ical.read import expand_payloads
    from calsync.model import Span

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        groups = lexical.split(data).groups
        payloads = [(g.uid, g.digest, g.payload(since=start)) for g in groups if not lexical.cannot_touch(g, start)]
    found = expand_payloads(payloads, Span(start, end), ZoneInfo("UTC"))
    return sum(len(one.occurrences) for one in found)


def read_plainly(path: Path, start: datetime, end: datetime) -> int:
    """What the documentation of the two libraries shows."""
    import icalendar
    import recurring_ical_events

    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    found = recurring_ical_events.of(calendar).between(start, end)
    return sum(1 for event in found if event.get("STATUS") != "CANCELLED")


READERS = {"calsync": read_with_calsync, "plain": read_plainly}


def run(reader: str, path: Path) -> Run:
    """One process that reads `path` with `reader`."""
    command = [sys.executable, __file__, "--worker", reader, str(path)]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert process.stdout is not None
    answer = process.stdout.read().decode().strip()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{reader} failed on {path}")
    return Run(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, answer)


def generate(folder: Path, events: int) -> tuple[Path, int]:
    """A calendar of that many VEVENTs, and how many occurrences the generator counts in the window."""
    path, truth = folder / f"{events}.ics", folder / f"{events}.json"
    options = ["--events", str(events), "--window-days", str(7 * WEEKS), "--ics", str(path), "--truth", str(truth)]
    subprocess.run([sys.executable, str(GENERATOR), *options], check=True, stdout=subprocess.DEVNULL)
    instances = json.loads(truth.read_text())["instances"]
    return path, sum(1 for instance in instances if instance[3] != "cancelled")


def measure(path: Path, readers: list[str], rounds: int) -> dict[str, Run]:
    """Medians for each reader, taken in turns."""
    runs: dict[str, list[Run]] = {reader: [] for reader in readers}
    for _ in range(rounds):
        for reader in readers:
            runs[reader].append(run(reader, path))
    return {reader: _median(all_) for reader, all_ in runs.items()}


def _median(runs: list[Run]) -> Run:
    seconds, busy, peak = (statistics.median(values) for values in list(zip(*runs, strict=True))[:3])
    return Run(seconds, busy, peak, runs[0].answer)


def report(sizes: list[int], alone: list[int], rounds: int) -> None:
    ours: dict[int, Run] = {}
    print("| events | reader | s | s of processor | MiB | occurrences | generator |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as temp:
        for events in sorted({*sizes, *alone}):
            path, count = generate(Path(temp), events)
            found = measure(path, ["calsync", "plain"] if events in sizes else ["calsync"], rounds)
            ours[events] = mine = found["calsync"]
            for reader, one in found.items():
                figures = f"{one.seconds:.2f} | {one.busy:.2f} | {one.peak:.0f} | {one.answer} | {count}"
                print(f"| {events} | {reader} | {figures} |", flush=True)
            if "plain" in found:
                ratios = [theirs / own for theirs, own in zip(found["plain"][:3], mine[:3], strict=True)]
                print(
                    f"| {events} | plain / calsync | " + " | ".join(f"**{r:.1f}**" for r in ratios) + " | | |",
                    flush=True,
                )
    for small, large in pairwise(sorted(ours)):
        growth = [more / less for more, less in zip(ours[large][:3], ours[small][:3], strict=True)]
        figures = f"{growth[0]:.1f} times the time, {growth[1]:.1f} of the processor, {growth[2]:.1f} of the memory"
        print(f"{large / small:.0f} times the events: {figures}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--alone", type=int, nargs="*", default=[50_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--worker", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        start = datetime(2026, 3, 1, tzinfo=UTC)
        end = datetime.fromordinal(start.toordinal() + 7 * WEEKS).replace(tzinfo=UTC)
        print(READERS[given.worker[0]](Path(given.worker[1]), start, end))
    else:
        report(given.events, given.alone, given.rounds)


if __name__ == "__main__":
    main()
