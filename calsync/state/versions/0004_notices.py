"""What a quiet night has told already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("sign", sa.String(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("told_at", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.Integer(), nullable=False),
    )
