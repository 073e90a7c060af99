"""How messages about the configuration name things: values shown short, on one line, and the nearest valid name."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["did_you_mean", "listed", "nearest", "shown"]

_SHOWN = 40
_LISTED = 12


def shown(value: object) -> str:
    """`value` as a message names it: one line, at most about forty characters, nothing that moves a cursor."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a group of keys"
    text = str(value)
    clean = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:_SHOWN])
    return f'"{clean}…"' if len(text) > _SHOWN else f'"{clean}"'


def nearest(word: str, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The valid name that `word` most likely stands for, or "" when none comes near (`cutoff` as in difflib)."""
    from difflib import get_close_matches

    by_folded = {name.casefold(): name for name in sorted(names, reverse=True)}
    folded = word.strip().casefold()
    if folded in by_folded:
        return by_folded[folded]
    close = get_close_matches(folded, sorted(by_folded), n=1, cutoff=cutoff)
    if close:
        return by_folded[close[0]]
    begun = [
        name for name in sorted(by_folded) if len(folded) > 1 and (name.startswith(folded) or folded.startswith(name))
    ]
    return by_folded[begun[0]] if begun else ""


def listed(names: Iterable[str]) -> str:
    """`names` as "a, b or c"."""
    *most, last = [*names] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """What follows "unknown ...": the nearest name, or all of them where they are few, or nothing."""
    known = sorted(names)
    near = nearest(word, known)
    if near:
        return f"; did you mean `{near}`?"
    if known and len(known) <= _LISTED:
        return f"; expected {listed(known)}"
    return ""
