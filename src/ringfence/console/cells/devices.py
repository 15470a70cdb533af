"""Devices as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell
from ringfence.console.widgets.columns import Column

if TYPE_CHECKING:
    from ringfence.services.records import DeviceRecord

COLUMNS: Final = (
    Column("name", "Name", 16, grow=3, key="n", sortable=True),
    Column("unit_id", "Unit id", 10, grow=1, key="u", sortable=True),
    Column("kind", "Kind", 10, grow=1, hide_below=38, style="quiet"),
    Column("site", "Site", 12, grow=2, hide_below=62, style="quiet"),
    Column("customer", "Customer", 14, grow=2, hide_below=50, style="quiet"),
)


def cells(device: DeviceRecord) -> tuple[Cell | str, ...]:
    """One cell for each of the columns."""
    return device.name, device.unit_id, device.kind, device.site, device.owner
