"""The morning digest as text."""

from __future__ import annotations
