"""The nightly run in the machine's own scheduler."""
