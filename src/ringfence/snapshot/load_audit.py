"""What the audit says of a load: one entry for each tenant that the file touches."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import Connection, select

from ringfence.domain.customer import Customer
from ringfence.snapshot.collect import Contents
from ringfence.snapshot.document import ENTRIES
from ringfence.snapshot.resolve import Resolver
from ringfence.visibility.audit import Actor, Event, append


def touched(contents: Contents) -> dict[str, Counter[str]]:
    """The keys of the tenants that the file says anything about, and how many entries of each list it has of them."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, entries in contents.entries.items():
        for _, entry in entries:
            found[entry.key if name == "tenants" else entry.tenant][name] += 1
    for row in contents.devices:
        found[row.tenant]["devices"] += 1
    return dict(found)


def audit_load(connection: Connection, contents: Contents, to: Resolver, origin: str) -> None:
    """Adds the entries, in the transaction of the load."""
    for tenant, counts in sorted(touched(contents).items()):
        root = to.roots[to.tenants[tenant]]
        name = connection.execute(select(Customer.name).where(Customer.id == root)).scalar_one()
        # The names of the lists themselves stand for references in other entries; these are plain numbers.
        fields: dict[str, Any] = {f"{one}_loaded": ["", counts[one]] for one in ENTRIES if one in counts}
        event = Event("load", "snapshot", tenant, name, root, {"loaded": fields})
        append(connection, to.tenants[tenant], Actor(None, "", origin), [event])
