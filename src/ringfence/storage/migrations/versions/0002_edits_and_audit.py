"""What editing needs: revisions, private and built-in roles, groups made for one customer, and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for table in ("role", "security_group", "customer_group", "user_account"):
        op.add_column(table, sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    for name in ("private", "builtin"):
        op.add_column("role", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("security_group") as group:
        group.add_column(sa.Column("made_for_id", sa.Integer(), nullable=True))
        group.create_foreign_key(op.f("fk_security_group_made_for_id"), "customer", ["made_for_id"], ["id"])
    op.add_column("tenant", sa.Column("audit_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("tenant", sa.Column("audit_hash", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_key", BINARY_TEXT, nullable=True),
        sa.Column("actor_login", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", BINARY_TEXT, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("sort_key", BINARY_TEXT, nullable=False),
        sa.Column("search_key", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["customer.id"], name=op.f("fk_audit_entry_owner_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_audit_entry_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_audit_entry_tenant_id_number")),
    )
    for column in ("tenant_id", "owner_id"):
        op.create_index(
            op.f(f"ix_audit_entry_{column}_sort_key_id"), "audit_entry", [column, "sort_key", "id"], unique=False
        )
