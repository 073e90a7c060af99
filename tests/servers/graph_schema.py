"""Checks an event's body against Microsoft's own metadata: a JSON Schema in the shared folder beside the project.

Where that folder is missing nothing is checked, and a test of its own is skipped that says so (test_graph_schema.py).
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["SCHEMA", "complaint"]

SCHEMA = Path(__file__).resolve().parents[2].parent / "shared/corpus/msgraph-metadata/event.schema.json"


@cache
def _validator() -> Any:
    if not SCHEMA.is_file():
        return None
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def complaint(body: dict[str, Any]) -> str:
    """The first thing that the schema does not allow, "" when there is none (or no schema)."""
    validator = _validator()
    errors = sorted(validator.iter_errors(body), key=lambda e: e.json_path) if validator is not None else []
    return f"{errors[0].json_path}: {errors[0].message[:300]}" if errors else ""
