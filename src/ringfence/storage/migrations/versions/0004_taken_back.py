"""What was taken back is found without reading the whole audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    told = sa.text("undoes IS NOT NULL")
    op.create_index(
        "ix_audit_entry_tenant_id_undoes",
        "audit_entry",
        ["tenant_id", "undoes"],
        unique=False,
        sqlite_where=told,
        postgresql_where=told,
    )
