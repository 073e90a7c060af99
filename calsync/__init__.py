"""calsync makes time for people: recurring blocks outside every meeting, and whom to spend them on."""

__version__ = "0.1.0"
