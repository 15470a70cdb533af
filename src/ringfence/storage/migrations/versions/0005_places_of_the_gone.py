"""The places of customers that are gone, and a chain that covers the whole of every entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BINARY_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "former_customer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.Column("path", BINARY_TEXT, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_former_customer_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_customer")),
    )
    op.create_index(
        op.f("ix_former_customer_tenant_id_path_id"), "former_customer", ["tenant_id", "path", "id"], unique=False
    )
    _places()
    # The node of an entry is its owner again, and stays so; the hashes of before cover it under that name.
    op.drop_index(op.f("ix_audit_entry_node_id_sort_key_id"), table_name="audit_entry")
    with op.batch_alter_table("audit_entry") as audit:
        audit.drop_constraint(op.f("fk_audit_entry_node_id"), type_="foreignkey")
        audit.drop_column("node_id")
        audit.alter_column("owner_id", existing_type=sa.Integer(), existing_nullable=False, new_column_name="node_id")
        audit.add_column(sa.Column("os_user", sa.String(), nullable=False, server_default=""))
        audit.add_column(sa.Column("formula", sa.Integer(), nullable=False, server_default="1"))
    op.create_index(
        op.f("ix_audit_entry_node_id_sort_key_id"), "audit_entry", ["node_id", "sort_key", "id"], unique=False
    )
    bind = op.get_bind()
    for tenant, count, end in bind.execute(sa.text("SELECT id, audit_count, audit_hash FROM tenant ORDER BY id")).all():
        if count:
            _seal(bind, tenant, count + 1, end)


def _places() -> None:
    """Of a customer that is gone nothing is known but which one kept its history: it is put right below that."""
    bind = op.get_bind()
    query = sa.text(
        "SELECT e.owner_id, min(c.tenant_id), min(c.path) FROM audit_entry e JOIN customer c ON c.id = e.node_id "
        "WHERE NOT EXISTS (SELECT 1 FROM customer o WHERE o.id = e.owner_id) GROUP BY e.owner_id"
    )
    rows = [
        {"id": own, "tenant_id": tenant, "path": f"{path}{_digits(own)}/"}
        for own, tenant, path in bind.execute(query).all()
    ]
    if rows:
        place = sa.table("former_customer", sa.column("id"), sa.column("tenant_id"), sa.column("path"))
        bind.execute(sa.insert(place), rows)


def _digits(number: int) -> str:
    """An id as a step of a path."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def _seal(bind: sa.Connection, tenant: int, number: int, previous: str) -> None:
    """Adds an entry that covers what the hashes of those before it leave out."""
    covered = sha256()
    query = sa.text("SELECT number, node_id, os_user FROM audit_entry WHERE tenant_id = :tenant ORDER BY number")
    for row in bind.execute(query.execution_options(yield_per=1000), {"tenant": tenant}):
        covered.update((json.dumps([tenant, *row], ensure_ascii=False) + "\n").encode())
    key, root, name = bind.execute(
        sa.text(
            "SELECT t.key, c.id, c.name FROM tenant t JOIN customer c ON c.tenant_id = t.id AND c.parent_id IS NULL "
            "WHERE t.id = :tenant"
        ),
        {"tenant": tenant},
    ).one()
    at = datetime.now(UTC)
    detail = {"sealed": {"entries": ["", number - 1], "hash": ["", covered.hexdigest()]}}
    values: dict[str, Any] = {
        "formula": 2,
        "previous": previous,
        "tenant_id": tenant,
        "number": number,
        "change": number,
        "undoes": None,
        "at": at.isoformat(),
        "actor_key": None,
        "actor_login": "",
        "origin": "upgrade of the database",
        "os_user": "",
        "action": "seal",
        "kind": "audit",
        "key": key,
        "name": name,
        "node_id": root,
        "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
        "sort_key": f"{at.isoformat(timespec='microseconds')} {number:012d}",
        "search_key": "\x1f".join((name, "seal", "audit")).casefold(),
    }
    plain = json.dumps(list(values.values()), ensure_ascii=False)
    values["hash"] = sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
    values["at"] = at
    moment = sa.column("at", sa.DateTime(timezone=True))
    entry = sa.table("audit_entry", *(moment if one == "at" else sa.column(one) for one in values))
    bind.execute(sa.insert(entry), values)
    end = sa.text("UPDATE tenant SET audit_count = :number, audit_hash = :hash WHERE id = :tenant")
    bind.execute(end, {"number": number, "hash": values["hash"], "tenant": tenant})
