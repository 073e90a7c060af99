"""Small drawings for a page: stacked columns, a row of one bar, and bars with labels, as SVG of our own.

A drawing is inert text: no script, no style of its own, nothing that is fetched. Its colours are classes that the page
decides about; its title and description say in words what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, log10

__all__ = ["Layer", "bars", "columns", "strip"]

Layer = tuple[str, str, Sequence[int]]
"""A name, the class that colours it, and a value for each column."""

_WIDTH = 720
_LEFT, _TOP, _BOTTOM = 36, 12, 28
_HEIGHT = 200


def columns(name: str, title: str, text: str, labels: Sequence[str], layers: Sequence[Layer]) -> str:
    """One column for each label, the layers on top of one another; `name` is unique on the page."""
    totals = [sum(values) for values in zip(*(layer[2] for layer in layers), strict=True)]
    top, step = _scale(max(totals, default=0))
    plot = _HEIGHT - _TOP - _BOTTOM
    wide = (_WIDTH - _LEFT) / max(1, len(labels))
    bar = max(1.0, min(40.0, wide * 0.7))
    drawn = []
    for tick in range(0, top + 1, step):
        y = _TOP + plot * (1 - tick / top)
        drawn.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    every = max(1, ceil(len(labels) / 8))
    for at, label in enumerate(labels):
        left, y = _LEFT + wide * at + (wide - bar) / 2, float(_TOP + plot)
        for _, look, values in layers:
            tall = plot * values[at] / top
            y -= tall
            if values[at]:
                drawn.append(f'<rect class="{look}" x="{left:.1f}" y="{y:.1f}" width="{bar:.1f}" height="{tall:.1f}"/>')
        if at % every == 0:
            place = f'x="{left + bar / 2:.1f}" y="{_HEIGHT - 8}" text-anchor="middle"'
            drawn.append(f'<text class="tick" {place}>{escape(label)}</text>')
    return _drawing(name, title, text, _HEIGHT, drawn)


def strip(name: str, title: str, text: str, parts: Sequence[tuple[str, str, int]]) -> str:
    """One bar of the whole width, cut into parts: (name, class, value)."""
    whole, left = sum(value for _, _, value in parts) or 1, 0.0
    drawn = []
    for _, look, value in parts:
        wide = _WIDTH * value / whole
        if value:
            drawn.append(f'<rect class="{look}" x="{left:.1f}" y="4" width="{wide:.1f}" height="32"/>')
            if wide >= 24:
                drawn.append(
                    f'<text class="on {look}-on" x="{left + wide / 2:.1f}" y="25" text-anchor="middle">{value}</text>'
                )
        left += wide
    return _drawing(name, title, text, 40, drawn)


def bars(name: str, title: str, text: str, rows: Sequence[tuple[str, int]], look: str) -> str:
    """A labelled bar for each row, in the order given."""
    most, tall = max((value for _, value in rows), default=0) or 1, 42
    drawn = []
    for at, (label, value) in enumerate(rows):
        top, wide = tall * at, (_WIDTH - 60) * value / most
        # The label stands above its bar: causes can be long.
        drawn.append(f'<text class="tick" x="0" y="{top + 14}">{escape(label)}</text>')
        drawn.append(f'<rect class="{look}" x="0" y="{top + 20}" width="{wide:.1f}" height="16"/>')
        drawn.append(f'<text class="tick" x="{wide + 6:.1f}" y="{top + 33}">{value}</text>')
    return _drawing(name, title, text, tall * len(rows), drawn)


def _drawing(name: str, title: str, text: str, height: int, drawn: Sequence[str]) -> str:
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
    return "\n".join(
        [
            f'<svg {box} role="img" aria-labelledby="{name}-title {name}-text">',
            f'<title id="{name}-title">{escape(title)}</title>',
            f'<desc id="{name}-text">{escape(text)}</desc>',
            *drawn,
            "</svg>",
        ]
    )


def _scale(most: int) -> tuple[int, int]:
    """The top of an axis for values up to `most`, and the step of its ticks: at most five, whole numbers."""
    most = max(1, most)
    rough = max(1, ceil(most / 5))
    unit = 10 ** int(log10(rough))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough)
    return step * ceil(most / step), step
