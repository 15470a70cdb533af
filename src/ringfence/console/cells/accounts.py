"""Users who can be signed in as, as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell
from ringfence.console.widgets.columns import Column

if TYPE_CHECKING:
    from ringfence.services.records import Account

COLUMNS: Final = (
    Column("login", "Login", 13, grow=1),
    Column("name", "Name", 16, grow=2),
    Column("home", "Home", 12, grow=2, hide_below=48, style="quiet"),
    Column("tenant", "Provider", 12, grow=2, hide_below=58, style="quiet"),
    Column("state", "State", 8, hide_below=40),
)


def cells(account: Account) -> tuple[Cell | str, ...]:
    """One cell for each of the columns."""
    state = Cell("active", "quiet") if account.active else Cell("inactive", "attention")
    return account.login, account.name, account.standing, account.tenant, state
