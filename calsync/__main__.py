"""`python -P -m calsync`: for a checkout and for tests; schedules call the `calsync` script (see docs/design.md)."""

from __future__ import annotations

import sys

from calsync.cli import main

if __name__ == "__main__":
    sys.exit(main())
