"""Sites as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell
from ringfence.console.widgets.columns import Column

if TYPE_CHECKING:
    from ringfence.services.records import PlainRecord

COLUMNS: Final = (
    Column("name", "Name", 16, grow=2, key="n", sortable=True),
    Column("customer", "Customer", 14, grow=2, hide_below=36, style="quiet"),
    Column("key", "Key", 12, grow=1, hide_below=56, style="quiet"),
)


def cells(site: PlainRecord) -> tuple[Cell | str, ...]:
    """One cell for each of the columns."""
    return site.name, site.owner, site.key
