"""The chain of the audit: what the hash of an entry covers, and whether all of them are as they were written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, select

from ringfence.storage.tables import AuditEntry, Tenant


def hash_of(entry: Mapping[Any, Any]) -> str:
    """What the hash of an entry, by its columns, has to be."""
    names = HASHED.get(entry["formula"], ())
    return digest([entry[name] if name != "at" else entry[name].astimezone(UTC).isoformat() for name in names])


def digest(values: list[Any]) -> str:
    """Of an entry's values in the order of its formula, its moment in ISO 8601."""
    return sha256(_PLAIN(values).encode("utf-8", "surrogatepass")).hexdigest()


_PLAIN: Final = json.JSONEncoder(ensure_ascii=False).encode

_CLOSING: Final = ("action", "kind", "key", "name", "node_id", "detail", "sort_key", "search_key")
HASHED: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("previous", "number", "change", "undoes", "at", "actor_key", "actor_login", "origin", *_CLOSING),
    2: (
        *("formula", "previous", "tenant_id", "number", "change", "undoes", "at"),
        *("actor_key", "actor_login", "origin", "os_user", *_CLOSING),
    ),
}
"""What the hash of an entry covers, by its formula: of the newest, every column but the id and the hash. Entries of
before keep theirs; what it leaves out is covered by the entry that the upgrade of the database added (``SEAL``)."""
FORMULA: Final = max(HASHED)

SEAL: Final = "seal"
"""The action of the entry that covers, of all before it, what their formula leaves out."""


def sealed(tenant_id: int, number: int, node_id: int, os_user: str) -> bytes:
    """What a seal covers of an entry, to be hashed one after the other."""
    return _PLAIN([tenant_id, number, node_id, os_user]).encode() + b"\n"


def faults(connection: Connection, tenant_id: int) -> tuple[int, list[str]]:
    """How many entries the tenant's chain has, and what is wrong with it: nothing where it is whole."""
    end = connection.execute(select(Tenant.audit_count, Tenant.audit_hash).where(Tenant.id == tenant_id)).one()
    query = select(AuditEntry.__table__).where(AuditEntry.tenant_id == tenant_id).order_by(AuditEntry.number)
    rows = connection.execute(query, execution_options={"yield_per": 1000})
    found: list[str] = []
    number, previous = 0, ""
    before = sha256()
    for row in rows:
        entry = row._mapping
        number += 1
        if entry["number"] != number:
            gap = f"entry {number}" if entry["number"] == number + 1 else f"entries {number} to {entry['number'] - 1}"
            found.append(f"{gap} missing")
            number, previous = entry["number"], entry["previous"]
        if entry["previous"] != previous:
            found.append(f"entry {number} does not follow the one before it")
        if hash_of(entry) != entry["hash"]:
            found.append(f"entry {number} was changed")
        elif entry["action"] == SEAL and before.hexdigest() not in entry["detail"]:
            found.append(f"an entry before {number} was changed in what its hash leaves out")
        before.update(sealed(tenant_id, number, entry["node_id"], entry["os_user"]))
        previous = entry["hash"]
    if number != end.audit_count:
        found.append(f"it ends at entry {number} and should at {end.audit_count}")
    elif previous != end.audit_hash:
        found.append("its end is not what was written last")
    return number, found
