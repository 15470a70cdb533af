"""On PostgreSQL the indexes of lists of a customer say whose the records are."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

_NODE = {
    "alarm": "customer_id",
    "alarm_rule": "customer_id",
    "customer": "parent_id",
    "customer_group": "owner_id",
    "device": "customer_id",
    "edge": "customer_id",
    "role": "owner_id",
    "security_group": "owner_id",
    "site": "customer_id",
    "test_mode": "customer_id",
    "user_account": "home_id",
}
_INDEXES = [
    *((table, node, "search_key") for table, node in _NODE.items()),
    ("alarm", "customer_id", "started_key"),
    ("audit_entry", "node_id", "sort_key"),
]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, node, order in _INDEXES:
        name = op.f(f"ix_{table}_{node}_{order}_id")
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [node, order, "id"], unique=False, postgresql_include=["tenant_id"])
