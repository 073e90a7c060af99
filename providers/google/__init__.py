"""Google Calendar, through google-api-python-client on one HTTP connection of calsync's own."""
