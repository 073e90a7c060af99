"""How calsync is called from the terminal at hand, for commands that are shown to be copied."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["called"]


def called() -> str:
    """`calsync` where that is found or this is another program that calls it, else the path it was called by."""
    import shutil

    return "calsync" if Path(sys.argv[0]).stem != "calsync" or shutil.which("calsync") else sys.argv[0]
