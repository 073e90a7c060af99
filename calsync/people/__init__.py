"""Pure: the people to reach: whose turn it is and why."""
