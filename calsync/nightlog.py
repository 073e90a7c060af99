"""The log of each night."""

from __future__ import annotations
