"""iCalendar and the model, both ways; the only importer of icalendar and recurring_ical_events."""
