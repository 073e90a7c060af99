"""What would fail tonight, and what mends it."""
