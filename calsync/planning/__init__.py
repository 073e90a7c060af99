"""Pure planning: what a meeting is, when time is free, which weekly slots a series takes, which dates move."""
