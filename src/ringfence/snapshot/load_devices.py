"""What a load means to devices that it takes to another customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from ringfence.changes.placing import left_behind
from ringfence.domain.device import DEVICES
from ringfence.storage.bulk import any_of
from ringfence.storage.tables import Device


def leave_behind(connection: Connection, known: Sequence[dict[str, Any]]) -> None:
    """Takes from devices that are about to be written what people set on them, and what stays behind where they go to
    another customer."""
    columns = {field.column: spec for field, spec in DEVICES.left}
    rows = {row["own_id"]: row for row in known if any(row[column] for column in columns)}
    stood = select(Device.id, Device.customer_id, *(getattr(Device, column) for column in columns))
    for own, customer, *before in connection.execute(stood.where(any_of(connection, Device.id, sorted(rows)))):
        row = rows[own]
        if row["customer_id"] != customer:
            for (column, spec), text in zip(columns.items(), before, strict=True):
                row[column] = left_behind(spec, text, row[column])
