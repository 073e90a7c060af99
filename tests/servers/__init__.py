"""Real servers on 127.0.0.1, and one that misbehaves on purpose; what starts them and what speaks to them in tests."""
