"""Values written as YAML on one line: plain where that reads back the same, in double quotes otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from calsync.names import JOINERS

__all__ = ["flow", "scalar"]

# Letters first, and nothing that YAML gives a meaning to inside [] or {}: such text reads back as it stands.
_PLAIN = re.compile(r"[^\W\d_](?:[\w .@+/~-]|:(?=//))*(?<! )")
_DURATION = re.compile(r"\d+[dw]")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan"})


def scalar(value: object) -> str:
    """`value` (text, a number, true, false) as a YAML scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _DURATION.fullmatch(text) or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    # YAML refuses some characters that JSON lets through, and takes others for line breaks.
    return "".join(
        c if c.isprintable() or c in JOINERS else json.dumps(c)[1:-1] if c <= "\uffff" else f"\\U{ord(c):08x}"
        for c in quoted
    )


def flow(value: object) -> str:
    """`value` as YAML on one line: {key: value} and [a, b] for mappings and lists."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)
