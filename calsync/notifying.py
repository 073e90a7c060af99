"""Sends the digest."""

from __future__ import annotations
