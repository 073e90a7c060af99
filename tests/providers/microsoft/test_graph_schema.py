"""Whether the bodies that the adapter sends are held against Microsoft's own metadata in this run at all."""

from __future__ import annotations

import pytest

from tests.servers.graph_schema import SCHEMA, complaint


def test_bodies_are_held_against_microsofts_own_metadata() -> None:
    if not SCHEMA.is_file():
        pytest.skip(f"NO BODY IS CHECKED against Microsoft's metadata in this run: {SCHEMA.name} is not in shared/")
    assert complaint({"subject": "Focus", "showAs": "busy"}) == ""
    assert complaint({"subject": "Focus", "showAs": "sleeping"})
    assert complaint({"subject": 7})
