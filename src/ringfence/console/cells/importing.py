"""What importing a file would do, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.console.cells.preview import said as said_users
from ringfence.console.text import Cell, Said

if TYPE_CHECKING:
    from ringfence.services.importing import Import


def lines(found: Import) -> list[Said]:
    """How many rows become what; all that is or may be wrong; where records come to; and who gains or loses by it."""
    from ringfence.services.edited import Preview
    from ringfence.services.importing import said, said_where

    told: list[Said] = [Cell(said(found), "strong")]
    told += (Cell(f"! {fault}", "attention") for fault in (*found.faults, *found.warnings))
    where = said_where(found)
    if where:
        told += ["", *map(Cell, where)]
    if found.edits and found.users is not None:
        told += ["", *said_users(Preview(found.users))]
    return told
