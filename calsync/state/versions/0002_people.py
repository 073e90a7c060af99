"""What the leader notes of talks, the topics that were told, who is paused, and what became of each block."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "topics_told",
        sa.Column("block", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
    )
    op.create_table(
        "pauses",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("since", sa.String(), nullable=False),
    )
    op.create_table(
        "outcomes",
        sa.Column("block", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("home", sa.String(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_table(
        "people_busy",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("asked_at", sa.Integer(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
    )
