"""Tries whether a calendar can be written."""

from __future__ import annotations
