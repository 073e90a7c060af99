"""Where answers go: JSON, tables on a terminal, plain text in a pipe, and a progress bar on stderr.

Plain text has one record a line and no drawing, so that mail from cron and screen readers get words only. rich is
imported only when stdout (or, for the bar, stderr) is a terminal that can show more than that.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = [
    "Progress",
    "Table",
    "cells",
    "draws",
    "is_fancy",
    "lines",
    "padded",
    "paragraphs",
    "print_json",
    "progress_bar",
    "sentences",
    "silent",
    "table",
    "wrapped",
]

Progress = Callable[[str, int, int], None]
"""Told of work under way: the stage in words, how much of it is done, and how much there is (0: not known)."""

_MIN_WIDTH = 80
_MAX_WIDTH = 200
_MAX_READABLE = 100
_SECOND_COLUMN = "\ue000"
"""A letter that no text has: it stands for the second column of a wide one."""
_NO_END = "\ue001"
"""Another one: it stands for a space at which no line ends."""
_GAP = 3
"""Cells that a column of a drawn table needs beside its text."""
_LEAST_TO_GROW = 14
"""The width in cells at which a wrapping column can still be read."""
_WORTH_A_BAR = 1.0
"""Seconds of work before a bar appears."""


class Table:
    """Columns and rows of text; `grow` is the column that takes what room is left (and wraps), -1 for none."""

    __slots__ = ("columns", "grow", "rows", "title")

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "", grow: int = -1) -> None:
        self.columns = tuple(columns)
        self.rows = [tuple(row) for row in rows]
        self.title = title
        self.grow = grow

    def plain(self) -> list[str]:
        """The table as lines: columns aligned by spaces, nothing cut off, empty columns left out."""
        shown = [i for i in range(len(self.columns)) if any(row[i] for row in self.rows)]
        head = [self.columns[i] for i in shown]
        body = [[row[i] for i in shown] for row in self.rows]
        widths = [max(map(cells, column)) for column in zip(head, *body, strict=True)]
        text = [
            "  ".join(padded(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in [head, *body]
        ]
        return [*([self.title] if self.title else []), *text]

    def narrow(self, columns: int) -> list[str]:
        """The table for a terminal that is too narrow for it: a paragraph a row, what is behind its beginning named."""
        named = next((at for at, name in enumerate(self.columns) if name), 0)
        text: list[str] = []
        for row in self.rows:
            begin = "  ".join(filter(None, row[: named + 1]))
            rest = [f"{name}: {cell}" for name, cell in [*zip(self.columns, row, strict=True)][named + 1 :] if cell]
            text += wrapped("; ".join([begin, *rest]), columns, "", "    ")
        return text

    def stacked(self, columns: int) -> list[str]:
        """As many columns as fit, and what is behind them on lines of its own under each row; [] when that helps not.

        The last column, which grows, needs no name there.
        """
        last = len(self.columns) - 1
        if self.grow != last:
            return []
        named = next((at for at, name in enumerate(self.columns) if name), 0)
        for cut in range(last, named + 1, -1):
            text = Table(self.columns[:cut], [row[:cut] for row in self.rows]).plain()
            if max(map(cells, text)) <= columns:
                break
        else:
            return []
        for at in range(len(self.rows) - 1, -1, -1):
            behind = zip(self.columns[cut:], self.rows[at][cut:], strict=True)
            rest = [cell if name == self.columns[last] else f"{name}: {cell}" for name, cell in behind if cell]
            text[at + 2 : at + 2] = wrapped("; ".join(rest), columns, " " * 5, " " * 5)
        return text

    def width(self) -> int:
        """How many cells a drawn table needs so that no column but the growing one is cut."""
        widths = [
            min(max(map(cells, column)), _LEAST_TO_GROW) if i == self.grow else max(map(cells, column))
            for i, column in enumerate(zip(self.columns, *self.rows, strict=True))
            if any(column[1:])
        ]
        return sum(widths) + _GAP * len(widths)


def is_fancy(stream_is_terminal: bool, columns: int, environment: dict[str, str] | None = None) -> bool:
    """True when a drawn table helps: on a terminal of at least 80 columns that is not a dumb one."""
    env = os.environ if environment is None else environment
    return stream_is_terminal and columns >= _MIN_WIDTH and env.get("TERM") != "dumb"


def draws(signs: str) -> bool:
    """True when stdout is a terminal where drawings help and which has all of `signs`."""
    if not is_fancy(sys.stdout.isatty(), _terminal_columns()):
        return False
    try:
        signs.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def table(content: Table) -> None:
    """Print a table on stdout, drawn on a terminal and plain in a pipe. A table without rows prints nothing.

    On a terminal that is too narrow for it, its last columns stand under each row, or each row is a paragraph.
    """
    if not content.rows:
        return
    columns = _terminal_columns()
    if not sys.stdout.isatty() or (os.environ.get("TERM") == "dumb" and content.width() <= columns):
        lines(content.plain())
        return
    if not is_fancy(True, columns) or content.width() > columns:
        rows = (content.stacked(columns) if is_fancy(True, columns) else []) or content.narrow(columns)
        lines(([content.title] if content.title else []) + rows)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        title=content.title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for i, name in enumerate(content.columns):
        if any(row[i] for row in content.rows):
            drawn.add_column(name, ratio=1 if i == content.grow else None, overflow="fold", no_wrap=i != content.grow)
    shown = [i for i in range(len(content.columns)) if any(row[i] for row in content.rows)]
    for row in content.rows:
        drawn.add_row(*[Text(row[i]) for i in shown])  # Text: a title may hold what rich would take for markup
    Console(width=min(columns, _MAX_WIDTH), highlight=False).print(drawn)


def lines(text: Sequence[str]) -> None:
    """Print lines on stdout as they are."""
    for line in text:
        print(line)


def sentences(text: Sequence[str]) -> None:
    """Print lines that are whole sentences; on a terminal each is wrapped, with its own indentation and some more."""
    columns = _terminal_columns()
    if not sys.stdout.isatty():
        lines(text)
        return
    for line in text:
        indent = " " * (len(line) - len(line.lstrip()))
        lines(wrapped(line.strip(), min(columns, _MAX_READABLE), indent, indent + "  ") or [""])


def paragraphs(text: Sequence[tuple[str, str]]) -> None:
    """Print lines, each as (what it begins with, the rest); on a terminal the rest is wrapped behind the beginning."""
    columns = _terminal_columns()
    if not is_fancy(sys.stdout.isatty(), columns):
        lines([begin + rest for begin, rest in text])
        return
    width = min(columns, _MAX_READABLE)
    for begin, rest in text:
        lines(wrapped(rest, width, begin, " " * len(begin)) or [begin.rstrip()])


def wrapped(text: str, width: int, first: str = "", following: str = "") -> list[str]:
    """The text in lines of at most `width` columns, which begin with `first` and then with `following`.

    Words are not cut at their hyphens, nor addresses and paths anywhere, nor is a command (in backticks) that has room
    on a line: all of them must be fit to be copied.
    """
    import re
    from textwrap import wrap

    room = width - cells(following) - 2  # for a sign behind it, and see below
    kept = re.sub("`[^`]*`", lambda c: c[0].replace(" ", _NO_END) if cells(c[0]) <= room else c[0], text)
    # The library counts letters. Where a line ends between a wide one and what stands for its second column, there is
    # one column more than it counted.
    wide = not text.isascii() and any(cells(c) == 2 for c in text)
    found = wrap(
        "".join(c + _SECOND_COLUMN if cells(c) == 2 else c for c in kept) if wide else kept,
        width - 1 if wide else width,
        initial_indent=first,
        subsequent_indent=following,
        break_on_hyphens=False,
        break_long_words=wide or "/" not in text,
    )
    return [line.replace(_SECOND_COLUMN, "").replace(_NO_END, " ") for line in found]


def print_json(value: Any) -> None:
    """Print `value` on stdout as JSON, keys in the order in which they are documented.

    Letters stand as they are where stdout is UTF-8; elsewhere they are escaped, so that none is lost.
    """
    import codecs
    import json

    encoding = codecs.lookup(sys.stdout.encoding or "ascii").name
    print(json.dumps(value, ensure_ascii=encoding != "utf-8", indent=2))


def silent(stage: str, done: int, total: int) -> None:
    """A `Progress` that shows nothing."""


@contextmanager
def progress_bar(*, quiet: bool = False, after: float = _WORTH_A_BAR) -> Iterator[Progress]:
    """Give a `Progress` that draws a bar on stderr once the work has taken `after` seconds.

    Nothing is drawn when stderr is no terminal, or with `quiet`; what was drawn is gone at the end.
    """
    if quiet or not is_fancy(sys.stderr.isatty(), _terminal_columns()):
        yield silent
        return
    bar = _Bar(after)
    try:
        yield bar
    finally:
        bar.stop()


class _Bar:
    """A rich progress bar that comes late: quick work never shows one, and never loads rich."""

    def __init__(self, after: float) -> None:
        self._due = time.monotonic() + after
        self._shown: Any = None
        self._stages: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        if self._shown is None:
            if time.monotonic() < self._due:
                return
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self._shown = RichProgress(console=Console(stderr=True), transient=True)
            self._shown.start()
        if stage not in self._stages:
            self._stages[stage] = self._shown.add_task(stage)
        self._shown.update(self._stages[stage], completed=done, total=total or None)

    def stop(self) -> None:
        """Take the bar away."""
        if self._shown is not None:
            self._shown.stop()


def _terminal_columns() -> int:
    import shutil

    return shutil.get_terminal_size((_MIN_WIDTH, 24)).columns


def cells(text: str) -> int:
    """How many columns a text takes: wide letters of East Asia take two, marks that join take none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def padded(text: str, width: int) -> str:
    """The text with spaces behind it, so that it takes `width` columns."""
    return text + " " * (width - cells(text))
