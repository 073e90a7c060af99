"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str, kind: type = sa.String) -> sa.Column[object]:
    return sa.Column(name, kind(), nullable=False)


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True)


def _key(name: str, kind: type = sa.String) -> sa.Column[object]:
    return sa.Column(name, kind(), primary_key=True)


def upgrade() -> None:
    number = sa.Integer
    op.create_table(
        "calendars",
        _key("name"),
        _text("fingerprint"),
        _text("cursor", sa.Text),
        _text("covered_from", number),
        _text("covered_to", number),
        _text("zone"),
        _text("read_at", number),
    )
    op.create_table(
        "resources",
        _key("calendar"),
        _key("name"),
        _text("etag"),
        _text("payload", sa.LargeBinary),
        _text("expanded", sa.Text),
        _text("owned", sa.Text),
    )
    op.create_table(
        "series",
        _key("calendar"),
        _key("key"),
        _text("kind"),
        _text("number", number),
        _text("generation", number),
        _text("body", sa.Text),
        _text("resource"),
        _text("etag"),
        _text("standing", sa.Boolean),
    )
    op.create_table(
        "decisions",
        _id(),
        _text("what"),
        _text("kind"),
        _text("number", number),
        _text("generation", number),
        _text("home"),
        _text("placed", sa.Text),
        _text("calendar"),
        _text("noticed_at", number),
    )
    op.create_table("generations", _key("kind"), _key("number", number), _text("last", number))
    op.create_table(
        "runs",
        _id(),
        _text("command"),
        _text("started_at", number),
        _text("now"),
        sa.Column("exit", sa.Integer()),
        _text("summary", sa.Text),
    )
    op.create_table(
        "journal",
        _id(),
        _text("run", number),
        _text("calendar"),
        _text("key"),
        _text("before", sa.Text),
        _text("after", sa.Text),
        _text("state"),
        _text("error", sa.Text),
    )
    op.create_index("journal_by_state", "journal", ["state"])
    op.create_table("contacts", _id(), _text("person"), _text("at", number), _text("kind"))
    op.create_table("snoozes", _key("person"), _text("until"))
    op.create_table("newcomers", _key("person"), _text("since"))
    op.create_table("assignments", _key("block"), _text("people", sa.Text), _text("start", number))
