"""The command line: thin, lazy; it parses, calls one use case, and renders."""
