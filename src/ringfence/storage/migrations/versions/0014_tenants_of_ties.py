"""What is tied to a record, and what a stored scope holds, says whose it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_OF = {
    "role_permission": ("role_id", "role"),
    "security_group_customer": ("group_id", "security_group"),
    "customer_group_customer": ("group_id", "customer_group"),
    "membership": ("user_id", "user_account"),
    "user_customer_group": ("user_id", "user_account"),
    "user_site": ("user_id", "user_account"),
    "scope_interval": ("scope_id", "scope"),
    "scope_site": ("scope_id", "scope"),
}


def upgrade() -> None:
    for table, (own, of) in _OF.items():
        op.add_column(table, sa.Column("tenant_id", sa.Integer(), nullable=True))
        op.execute(f"UPDATE {table} SET tenant_id = (SELECT o.tenant_id FROM {of} o WHERE o.id = {table}.{own})")  # noqa: S608
        keyed = table != "membership"
        with op.batch_alter_table(table, table_kwargs={"sqlite_with_rowid": not keyed}) as tied:
            tied.alter_column("tenant_id", existing_type=sa.Integer(), nullable=False)
            tied.create_foreign_key(op.f(f"fk_{table}_tenant_id"), "tenant", ["tenant_id"], ["id"])
