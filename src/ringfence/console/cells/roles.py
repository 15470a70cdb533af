"""Roles as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, number
from ringfence.console.widgets.columns import Column

if TYPE_CHECKING:
    from ringfence.services.records import RoleRecord

COLUMNS: Final = (
    Column("name", "Name", 18, grow=2, key="n", sortable=True),
    Column("level", "Access level", 16, hide_below=38),
    Column("permissions", "Permissions", 11, align="right", style="quiet"),
    Column("groups", "Groups", 6, align="right", style="quiet", hide_below=48),
    Column("users", "Users", 5, align="right", style="quiet", hide_below=54),
    Column("mark", "Kind", 8, hide_below=64, style="quiet"),
    Column("owner", "Owner", 14, grow=2, hide_below=92, style="quiet"),
)


def cells(role: RoleRecord, catalogue: int) -> tuple[Cell | str, ...]:
    """One cell for each of the columns; ``catalogue`` is how many permissions there are."""
    held = f"{number(role.permissions)} of {number(catalogue)}"
    mark = "built in" if role.builtin else "private" if role.private else ""
    level = role.access_level.replace("_", " ")
    return role.name, level, held, number(role.groups), number(role.users), mark, role.owner
