"""From what is wanted to what stands on the calendars: diff, guard, apply, journal."""
