"""Strict mode of the second wall: the server is told which customers a look reaches, and keeps to them.

It is against our own mistakes: a statement that forgets whom it is for finds nothing that its viewer could not see
somewhere. What a permission reaches beyond others of the same look, it does not tell apart.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from ringfence.domain.audit import AUDIT
from ringfence.domain.customer import CUSTOMERS
from ringfence.storage.wall_functions import SETTING
from ringfence.visibility.members import members
from ringfence.visibility.plans import total
from ringfence.visibility.viewer import Sight

_KEEP: Final = text("SELECT set_config(:setting, :seen, true)")


def keep_to(*sights: Sight) -> None:
    """Keeps a transaction to the customers that any scope of its sights reaches, former ones too; to all of the tenant
    where one of them does."""
    scopes = [scope.nodes for sight in sights for scope in sight.scopes.values()]
    if any(extent.whole for extent in scopes):
        return
    for sight in sights:
        total(sight, CUSTOMERS)  # by which ways are chosen: of those in sight alone, the longest would seem short
    seen = 0
    for extent in {extent.id: extent for extent in scopes if extent.intervals}.values():
        seen |= int.from_bytes(members(sights[0], AUDIT, extent), "little")
    _set(sights[0], seen.to_bytes(max(1, (seen.bit_length() + 7) // 8), "little").hex())


def let_go(sight: Sight) -> None:
    """Keeps the transaction to nothing any more: for what is worked out of the reach of others, who see more."""
    _set(sight, "")


def _set(sight: Sight, figures: str) -> None:
    if sight.connection.info.get("ringfence_strict"):
        sight.connection.execute(_KEEP, {"setting": SETTING, "seen": figures})
