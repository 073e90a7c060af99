"""The feed and the dashboard on this machine."""

from __future__ import annotations
