"""Adapters, one folder each: how a kind of calendar is read and written. Reached through calsync.registry only."""

from __future__ import annotations

MARKER = "calsync adapters"
"""What calsync.registry looks for, so that another package of this common name is not taken for ours."""
