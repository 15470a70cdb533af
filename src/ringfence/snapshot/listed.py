"""What one user lists: for them, a file is read as if nothing else existed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, literal, select

from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.storage.tables import Customer, Tenant, table_of
from ringfence.visibility.intervals import contains
from ringfence.visibility.reach import Regions

TAKEN: Final = "is taken"
"""What is said of a key, a unit id or a login that something hidden has: never by what."""


class Listed:
    """What a user of a tenant lists in this transaction, by what they have ``seen`` of it before anything of a file is
    written; without a user, everything."""

    def __init__(self, connection: Connection, seen: Regions | None = None, tenant_id: int = 0) -> None:
        self.everything = seen is None
        self.tenant_id = tenant_id
        if seen is None:
            return
        tree = select(Customer.id, Customer.path).where(Customer.tenant_id == self.tenant_id)
        paths: dict[int, str] = dict(connection.execute(tree).all())
        self._nodes: dict[str, frozenset[int]] = {}
        self._sites: dict[str, frozenset[int]] = {}
        for kind in EDITED.values():
            name, region = kind.plural, seen.region(kind.permission)
            nodes = region.nodes() if kind.is_customer else region.customers
            self._nodes[name] = frozenset(own for own, path in paths.items() if contains(nodes, path))
            self._sites[name] = frozenset(region.standing)

    def tenant(self, own: int) -> bool:
        """Whether the tenant is there for them."""
        return self.everything or own == self.tenant_id

    def shows(self, name: str, tenant: int, owner: int, stands: int | None = None) -> bool:
        """Whether they list a record of a list, by the node that owns it and the place that it stands on, or is."""
        if self.everything:
            return True
        return tenant == self.tenant_id and (owner in self._nodes[name] or (stands in self._sites[name]))

    def known(self, connection: Connection, kind: Kind) -> tuple[dict[Any, int], set[Any]]:
        """The ids of the records of a kind by tenant and key, of those that are listed; and the keys of the others."""
        shown: dict[Any, int] = {}
        hidden = set()
        mapped = table_of(kind)
        place = literal(None) if kind.standing is None else getattr(mapped, kind.standing)
        query: Any = select(mapped.tenant_id, mapped.key, mapped.id, getattr(mapped, kind.owner), place)
        for tenant, key, own, *where in connection.execute(query.where(mapped.key.is_not(None))).all():
            if self.shows(kind.plural, tenant, *where):
                shown[tenant, key] = own
            else:
                hidden.add((tenant, key))
        return shown, hidden

    def tenants(self, connection: Connection) -> tuple[dict[str, int], set[str]]:
        """The ids of the tenants that are there for them by key, and the keys of the others."""
        rows = connection.execute(select(Tenant.key, Tenant.id)).all()
        return {key: own for key, own in rows if self.tenant(own)}, {key for key, own in rows if not self.tenant(own)}
