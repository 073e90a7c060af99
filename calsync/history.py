"""What past runs did, as `calsync log` tells it."""

from __future__ import annotations

from typing import Any

from calsync.desk import Desk
from calsync.state.store import Store

__all__ = ["runs"]


def runs(desk: Desk, limit: int) -> list[dict[str, Any]]:
    """The newest runs, newest first: number, command, when, exit code, counts, errors."""
    with Store(desk.state_folder, desk.now) as store:
        return store.runs(limit)
