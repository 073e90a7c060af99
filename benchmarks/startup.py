"""How quickly the command begins: `calsync --help` and `--version` against a bare click program and `khal --help`.

    python benchmarks/startup.py [--rounds 15]

Whole processes, in turn, medians; ratios within one run count. The bars: at most 1.35 times the bare program with
the same number of commands, and a third of khal.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BAR_CLICK = 1.35
BAR_KHAL = 1 / 3

BARE = """
import sys
import click

@click.group()
@click.version_option("1")
def cli():
    "Says hello."

for name in {names!r}:
    @cli.command(name)
    def command():
        "Says hello."

sys.exit(cli(prog_name="hello"))
"""

OURS = """
import sys
sys.path.insert(0, {project!r})
from calsync.cli import main
sys.exit(main({args!r}))
"""


def seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    sys.path.insert(0, str(PROJECT))
    from calsync.cli import COMMANDS

    names = [name for section in COMMANDS.values() for name in section]
    khal = shutil.which("khal", path=str(Path(sys.executable).parent)) or shutil.which("khal")
    with tempfile.TemporaryDirectory() as folder:
        programs = {"bare": BARE.format(names=names)}
        for option in ("--help", "--version"):
            programs[option] = OURS.format(project=str(PROJECT), args=[option])
        commands = {"python -c pass": [sys.executable, "-c", "pass"]}
        for name, text in programs.items():
            path = Path(folder) / f"{name.strip('-')}.py"
            path.write_text(text, "utf-8")
            commands[f"{'click hello' if name == 'bare' else 'calsync'} {name if name != 'bare' else '--help'}"] = [
                sys.executable,
                str(path),
                *(["--help"] if name == "bare" else []),
            ]
        if khal:
            commands["khal --help"] = [khal, "--help"]
        for command in commands.values():
            seconds(command)  # once for the caches of the disk and of compiled modules
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(seconds(command))
    medians = {name: statistics.median(of) for name, of in times.items()}
    bare = medians["click hello --help"]
    print(f"{rounds} rounds in turn, Python {sys.version.split()[0]}")
    for name, median in medians.items():
        low, high = min(times[name]), max(times[name])
        spread = f"({1000 * low:.0f}..{1000 * high:.0f})"
        print(f"{name:20} {1000 * median:6.0f} ms  {spread:12} {median / bare:5.2f} x click hello")
    for option in ("--help", "--version"):
        mine = medians[f"calsync {option}"]
        verdicts = [f"{mine / bare:.2f} of click (bar {BAR_CLICK}): {'met' if mine <= BAR_CLICK * bare else 'MISSED'}"]
        if khal:
            share = mine / medians["khal --help"]
            verdicts.append(f"{share:.2f} of khal (bar {BAR_KHAL:.2f}): {'met' if share <= BAR_KHAL else 'MISSED'}")
        print(f"calsync {option}: {'; '.join(verdicts)}")
    if not khal:
        print("khal is not installed: pip install -e '.[benchmark]'")


if __name__ == "__main__":
    main()
