"""The frame of every HTML page: one look in light and dark, and a policy under which nothing is fetched or run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

__all__ = ["document", "policy"]

_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2329; --soft: #55606b; --line: #d5dbe1; --card: #f4f6f8;
  --good: #17694c; --fair: #8fbfa6; --late: #b4451a; --gone: #6b5391; --rest: #b9c2cb; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e8ecf0; --soft: #a3aeb9; --line: #3a434c;
  --card: #1e242a; --good: #4fbf93; --fair: #2b6e55; --late: #f08a5d; --gone: #b49be0; --rest: #57636f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 48rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { margin: .4rem 0; } .soft, figcaption { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
.tiles dt { color: var(--soft); font-size: .9rem; } .tiles dd { margin: 0; font-size: 1.6rem; }
.tiles dd small { display: block; font-size: .85rem; color: var(--soft); }
figure { margin: 1rem 0; break-inside: avoid; } svg { display: block; width: 100%; height: auto; margin: .4rem 0; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .tick { fill: var(--soft); }
svg text.on { font-size: 14px; font-weight: 600; fill: var(--paper); }
svg text.fair-on, svg text.rest-on { fill: var(--ink); }
.grid { stroke: var(--line); stroke-width: 1; } rect { stroke: var(--paper); stroke-width: 1; }
.good { fill: var(--good); background: var(--good); } .fair { fill: var(--fair); background: var(--fair); }
.late { fill: var(--late); background: var(--late); } .gone { fill: var(--gone); background: var(--gone); }
.rest { fill: var(--rest); background: var(--rest); }
.legend { list-style: none; margin: .3rem 0; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; }
.legend span { display: inline-block; width: .9em; height: .9em; margin-right: .4em; vertical-align: -.1em;
  border: 1px solid var(--soft); }
details { margin: .4rem 0; } summary { cursor: pointer; color: var(--soft); }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: right; padding: .15rem .6rem; border-bottom: 1px solid var(--line); font-weight: normal; }
th:first-child, td:first-child { text-align: left; } thead th { color: var(--soft); }
@media (max-width: 30rem) { svg text { font-size: 18px; } }
@media print { :root { color-scheme: light; --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #bbbbbb;
  --card: #ffffff; --good: #17694c; --fair: #8fbfa6; --late: #b4451a; --gone: #6b5391; --rest: #c9d0d6; }
  body { font-size: 11pt; } main { max-width: none; padding: 0; } details { display: none; }
  rect, .legend span { -webkit-print-color-adjust: exact; print-color-adjust: exact; } h2 { break-after: avoid; } }
"""


def policy(more: str = "") -> str:
    """The Content-Security-Policy of a page whose style is that of `document` and `more`."""
    digest = base64.b64encode(hashlib.sha256((_STYLE + more).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def document(title: str, body: Iterable[str], more: str = "") -> str:
    """A page, well-formed as XML too; `body` is markup, `more` goes behind the common style."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en" xmlns="http://www.w3.org/1999/xhtml">',
            "<head>",
            '<meta charset="utf-8"/>',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy(more))}"/>',
            '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
            '<meta name="referrer" content="no-referrer"/>',
            '<meta name="robots" content="noindex"/>',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}{more}</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )
