"""The tables of the state database, as SQLAlchemy Core; migrations in versions/ build exactly these.

Instants are whole seconds since the epoch (UTC), days ISO text, values of the model JSON text (see codec.py).
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

__all__ = [
    "acts",
    "assignments",
    "calendars",
    "change_people",
    "change_points",
    "changes",
    "contacts",
    "decisions",
    "generations",
    "journal",
    "metadata",
    "newcomers",
    "notes",
    "notices",
    "outcomes",
    "pauses",
    "people_busy",
    "promise_time",
    "promises",
    "resources",
    "runs",
    "series",
    "snoozes",
    "topics_told",
]

metadata = MetaData()

calendars = Table(
    "calendars",
    metadata,
    Column("name", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("cursor", Text, nullable=False),
    Column("covered_from", Integer, nullable=False),
    Column("covered_to", Integer, nullable=False),
    Column("zone", String, nullable=False),
    Column("read_at", Integer, nullable=False),
)
"""What was read: the cursor, and the stretch that the expanded rows of its resources cover."""

resources = Table(
    "resources",
    metadata,
    Column("calendar", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("etag", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("expanded", Text, nullable=False),
    Column("owned", Text, nullable=False),
)
"""Every resource that can still matter; `owned` is the block series that it is, as it stands there, or ''."""

series = Table(
    "series",
    metadata,
    Column("calendar", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("resource", String, nullable=False),
    Column("etag", String, nullable=False),
    Column("standing", Boolean, nullable=False),
)
"""The blocks as calsync last knew them to be its own work: the base that a leader's edits are told against."""

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("what", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("home", String, nullable=False),
    Column("placed", Text, nullable=False),
    Column("calendar", String, nullable=False),
    Column("noticed_at", Integer, nullable=False),
)
"""The leader's own edits: what = deleted | pinned (a date), retired | slot | titled | theirs (a series)."""

generations = Table(
    "generations",
    metadata,
    Column("kind", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)
"""The highest generation ever used for a slot: names are never used twice."""

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("command", String, nullable=False),
    Column("started_at", Integer, nullable=False),
    Column("now", String, nullable=False),
    Column("exit", Integer),
    Column("summary", Text, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run", Integer, nullable=False),
    Column("calendar", String, nullable=False),
    Column("key", String, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("error", Text, nullable=False),
    Index("journal_by_state", "state"),
)
"""Each write, committed as `intended` before the request; then confirmed | failed | conflict | abandoned."""

contacts = Table(
    "contacts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("person", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("kind", String, nullable=False),
)

snoozes = Table(
    "snoozes",
    metadata,
    Column("person", String, primary_key=True),
    Column("until", String, nullable=False),
)

newcomers = Table(
    "newcomers",
    metadata,
    Column("person", String, primary_key=True),
    Column("since", String, nullable=False),
)
"""The day on which a person was first seen in the rotation."""

assignments = Table(
    "assignments",
    metadata,
    Column("block", String, primary_key=True),
    Column("people", Text, nullable=False),
    Column("start", Integer, nullable=False),
)
"""Whom a block was planned for, as last told to the leader."""

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("person", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""What the leader noted of a talk at `at`; `body` is encrypted text, see calsync.vault."""

topics_told = Table(
    "topics_told",
    metadata,
    Column("block", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("topic", String, nullable=False),
    Column("start", Integer, nullable=False),
)
"""The topic that the brief of a person in a block has; a topic is named by its key."""

pauses = Table(
    "pauses",
    metadata,
    Column("person", String, primary_key=True),
    Column("since", String, nullable=False),
)
"""Who is left out of the rotation until the leader says otherwise."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("block", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("home", String, nullable=False),
    Column("start", Integer, nullable=True),
    Column("end", Integer, nullable=True),
    Column("what", String, nullable=False),
    Column("why", Text, nullable=False),
)
"""What became of each date of a block: what = home | moved | pinned | dropped | deleted; `why` names no event."""

people_busy = Table(
    "people_busy",
    metadata,
    Column("person", String, primary_key=True),
    Column("asked_at", Integer, nullable=False),
    Column("spans", Text, nullable=False),
)
"""When a person's own calendar said they are busy, as it was last asked; pairs of seconds, as JSON."""

promises = Table(
    "promises",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("person", String, nullable=False),
    Column("made_at", Integer, nullable=False),
    Column("due", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("closed_at", Integer, nullable=True),
    Column("body", Text, nullable=False),
)
"""What the leader promised: state = open | kept | dropped, `due` the instant by which; `body` is encrypted."""

promise_time = Table(
    "promise_time",
    metadata,
    Column("block", String, primary_key=True),
    Column("promise", Integer, primary_key=True),
    Column("person", String, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
)
"""How many minutes of a follow-through block are for which promise, as last told; of blocks gone by, what was spent."""

acts = Table(
    "acts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("day", String, nullable=False),
    Column("act", String, nullable=False),
    Column("person", String, nullable=False),
    Column("state", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""Acts of kindness by key: state = told | done | skipped, `day` the first day of their day or week, `person` or "".

`body` is an encrypted note, or "".
"""

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("on", String, nullable=False),
    Column("made_at", Integer, nullable=False),
    Column("asking_since", Integer, nullable=True),
    Column("closed_at", Integer, nullable=True),
    Column("tags", Text, nullable=False),
    Column("body", Text, nullable=False),
)
"""Changes to come, announced on the local day `on`; `tags` (JSON) say whom they affect beside change_people.

`tags` is a list, and once the day has come an object with the list and the count of the closing: nobody is added then.
"""

change_people = Table(
    "change_people",
    metadata,
    Column("change", Integer, primary_key=True),
    Column("person", String, primary_key=True),
    Column("asked_at", Integer, nullable=True),
    Column("body", Text, nullable=False),
)
"""Who is affected by a change by name, or was asked about it; `body` is encrypted, or ""."""

change_points = Table(
    "change_points",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("change", Integer, nullable=False),
    Column("person", String, nullable=False),
    Column("side", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""What speaks for a change (side = pro) and against it (con), by whom, "" for the leader; `body` is encrypted."""

notices = Table(
    "notices",
    metadata,
    Column("key", String, primary_key=True),
    Column("sign", String, nullable=False),
    Column("what", Text, nullable=False),
    Column("told_at", Integer, nullable=False),
    Column("seen_at", Integer, nullable=False),
)
"""What a quiet night has told and what still holds: `sign` changes when it must be told again, `what` is its line."""
