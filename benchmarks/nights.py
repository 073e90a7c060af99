"""How long nights take: whole processes on generated calendars, against a plain script and khal.

    python benchmarks/nights.py [--events 10000 50000] [--rounds 3] [--khal 1000]

Each calendar is one .ics file from the generator in the folder `shared` beside the project, read by calsync as a
read-only calendar beside an empty folder that the blocks go to. The plain script parses the file with icalendar and
expands 90 days with recurring-ical-events: what a first night cannot do without, if nothing is passed over. Medians,
in turn; peak memory is that of the process. Before anything is timed, what calsync reads is compared with the
generator's oracle. Ratios within one run count, absolute times do not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
GENERATOR = PROJECT.parent / "shared" / "tools" / "gen_calendar.py"
NIGHT = "2026-03-01T05:00:00+00:00"
SAME_NIGHT = "2026-03-01T06:00:00+00:00"
"""An hour later: nothing changed, and no date came within the freeze, which would be written as busy."""
NEXT_NIGHT = "2026-03-02T05:00:00+00:00"

BARS = {"first night": 1 / 8, "quiet night": 1 / 30, "a night after one changed event": 1 / 25}
BAR_MEMORY = 1 / 3
BAR_GROWTH = 6.0

SCRIPT = """
import sys
from datetime import datetime, timedelta, timezone
import icalendar, recurring_ical_events
with open(sys.argv[1], "rb") as file:
    calendar = icalendar.Calendar.from_ical(file.read())
begin = datetime(2026, 3, 1, tzinfo=timezone.utc)
found = recurring_ical_events.of(calendar).between(begin, begin + timedelta(90))
print(len([event for event in found if str(event.get("STATUS")) != "CANCELLED"]))
"""

# Says how what calsync reads differs from the oracle: missing, too many.
ORACLE = """
import json, sys
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo
sys.path.insert(0, sys.argv[1])
from calsync.model import Span
from calsync.ports import ProviderContext
from calsync.registry import open_provider
truth = json.loads(Path(sys.argv[3]).read_text())
utc = lambda text: datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
window = Span(*map(utc, truth["window"]))
context = ProviderContext(ZoneInfo("UTC"), Path(sys.argv[4]), lambda name: None)
provider = open_provider("ics", "big", {"path": sys.argv[2]}, context)
delta = provider.read("", window, None)
found = sorted(
    (o.event.uid, int(o.span.start.timestamp()), int(o.span.end.timestamp()))
    for expanded in provider.expand("", delta.changed, window, ZoneInfo("UTC"))
    for o in expanded.occurrences
)
wanted = sorted(
    (uid, int(utc(start).timestamp()), int(utc(end).timestamp()))
    for uid, start, end, kind in truth["instances"]
    if kind != "cancelled"
)
missing, extra = set(wanted) - set(found), set(found) - set(wanted)
print(json.dumps({"found": len(found), "missing": len(missing), "too many": len(extra), "unread": len(delta.warnings)}))
"""

CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
working_hours: {mon-fri: "08:00-18:00"}
calendars:
  - {name: blocks, provider: ics, path: blocks, write: true}
  - {name: big, provider: ics, path: big.ics}
blocks:
  connect: {minutes: 30, per_week: 2, pings: 2, title: "Focus"}
people:
  - {name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}
  - {name: Ben Okafor, email: ben@example.com, ideal: 14d, max: 28d}
"""


@dataclass(slots=True)
class Series:
    """What was measured of one thing: seconds, seconds of processor time, and MiB, a run each."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    mebibytes: list[float] = field(default_factory=list)

    @property
    def time(self) -> float:
        return statistics.median(self.seconds)

    @property
    def work(self) -> float:
        return statistics.median(self.processor)

    @property
    def memory(self) -> float:
        return statistics.median(self.mebibytes)


def measure(into: Series, command: Sequence[str], *, codes: frozenset[int] = frozenset({0}), **env: str) -> str:
    """Run a process to its end; its answer. Adds its time and its own peak memory to `into`."""
    with tempfile.TemporaryFile() as answer:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=answer, env={**os.environ, **env})
        _, status, usage = os.wait4(process.pid, 0)
        into.seconds.append(time.perf_counter() - begin)
        into.processor.append(usage.ru_utime + usage.ru_stime)
        into.mebibytes.append(usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))
        process.returncode = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        text = answer.read().decode()
    if process.returncode not in codes:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{text}")
    return text


def generate(folder: Path, events: int, seed: int, *, vdir: bool = False) -> None:
    command = [sys.executable, str(GENERATOR), "--events", str(events), "--seed", str(seed)]
    command += ["--ics", str(folder / "big.ics"), "--truth", str(folder / "truth.json")]
    command += ["--vdir", str(folder / "vdir")] if vdir else []
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def nightly(folder: Path, now: str) -> list[str]:
    command = [sys.executable, "-P", "-m", "calsync", "--config", str(folder / "config.yaml")]
    return [*command, "--state", str(folder / "state"), "nightly", "--json", "--now", now]


def change_one_event(path: Path) -> None:
    """Retitle an event that begins within the window."""
    content = path.read_bytes()
    found = re.search(
        rb"BEGIN:VEVENT(?:(?!END:VEVENT).)*?DTSTART[^\r\n]*:202604(?:(?!END:VEVENT).)*?END:VEVENT", content, re.DOTALL
    )
    assert found is not None, "the generator has events in the window"
    event = found.group()
    path.write_bytes(content.replace(event, re.sub(rb"(?m)^SUMMARY[^\r\n]*", b"SUMMARY:Changed", event, count=1), 1))


def nights(events: int, rounds: int, seed: int) -> dict[str, Series]:
    """Measure everything on one calendar."""
    measured = {name: Series() for name in ("plain script", *BARS, "the next night, a date now near")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder, events, seed)
        (folder / "config.yaml").write_text(CONFIG, "utf-8")
        (folder / "blocks").mkdir()
        check = subprocess.run(
            [sys.executable, "-c", ORACLE, str(PROJECT), str(folder / "big.ics"), str(folder / "truth.json"), name],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        print(f"  oracle: {check.stdout.strip() or check.stderr.strip().splitlines()[-1]}")
        original = (folder / "big.ics").read_bytes()
        # A week that is full of meetings may leave no room; that is an answer too.
        answers = frozenset({0, 5})
        for _ in range(rounds):
            measure(measured["plain script"], [sys.executable, "-c", SCRIPT, str(folder / "big.ics")])
            env = {"PYTHONPATH": str(PROJECT)}
            first = measure(measured["first night"], nightly(folder, NIGHT), codes=answers, **env)
            measure(measured["quiet night"], nightly(folder, SAME_NIGHT), codes=answers, **env)
            change_one_event(folder / "big.ics")
            last = measure(
                measured["a night after one changed event"], nightly(folder, SAME_NIGHT), codes=answers, **env
            )
            measure(measured["the next night, a date now near"], nightly(folder, NEXT_NIGHT), codes=answers, **env)
            for answer in (first, last):
                assert all(calendar["ok"] for calendar in json.loads(answer)["calendars"]), answer
            (folder / "big.ics").write_bytes(original)
            shutil.rmtree(folder / "state")
            shutil.rmtree(folder / "blocks")
            (folder / "blocks").mkdir()
    return measured


def shown(name: str, series: Series) -> str:
    return f"  {name:30} {series.time:7.2f} s  {series.work:7.2f} s cpu  {series.memory:5.0f} MiB"


def report(measured: dict[str, Series]) -> None:
    script = measured["plain script"]
    for name, series in measured.items():
        line = shown(name, series)
        if name in BARS:
            share, bar = series.time / script.time, BARS[name]
            work = script.work / series.work
            line += f"  1/{1 / share:.1f} of the script, 1/{work:.1f} of its processor time (bar 1/{1 / bar:.0f}): "
            line += "met" if share <= bar else "MISSED"
        if name == "first night":
            share = series.memory / script.memory
            line += f"; memory 1/{1 / share:.1f} (bar 1/3): {'met' if share <= BAR_MEMORY else 'MISSED'}"
        print(line)


def khal(events: int, rounds: int, seed: int) -> None:
    """khal on a folder of the same events, cold and warm, against a first and a quiet night on that folder."""
    command = shutil.which("khal", path=str(Path(sys.executable).parent)) or shutil.which("khal")
    if command is None:
        print("khal is not installed: pip install -e '.[benchmark]'")
        return
    measured = {name: Series() for name in ("khal, cold", "khal, warm", "first night", "quiet night")}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            generate(folder, events, seed, vdir=True)
            (folder / "config.yaml").write_text(CONFIG.replace("big.ics", "vdir"), "utf-8")
            (folder / "blocks").mkdir()
            (folder / "khal.conf").write_text(
                f"[calendars]\n[[big]]\npath = {folder}/vdir\n[sqlite]\npath = {folder}/khal.db\n"
                "[locale]\nlocal_timezone = Europe/Berlin\ndefault_timezone = Europe/Berlin\n"
                "dateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\ntimeformat = %H:%M\n"
                "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n",
                "utf-8",
            )
            listing = [command, "-c", str(folder / "khal.conf"), "list", "2026-03-01", "90d"]
            measure(measured["khal, cold"], listing)
            measure(measured["khal, warm"], listing)
            answers = frozenset({0, 5})
            measure(measured["first night"], nightly(folder, NIGHT), codes=answers, PYTHONPATH=str(PROJECT))
            measure(measured["quiet night"], nightly(folder, SAME_NIGHT), codes=answers, PYTHONPATH=str(PROJECT))
    print(f"{events} events, one a file, {rounds} rounds")
    for name, series in measured.items():
        print(shown(name, series))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--khal", type=int, default=0, metavar="EVENTS", help="also against khal, on so many events")
    args = parser.parse_args()
    if not GENERATOR.is_file():
        raise SystemExit(f"the generator {GENERATOR} is not here")
    by_size: dict[int, dict[str, Series]] = {}
    for events in args.events:
        print(f"{events} events in one file, seed {args.seed}, {args.rounds} rounds, Python {sys.version.split()[0]}")
        by_size[events] = nights(events, args.rounds, args.seed)
        report(by_size[events])
    small, large = min(by_size), max(by_size)
    if large > small:
        growth = by_size[large]["first night"].time / by_size[small]["first night"].time
        print(
            f"{large} events take {growth:.1f} times the first night of {small} (bar {BAR_GROWTH:.0f} for five times"
            f" the events): {'met' if growth <= BAR_GROWTH * large / small / 5 else 'MISSED'}"
        )
    if args.khal:
        khal(args.khal, args.rounds, args.seed)


if __name__ == "__main__":
    main()
