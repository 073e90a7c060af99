"""Pages that are written by hand but for what stands between two marks."""

from __future__ import annotations

__all__ = ["between"]


def between(page: str, begin: str, end: str, text: str) -> str:
    """The page with `text` between its marks. Raises ValueError when the marks are not there."""
    head, mark, rest = page.partition(begin)
    _, closing, tail = rest.partition(end)
    if not mark or not closing:
        raise ValueError(f"the page has no {begin} and {end}")
    return f"{head}{begin}\n\n{text}\n{end}{tail}"
