"""Customer groups as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, number
from ringfence.console.widgets.columns import Column

if TYPE_CHECKING:
    from ringfence.services.records import CustomerGroupRecord

COLUMNS: Final = (
    Column("name", "Name", 18, grow=2, key="n", sortable=True),
    Column("active", "Active", 23, hide_below=30),
    Column("customers", "Customers", 9, align="right", style="quiet", hide_below=44),
    Column("users", "Users", 5, align="right", style="quiet", hide_below=52),
    Column("description", "Description", 20, grow=4, hide_below=84, style="quiet"),
)


def cells(group: CustomerGroupRecord) -> tuple[Cell | str, ...]:
    """One cell for each of the columns."""
    active = Cell("yes", "quiet") if group.active else Cell("inactive: gives nothing", "attention")
    return group.name, active, number(group.customers), number(group.users), group.description
