"""By what a connection to PostgreSQL knows how it stands to the second wall, and whether tables are shared out.
It needs nothing: sshd waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Connection

LOOKING: Final = "ringfence_looking()"
"""The function that there is in strict mode alone."""
STRICT: Final = f"to_regprocedure('{LOOKING}') IS NOT NULL"
WALLED: Final = (
    "EXISTS (SELECT FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles) WHERE p.polrelid = "
    "to_regclass('tenant') AND p.polname <> 'ringfence_owner' AND r.rolname = current_user)"
)
"""Whether whoever is connected is a provider's role."""
SHARED_OUT: Final = (
    "to_regclass('pg_dist_partition') IS NOT NULL AND to_regclass('tenant') IS NOT NULL AND NOT EXISTS "
    "(SELECT FROM pg_index WHERE indrelid = to_regclass('tenant') AND indisunique AND NOT indisprimary)"
)
"""Whether there is Citus, and no server that knows the keys of all tenants (`ringfence.storage.shapes`)."""


def is_shared_out(connection: Connection) -> bool:
    """Whether the tables of a database are shared out: known since its connection was made."""
    return bool(connection.info.get("ringfence_shared_out"))
