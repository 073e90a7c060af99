"""Every file that is made from others: `python -m calsync.cli.generated` makes them anew, in a checkout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

from calsync.cli.manpage import manual_page
from calsync.cli.pages import between
from calsync.cli.reference import rewritten
from calsync.cli.weekpicture import demo_week, drawn
from calsync.config.example import example_text, reference_text
from calsync.ownlists import ACTS, TOPICS, shipped_data
from calsync.people import actphrases
from calsync.people.actlint import act_of
from calsync.people.lint import topic_of
from calsync.people.phrases import CLOSERS, OPENERS, RULES, SUBJECTS, Rule

__all__ = ["FILES", "main"]

_BEGIN = "<!-- generated from the linter: begin -->"
_END = "<!-- generated from the linter: end -->"


def _topics_json(_: str) -> str:
    entries = TOPICS.entries(Path(TOPICS.file), shipped_data(TOPICS.file))
    return _rows([asdict(topic_of(entry, own=False)) for entry in entries])


def _acts_json(_: str) -> str:
    entries = ACTS.entries(Path(ACTS.file), shipped_data(ACTS.file))
    return _rows([asdict(act_of(entry, own=False)) for entry in entries])


def _rows(rows: Sequence[Mapping[str, object]]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=0) + "\n"


def _topics_page(page: str) -> str:
    lines = _rules(RULES)
    lines += ["**closed**: begin with what, how, who, which, where, when, why or `tell me`.", ""]
    lines += [f"- open: {_listed(OPENERS)}", f"- closed: {_listed(CLOSERS)}", f"- subjects: {_listed([SUBJECTS])}"]
    return between(page, _BEGIN, _END, "\n".join(lines) + "\n")


def _kindness_page(page: str) -> str:
    lines = ["**small talk**: where the act is one of speaking, what topics may not be about under weather and sports."]
    lines += ["", f"- speaking: {_listed(actphrases.SPOKEN)}", "", *_rules(actphrases.RULES)]
    lines += _rules((actphrases.REASON, actphrases.OPEN, actphrases.SECRET, actphrases.EXPOSING, actphrases.NAMELESS))
    lines += [f"Thanks say what they are for with one of {_listed(actphrases.SPECIFIC)}."]
    return between(page, _BEGIN, _END, "\n".join(lines) + "\n")


def _rules(rules: Sequence[Rule]) -> list[str]:
    lines = []
    for rule in rules:
        lines += [f"**{rule.name}**: {rule.to_do}.", "", f"- refused: {_listed(rule.refused)}"]
        lines += [f"- excused: {_listed(rule.excused)}", ""] if rule.excused else [""]
    return lines


def _listed(phrases: Sequence[str]) -> str:
    return "; ".join(f"`{phrase}`" for phrase in phrases)


FILES: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "calsync/people/data/kindness.json": _acts_json,
        "calsync/people/data/topics.json": _topics_json,
        "config.example.yaml": lambda _: example_text(),
        "docs/calsync.1": lambda _: manual_page(),
        "docs/commands.md": rewritten,
        "docs/configuration.md": lambda _: reference_text(),
        "docs/kindness.md": _kindness_page,
        "docs/topics.md": _topics_page,
        "docs/week-dark.svg": lambda _: drawn(demo_week(), dark=True),
        "docs/week-light.svg": lambda _: drawn(demo_week(), dark=False),
    }
)
"""The files, from the root of the project, each with what makes its text from the text that it has."""


def main(root: Path) -> None:
    """Make all of them anew under `root`, and say which changed."""
    for name, made in FILES.items():
        path = root / name
        old = path.read_text("utf-8") if path.exists() else ""
        if (new := made(old)) != old:
            path.write_text(new, "utf-8")
            print(name)


if __name__ == "__main__":
    if not Path("pyproject.toml").is_file():
        sys.exit("Run this in the folder of the project: it writes there.")
    main(Path())
