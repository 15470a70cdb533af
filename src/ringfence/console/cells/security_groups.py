"""Security groups as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, number
from ringfence.console.widgets.columns import Column

if TYPE_CHECKING:
    from ringfence.services.records import SecurityGroupRecord

COLUMNS: Final = (
    Column("name", "Name", 20, grow=3, key="n", sortable=True),
    Column("role", "Role", 14, grow=2, hide_below=40),
    Column("customers", "Customers", 13, align="right", style="quiet"),
    Column("users", "Users", 5, align="right", style="quiet", hide_below=50),
    Column("owner", "Owner", 14, grow=2, hide_below=84, style="quiet"),
)


def cells(group: SecurityGroupRecord) -> tuple[Cell | str, ...]:
    """One cell for each of the columns."""
    where = "all customers" if group.scope == "all" else number(group.customers)
    role = Cell(group.role) if group.role else Cell("none you may list", "quiet")
    return group.name, role, where, number(group.users), group.owner
