"""The dashboard: the coming week with its briefs as one HTML page, and the small page for what went wrong."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from calsync.cli.acttext import block_lines
from calsync.cli.briefs import brief_lines, opening_lines
from calsync.cli.htmlpage import document, policy
from calsync.cli.paragraph import Paragraph, clean
from calsync.cli.render import when
from calsync.digest import trouble
from calsync.planning.words import day_words

if TYPE_CHECKING:
    from calsync.coming import Coming, ComingBlock
    from calsync.desk import Desk
    from calsync.errors import CalsyncError
    from calsync.history import LastNight
    from calsync.people.brief import Brief

__all__ = ["POLICY", "dashboard", "message", "of_error"]

_STYLE = """
nav { margin: .6rem 0 0; } a { color: var(--good); } a:focus-visible { outline: 2px solid var(--good); }
article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem;
  margin: .8rem 0; break-inside: avoid; overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 0; } h3 span { font-weight: normal; color: var(--soft); }
h4 { font-size: 1rem; margin: .9rem 0 0; }
dl.brief { display: grid; grid-template-columns: 6rem 1fr; gap: .25rem .8rem; margin: .5rem 0 0; }
.brief dt { color: var(--soft); } .brief dd { margin: 0; grid-column: 2; }
.problem { border-left: .25rem solid var(--late); padding-left: .8rem; overflow-wrap: anywhere; }
@media (max-width: 30rem) { dl.brief { display: block; } .brief dt { margin-top: .5rem; } }
"""
POLICY = policy(_STYLE)


def dashboard(desk: Desk, found: Coming, last: LastNight | None) -> str:
    """The week that `found` has, as `calsync today` tells a day of it; `last` is the newest night."""
    today = desk.now.date()
    days = [
        (day, list(blocks)) for day, blocks in groupby(found.blocks, key=lambda b: b.start.date())
    ]  # in order of their start
    body = [
        "<header>",
        "<h1>The coming week</h1>",
        f'<p class="soft">{_text(_as_of(desk, last))}</p>',
        '<nav><a href="report">Where your attention went</a></nav>',
        "</header>",
        *(_problem(error.what, error.next_step) for error in found.problems),
    ]
    if said := trouble(last, desk.now):
        body.append(_problem(said, ""))
    if not days:
        none = "No blocks in the next seven days." if found.planned else "No night has planned a block yet."
        body.append(f"<p>{none}</p>")
    for day, blocks in days:
        body.append(f"<h2>{'Today, ' if day == today else ''}{day_words(day)}</h2>")
        for block in blocks:
            body += _block(block, desk)
    body.append('<p class="soft">For your eyes alone: nothing of this stands in any calendar.</p>')
    return document("The coming week", body, _STYLE)


def message(title: str, told: Iterable[tuple[str, str]]) -> str:
    """A small page of what is wrong, each with its next step."""
    body = [f"<h1>{_text(title)}</h1>", *(_problem(what, step) for what, step in told)]
    return document(title, body, _STYLE)


def of_error(error: CalsyncError) -> list[tuple[str, str]]:
    """An error as `message` takes it: a line each where there are several."""
    *before, last = error.what.splitlines() or [""]
    return [*((line, "") for line in before), (last, error.next_step)]


def _as_of(desk: Desk, last: LastNight | None) -> str:
    zone = desk.config.zone
    shown = f"As of {when(desk.now, None, zone)}; load the page again for what is new."
    if last is None:
        return f"{shown} No night has run yet."
    return f"{shown} The last night began {when(last.started_at, None, zone)}."


def _block(block: ComingBlock, desk: Desk) -> list[str]:
    state = "" if str(block.state) == "planned" else f", {block.state}"
    head = f"{block.start:%H:%M}-{block.end:%H:%M} <span>{_text(block.kind + state)}</span>"
    text = ["<article>", f"<h3>{head}</h3>"]
    text += [f"<p>{_text(line)}</p>" for _, line in opening_lines(block, desk.config.zone)]
    if block.act is not None:
        text += [f"<p>{_text(line)}</p>" for _, line in block_lines(block.act, in_full=True)]
    for (name, why), brief in zip(block.people, block.briefs, strict=True):
        text += _person(name, why, brief)
    return [*text, "</article>"]


def _person(name: str, why: str, brief: Brief) -> list[str]:
    noted = " (take note)" if brief.flags else ""
    said = [f"<h4>{_text(name)}{noted}</h4>", *([f'<p class="soft">{_text(why)}</p>'] if why else [])]
    rows = [_row(paragraph) for paragraph in brief_lines(brief)]
    return [*said, *(['<dl class="brief">', *rows, "</dl>"] if rows else [])]


def _row(paragraph: Paragraph) -> str:
    label, text = paragraph[0].strip(), paragraph[1]
    return f"{f'<dt>{_text(label)}</dt>' if label else ''}<dd>{_text(text)}</dd>"


def _problem(what: str, step: str) -> str:
    return f'<p class="problem">{_text(what)}{f"<br/>{_text(step)}" if step else ""}</p>'


def _text(said: str) -> str:
    return escape(clean(said))
