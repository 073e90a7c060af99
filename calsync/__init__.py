"""calsync makes time for people: recurring blocks outside every meeting, and whom to spend them on."""

from __future__ import annotations

__version__ = "0.1.0"
