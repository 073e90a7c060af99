"""What was told already."""

from __future__ import annotations
