"""Who owns a database, and may be anybody in it: whoever else comes has to prove who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.storage.engine import Database


def demand_owner(database: Database) -> None:
    """Raises RingfenceError for whoever does not own the database: --as, and what goes without it, is for its owner."""
    if not database.owned():
        raise RingfenceError(
            f"{database.name} is not yours: only who owns it does that, or says --as; "
            "sign in with 'ringfence', or set RINGFENCE_TOKEN"
        )
