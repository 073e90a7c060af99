"""A report as one HTML page that needs nothing else: no script, no font, no request, and no name in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from html import escape
from typing import TYPE_CHECKING

from calsync.cli.htmlpage import document
from calsync.cli.reportsvg import bars, columns, strip
from calsync.cli.reporttext import (
    block_parts,
    caused,
    change_words,
    gap_words,
    kindness_words,
    ledger_words,
    nothing_recorded,
    period_words,
    promise_words,
    spread_words,
    today_words,
    word_parts,
)
from calsync.people.figures import GIVEN
from calsync.planning.words import day_words

if TYPE_CHECKING:
    from calsync.people.figures import Figures, Week
    from calsync.report import Report

__all__ = ["page"]

_MANY = 40
"""From so many weeks on, the days of their Mondays say less than the years do."""
_LOOKS = {
    "kept": "good",
    "nothing logged": "rest",
    "stood in the calendar": "rest",
    "displaced": "late",
    "deleted by you": "gone",
    "to come": "fair",
}


def page(report: Report) -> str:
    """The whole page, well-formed as XML too."""
    f = report.figures
    return document(
        f"Where your attention went: {period_words(f)}",
        [
            "<header>",
            "<h1>Where your attention went</h1>",
            f'<p class="soft">{escape(period_words(f))}</p>',
            "</header>",
            _tiles(f),
            *(_people(f) if f.people else ["<p>Nobody is in the rotation.</p>"]),
            *(
                _blocks(report)
                if f.blocks.planned
                else [_heading("Blocks"), f"<p>{escape(nothing_recorded(report))}</p>"]
            ),
            *(_promises(report) if any(astuple(report.word)) else []),
            *(_kindness(report) if any(astuple(report.kindness)) else []),
            *(_changes(report) if any(astuple(report.changes)) else []),
            *_reading(),
        ],
    )


def _tiles(f: Figures) -> str:
    median = "-" if f.gaps.median_of_target is None else f"{f.gaps.median_of_target:g} x"
    spread = "-" if f.spread.share is None else f"{round(100 * f.spread.share)} %"
    talked = [blocks for _, blocks in f.kinds if blocks.kept is not None]
    kept = f"{f.blocks.kept} of {sum(blocks.planned for blocks in talked)}" if talked else "-"
    acts_too = any(kind == GIVEN and blocks.kept is not None for kind, blocks in f.kinds)
    what = "talks and acts of kindness" if acts_too else "talks"
    tiles = [
        ("Talked with", f"{f.reached} of {f.people}", "people in the rotation"),
        ("Median gap", median, "of the ideal gap"),
        ("Spread", spread, "of talks would have to go to others"),
        ("Blocks kept", kept, f"planned for {what}"),
    ]
    rows = [
        f"<div><dt>{label}</dt><dd>{escape(value)} <small>{note}</small></dd></div>" for label, value, note in tiles
    ]
    return "\n".join(['<dl class="tiles">', *rows, "</dl>"])


def _people(f: Figures) -> list[str]:
    g = f.gaps
    parts = [
        ("within the ideal gap", "good", g.within_ideal),
        ("within the maximum", "fair", g.within_max),
        ("past the maximum", "late", g.past_max),
    ]
    talks = [week.talks for week in f.weeks]
    return [
        _heading("People"),
        f"<p>Gaps: {escape(gap_words(g))}.</p>",
        f"<p>{escape(_sentence(spread_words(f)))}</p>",
        _figure(
            "How long ago the last talk is, today",
            strip("today", "How long ago the last talk is, today", today_words(g), parts),
            _legend([(name, look) for name, look, _ in parts]),
            _table(("", "people"), [(name, value) for name, _, value in parts]),
        ),
        _figure(
            "Talks a week",
            columns(
                "talks",
                "Talks a week",
                f"{f.spread.talks} in {len(talks)} weeks; {max(talks)} in the week with most.",
                _labels(f.weeks),
                [("talks", "good", talks)],
            ),
            "",
            _table(("week", "talks"), [(week.name, week.talks) for week in f.weeks]),
        ),
    ]


def _blocks(report: Report) -> list[str]:
    f = report.figures
    names = [name for name, _ in block_parts(f.blocks)]
    weeks = [_parts_of(week, names) for week in f.weeks]
    layers = [(name, _LOOKS[name], [parts[name] for parts in weeks]) for name in names]
    text = [
        _heading("Blocks"),
        f"<p>{escape(_sentence(ledger_words(f.blocks)))}</p>",
        *(f"<p>{escape(kind)}: {escape(ledger_words(blocks))}.</p>" for kind, blocks in f.kinds if len(f.kinds) > 1),
        _figure(
            "What became of the blocks of each week",
            columns(
                "blocks",
                "What became of the blocks of each week",
                ledger_words(f.blocks),
                _labels(f.weeks),
                layers,
            ),
            _legend([(name, look) for name, look, _ in layers]),
            _table(
                ("week", "planned", *names),
                [(week.name, week.blocks.planned, *parts.values()) for week, parts in zip(f.weeks, weeks, strict=True)],
            ),
        ),
    ]
    for name, title, causes in (
        ("displaced", "What displaced blocks", f.blocks.displaced_by),
        ("moved", "What blocks were moved for", f.blocks.moved_by),
    ):
        if causes:
            drawing = bars(name, title, caused(causes), causes, "late" if name == "displaced" else "rest")
            text.append(_figure(title, drawing, "", _table(("what", "blocks"), causes)))
    if report.recorded_from is not None and report.recorded_from > f.start:
        day = f"{day_words(report.recorded_from)} {report.recorded_from.year}"
        text.append(f'<p class="soft">What became of blocks is known from {day} on.</p>')
    return text


def _promises(report: Report) -> list[str]:
    word = report.word
    looks = ("good", "fair", "gone", "late")
    parts = [(name, look, number) for (name, number), look in zip(word_parts(word), looks, strict=True)]
    title = "What became of promises"
    figure = _figure(
        title,
        strip("promises", title, promise_words(word), parts),
        _legend([(name, look) for name, look, _ in parts]),
        _table(("", "promises"), [(name, number) for name, _, number in parts]),
    )
    return [
        _heading("Promises"),
        f"<p>{escape(_sentence(promise_words(word)))}</p>",
        *([figure] if word.settled else []),
    ]


def _kindness(report: Report) -> list[str]:
    return [_heading("Acts of kindness"), f"<p>{escape(_sentence(kindness_words(report.kindness)))}</p>"]


def _changes(report: Report) -> list[str]:
    found = report.changes
    parts = [("asked before the date", "good", found.asked_before)]
    parts += [("not asked before it", "rest", found.affected - found.asked_before)]
    title = "How many of those affected were asked"
    figure = _figure(
        title,
        strip("changes", title, change_words(found), parts),
        _legend([(name, look) for name, look, _ in parts]),
        _table(("", "people"), [(name, number) for name, _, number in parts]),
    )
    return [
        _heading("Changes"),
        f"<p>{escape(_sentence(change_words(found)))}</p>",
        *([figure] if found.affected else []),
    ]


def _parts_of(week: Week, names: Sequence[str]) -> dict[str, int]:
    """The parts of a week under the names of the whole report; of a kind without talks its blocks took place."""
    found = dict(block_parts(week.blocks))
    if "kept" in names and "stood in the calendar" in found:
        found["nothing logged"] = found.pop("stood in the calendar")
    return {name: found.get(name, 0) for name in names}


def _reading() -> list[str]:
    gap = "The median gap is 1 where talks come as often as meant, 2 where they take twice as long."
    spread = "The spread is 0 % where everybody had the share of the talks that their gap asks for."
    kept = "A block is kept when a talk with somebody whom it named was logged on its day or on the day after."
    kept += " A block for kindness is kept when an act was done on one of these days."
    word = "The rate of promises is of those that were kept, dropped, or ought to have been kept by now."
    gone = "A block is displaced when its week had no other room. Every planned block is counted once."
    nobody = "These figures are about your own time. None of them is about one person, and none compares people."
    gap += " A gap that is still open counts once it is longer than the ideal."
    text = (gap, spread, f"{kept} {gone}", word, f"{nobody} docs/report.md defines each one.")
    return [_heading("How to read this"), *(f"<p>{escape(one)}</p>" for one in text)]


def _figure(title: str, drawing: str, legend: str, table: str) -> str:
    inner = [f"<figcaption>{escape(title)}</figcaption>", drawing, *([legend] if legend else [])]
    return "\n".join(
        ["<figure>", *inner, "<details>", "<summary>As a table</summary>", table, "</details>", "</figure>"]
    )


def _legend(entries: Sequence[tuple[str, str]]) -> str:
    items = [f'<li><span class="{look}"></span>{escape(name)}</li>' for name, look in entries]
    return "\n".join(['<ul class="legend">', *items, "</ul>"])


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = [
        f'<tr><th scope="row">{escape(str(first))}</th>{"".join(f"<td>{escape(str(v))}</td>" for v in rest)}</tr>'
        for first, *rest in rows
    ]
    return "\n".join(["<table>", f"<thead><tr>{cells}</tr></thead>", "<tbody>", *body, "</tbody>", "</table>"])


def _labels(weeks: Sequence[Week]) -> list[str]:
    """The day of each Monday, or for a long time its month and year."""
    days = [day_words(week.monday).split(" ", 1)[1] for week in weeks]
    if len(weeks) <= _MANY:
        return days
    return [f"{day.split()[1]} {week.monday.year}" for day, week in zip(days, weeks, strict=True)]


def _heading(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
