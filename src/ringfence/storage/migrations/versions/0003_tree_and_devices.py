"""What editing customers, sites and devices needs: revisions, limits, notes, and an audit that outlives customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("site", "device"):
        op.add_column(table, sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("device", sa.Column("notes", sa.String(), nullable=False, server_default=""))
    # Ids of customers and users are kept elsewhere when the record is gone: none is given out again.
    never_again = {"sqlite_autoincrement": True}
    sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table(
        "customer", recreate="always" if sqlite else "auto", table_kwargs=never_again
    ) as customer:
        for limit in ("max_users", "max_devices", "max_customers"):
            customer.add_column(sa.Column(limit, sa.Integer(), nullable=True))
        customer.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    if sqlite:
        with op.batch_alter_table("user_account", recreate="always", table_kwargs=never_again):
            pass
    op.drop_index(op.f("ix_audit_entry_owner_id_sort_key_id"), table_name="audit_entry")
    op.add_column("audit_entry", sa.Column("node_id", sa.Integer(), nullable=True))
    op.execute("UPDATE audit_entry SET node_id = owner_id")
    with op.batch_alter_table("audit_entry") as audit:
        audit.drop_constraint(op.f("fk_audit_entry_owner_id"), type_="foreignkey")
        audit.alter_column("node_id", existing_type=sa.Integer(), nullable=False)
        audit.create_foreign_key(op.f("fk_audit_entry_node_id"), "customer", ["node_id"], ["id"])
    op.create_index(
        op.f("ix_audit_entry_node_id_sort_key_id"), "audit_entry", ["node_id", "sort_key", "id"], unique=False
    )
    op.create_index(
        op.f("ix_audit_entry_tenant_id_kind_key_number"),
        "audit_entry",
        ["tenant_id", "kind", "key", "number"],
        unique=False,
    )
