"""Users as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell
from ringfence.console.widgets.columns import Column

if TYPE_CHECKING:
    from ringfence.services.records import Account, UserRecord

COLUMNS: Final = (
    Column("name", "Name", 16, grow=2, key="n", sortable=True),
    Column("login", "Login", 12, grow=1),
    Column("email", "E-mail", 16, grow=2, hide_below=62, style="quiet"),
    Column("home", "Home", 14, grow=2, hide_below=44, style="quiet"),
    Column("state", "State", 8, hide_below=36),
)
ACCOUNT_COLUMNS: Final = (
    Column("login", "Login", 13, grow=1),
    Column("name", "Name", 16, grow=2),
    Column("home", "Home", 12, grow=2, hide_below=48, style="quiet"),
    Column("tenant", "Provider", 12, grow=2, hide_below=58, style="quiet"),
    Column("state", "State", 8, hide_below=40),
)


def cells(user: UserRecord) -> tuple[Cell | str, ...]:
    """One cell for each of the columns."""
    return user.name, user.login, user.email, user.owner, _state(user.active)


def account_cells(account: Account) -> tuple[Cell | str, ...]:
    """One cell for each of the columns of the list to sign in from."""
    return account.login, account.name, account.standing, account.tenant, _state(account.active)


def _state(active: bool) -> Cell:
    return Cell("active", "quiet") if active else Cell("inactive", "attention")
