"""The latest values of a device are one row: mostly it says all that it does at once.

A series is only that a device reports something under a name. What was its latest value goes into the row of its
device, with when it was so where that is earlier than the last. On SQLite there is a place where both are
written behind each other while lines pour in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby, islice
from math import isfinite
from typing import Any

import sqlalchemy as sa
from alembic import op

from ringfence.domain.errors import Damaged

revision = "0017"
down_revision = "0016"

_MANY = 5000


def upgrade() -> None:
    op.create_table(
        "device_latest",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("older", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_device_latest_device_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_device_latest_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "device_id", name=op.f("pk_device_latest")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_device_latest_device_id"), "device_latest", ["device_id"], unique=False)
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        columns = "tenant_id INTEGER NOT NULL, series_id INTEGER NOT NULL, at BIGINT NOT NULL, number FLOAT NOT NULL"
        op.execute(f"CREATE TABLE point ({columns})")
        columns = "tenant_id INTEGER NOT NULL, device_id INTEGER NOT NULL, at BIGINT NOT NULL, said TEXT NOT NULL"
        op.execute(f"CREATE TABLE latest ({columns}, older TEXT)")
    query = "SELECT tenant_id, device_id, id, at, number, said FROM series ORDER BY tenant_id, device_id, id"
    rows = connection.execute(sa.text(query), execution_options={"yield_per": _MANY})
    devices = (_latest(*own, list(theirs)) for own, theirs in groupby(rows, key=lambda row: (row[0], row[1])))
    insert = sa.text("INSERT INTO device_latest VALUES (:tenant_id, :device_id, :at, :said, :older)")
    while some := list(islice(devices, _MANY)):
        connection.execute(insert, some)
    for column in ("at", "number", "said"):
        op.drop_column("series", column)


def _latest(tenant_id: int, device_id: int, rows: Sequence[Any]) -> dict[str, Any]:
    last = max(row.at for row in rows)
    values = [_value(row) for row in rows]
    older = [row.at for row in rows] if any(row.at != last for row in rows) else None
    said, kept = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in (values, older))
    return {"tenant_id": tenant_id, "device_id": device_id, "at": last, "said": said, "older": kept if older else None}


def _value(row: Any) -> Any:
    """The latest value of a series. One that is none must not be put among those of its device, which none of them
    could be read with."""
    try:
        found = row.number if row.said is None else json.loads(row.said)
        if isinstance(found, bool | str) or isfinite(found):
            str(found).encode()
            return found
    except (ValueError, TypeError):
        pass
    raise Damaged(f"the latest value of the series {row.id} is none")
