"""iCalendar files: one file, a folder with one event a file, a folder of such folders, or an address on the web."""
