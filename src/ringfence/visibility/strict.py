"""Strict mode of the second wall: the server is told which customers a look reaches, and keeps to them.

It is against our own mistakes: a statement that forgets whom it is for finds nothing that its viewer could not see
somewhere. What a permission reaches beyond others of the same look, it does not tell apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from ringfence.domain.audit import AUDIT
from ringfence.storage.wall_functions import SETTING
from ringfence.visibility.members import members
from ringfence.visibility.viewer import Sight

_KEPT: Final = text("SELECT current_setting(:setting, true)")
_KEEP: Final = text("SELECT set_config(:setting, :seen, true)")


def keep_to(*sights: Sight) -> None:
    """Keeps a transaction to the customers that any scope of its sights reaches, former ones too; to all of the tenant
    where one of them does."""
    scopes = [scope.nodes for sight in sights for scope in sight.scopes.values()]
    if any(extent.whole for extent in scopes):
        return
    seen = 0
    for extent in {extent.id: extent for extent in scopes if extent.intervals}.values():
        seen |= int.from_bytes(members(sights[0], AUDIT, extent), "little")
    _set(sights[0], seen.to_bytes(max(1, (seen.bit_length() + 7) // 8), "little").hex())


def let_go(sight: Sight) -> None:
    """Keeps the transaction to nothing any more: for what is worked out of the reach of others, who see more."""
    _set(sight, "")


@contextmanager
def beyond(connection: Connection) -> Iterator[None]:
    """Keeps a transaction to nothing for a while: for what somebody may do, which goes by what they do not see."""
    kept = connection.execute(_KEPT, {"setting": SETTING}).scalar() if is_strict(connection) else ""
    if kept:
        connection.execute(_KEEP, {"setting": SETTING, "seen": ""})
    yield
    if kept:
        connection.execute(_KEEP, {"setting": SETTING, "seen": kept})


def is_strict(connection: Connection) -> bool:
    """Whether the server keeps looks to what is said to it."""
    return bool(connection.info.get("ringfence_strict"))


def _set(sight: Sight, figures: str) -> None:
    if is_strict(sight.connection):
        sight.connection.execute(_KEEP, {"setting": SETTING, "seen": figures})
