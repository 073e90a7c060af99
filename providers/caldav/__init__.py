"""CalDAV calendars (RFC 4791) of iCloud, Nextcloud, Fastmail, Radicale and others, by a small client of our own."""
