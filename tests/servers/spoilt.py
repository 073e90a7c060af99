"""JSON that was right once: one place in it, at any depth, is left out or is something else now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

__all__ = ["spoilt"]

_TEXTS = st.one_of(st.text(max_size=6), st.sampled_from(["user", "service", "application", "0", "https://[x", "{}"]))
_PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXTS)
_ANYTHING = st.recursive(
    _PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXTS, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def spoilt(draw: st.DrawFn, whole: Any) -> Any:
    """`whole` with one to three of its places spoilt, those in texts that are JSON themselves too; or anything else."""
    if draw(st.integers(0, 9)) == 0:
        return draw(_ANYTHING)
    found = _opened(deepcopy(whole))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(found))
        if places:
            into, key = draw(st.sampled_from(places))
            if draw(st.booleans()):
                del into[key]
            else:
                into[key] = draw(_ANYTHING)
    return _closed(found)


class _Text(dict[str, Any]):
    """An object that stands in its place as text."""


def _opened(said: Any) -> Any:
    if isinstance(said, dict):
        return {key: _opened(value) for key, value in said.items()}
    if isinstance(said, str) and said.startswith("{"):
        return _Text(json.loads(said))
    return said


def _closed(said: Any) -> Any:
    if isinstance(said, _Text):
        return json.dumps(said)
    return {key: _closed(value) for key, value in said.items()} if isinstance(said, dict) else said


def _places(said: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(said) if isinstance(said, dict) else list(range(len(said))) if isinstance(said, list) else []
    for key in keys:
        yield said, key
        yield from _places(said[key])
