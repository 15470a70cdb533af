"""Writing the audit, checking its chain, and putting states into words that outlive ids."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from ringfence.domain.audit import AuditEntry
from ringfence.domain.customer import Customer
from ringfence.domain.customer_group import CustomerGroup
from ringfence.domain.errors import Refused
from ringfence.domain.role import Role
from ringfence.domain.security_group import SecurityGroup
from ringfence.domain.site import Site
from ringfence.domain.tenant import Tenant
from ringfence.domain.text import search_key
from ringfence.domain.user import User
from ringfence.visibility.states import BLANK, Edit, State, StateKind, changed, items

Detail = dict[str, Any]

_CHUNK: Final = 500
REFERENCES: Final[Mapping[str, Any]] = {
    "owner": Customer,
    "home": Customer,
    "made_for": Customer,
    "customers": Customer,
    "role": Role,
    "security_groups": SecurityGroup,
    "customer_groups": CustomerGroup,
    "sites": Site,
    "members": User,
    "users": User,
}
"""The fields of states that refer to other records, whatever kind the state is of."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from where: ``origin`` says it for people (``console``, ``command line``)."""

    user_id: int | None
    login: str
    origin: str


@dataclass(frozen=True, slots=True)
class Event:
    """One record changed, as the audit keeps it."""

    action: str
    kind: str
    key: str
    name: str
    owner: int
    detail: Detail


def append(
    connection: Connection, tenant_id: int, actor: Actor, events: Iterable[Event], undoes: int | None = None
) -> int:
    """Adds the events to the tenant's chain, in the transaction of the change; returns the change's number."""
    chain = select(Tenant.audit_count, Tenant.audit_hash).where(Tenant.id == tenant_id).with_for_update()
    number, previous = connection.execute(chain).one()
    at = datetime.now(UTC)
    actor_key = None
    if actor.user_id is not None:
        actor_key = connection.execute(select(User.key).where(User.id == actor.user_id)).scalar()
    change = number + 1
    rows = []
    for event in events:
        number += 1
        row = {
            "tenant_id": tenant_id,
            "number": number,
            "change": change,
            "undoes": undoes,
            "at": at,
            "actor_key": actor_key,
            "actor_login": actor.login,
            "origin": actor.origin,
            "action": event.action,
            "kind": event.kind,
            "key": event.key,
            "name": event.name,
            "owner_id": event.owner,
            "detail": json.dumps(event.detail, ensure_ascii=False, sort_keys=True),
            "previous": previous,
            "sort_key": f"{at.isoformat(timespec='microseconds')} {number:012d}",
            "search_key": search_key(event.name, event.action, event.kind.replace("_", " ")),  # nobody hidden
        }
        previous = row["hash"] = _hash(row)
        rows.append(row)
    connection.execute(insert(AuditEntry), rows)
    connection.execute(update(Tenant).where(Tenant.id == tenant_id).values(audit_count=number, audit_hash=previous))
    return change


def _hash(row: Mapping[Any, Any]) -> str:
    values = [row[name] if name != "at" else row[name].astimezone(UTC).isoformat() for name in _HASHED]
    return sha256(json.dumps(values, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


_HASHED: Final = (
    "previous",
    "number",
    "change",
    "undoes",
    "at",
    "actor_key",
    "actor_login",
    "origin",
    "action",
    "kind",
    "key",
    "name",
    "owner_id",
    "detail",
    "sort_key",
    "search_key",
)


def faults(connection: Connection, tenant_id: int) -> tuple[int, list[str]]:
    """How many entries the tenant's chain has, and what is wrong with it: nothing where it is whole."""
    end = connection.execute(select(Tenant.audit_count, Tenant.audit_hash).where(Tenant.id == tenant_id)).one()
    query = select(AuditEntry.__table__).where(AuditEntry.tenant_id == tenant_id).order_by(AuditEntry.number)
    rows = connection.execute(query, execution_options={"yield_per": 1000})
    found: list[str] = []
    number, previous = 0, ""
    for row in rows:
        entry = row._mapping
        number += 1
        if entry["number"] != number:
            gap = f"entry {number}" if entry["number"] == number + 1 else f"entries {number} to {entry['number'] - 1}"
            found.append(f"{gap} missing")
            number, previous = entry["number"], entry["previous"]
        if entry["previous"] != previous:
            found.append(f"entry {number} does not follow the one before it")
        if _hash(entry) != entry["hash"]:
            found.append(f"entry {number} was changed")
        previous = entry["hash"]
    if number != end.audit_count:
        found.append(f"it ends at entry {number} and should at {end.audit_count}")
    elif previous != end.audit_hash:
        found.append("its end is not what was written last")
    return number, found


class Words:
    """Turns ids of a transaction into keys and back. The tenant's root, which has no key, is None."""

    def __init__(self, connection: Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id

    def detail(self, edit: Edit) -> Detail:
        """What an edit changes: the whole record where it comes or goes, else what differs."""
        if edit.before is None or edit.after is None:
            state = edit.after or edit.before
            assert state is not None
            return {"created" if edit.before is None else "deleted": self._differences(BLANK[edit.kind], state)}
        return {"edited": self._differences(edit.before, edit.after)}

    def _differences(self, before: State, after: State) -> Detail:
        names = changed(before, after)
        wanted: defaultdict[Any, set[int]] = defaultdict(set)
        for name in names:
            if name in REFERENCES:
                for value in (getattr(before, name), getattr(after, name)):
                    wanted[REFERENCES[name]].update(_ids(value))
        keys = {mapped: self._keys(mapped, ids) for mapped, ids in wanted.items()}
        found: Detail = {}
        for name in names:
            known = keys.get(REFERENCES.get(name), {})
            old, new = getattr(before, name), getattr(after, name)
            was, now = items(old), items(new)
            if was is None or now is None:
                found[name] = [_said(old, known), _said(new, known)]
            else:
                found[name] = {
                    "added": sorted((_said(item, known) for item in now - was), key=repr),
                    "removed": sorted((_said(item, known) for item in was - now), key=repr),
                }
        return found

    def _keys(self, mapped: Any, ids: Iterable[int]) -> dict[int, str | None]:
        return dict(self._chunks(select(mapped.id, mapped.key), mapped.id, sorted(ids)))

    def ids(self, mapped: Any, keys: Iterable[str | None]) -> dict[str | None, int]:
        """The ids of keys; those that are gone are left out."""
        named = sorted(key for key in keys if key is not None)
        query = select(mapped.key, mapped.id).where(mapped.tenant_id == self.tenant_id)
        found: dict[str | None, int] = dict(self._chunks(query, mapped.key, named))
        if mapped is Customer:
            root = select(Customer.id).where(Customer.tenant_id == self.tenant_id, Customer.parent_id.is_(None))
            found[None] = self.connection.execute(root).scalar_one()
        return found

    def _chunks(self, query: Any, column: Any, values: list[Any]) -> Iterator[tuple[Any, Any]]:
        for start in range(0, len(values), _CHUNK):
            found = self.connection.execute(query.where(column.in_(values[start : start + _CHUNK])))
            yield from ((one, other) for one, other in found)

    def read_field(self, name: str, values: list[Any], coming: Mapping[tuple[str, str], int]) -> list[Any]:
        """Values of a field, back from words. ``coming`` gives the ids that stand for records to be created, by kind
        and key. Raises Refused where what they refer to is gone.
        """
        mapped = REFERENCES.get(name)
        if mapped is None:
            return [
                frozenset(value) if name == "permissions" and isinstance(value, list) else value for value in values
            ]
        keys = {value[0] if isinstance(value, list) else value for value in values}
        optional = name in ("role", "made_for")
        known = self.ids(mapped, keys)
        kind = _NOUN[mapped].replace(" ", "_")
        known.update({key: coming[kind, key] for key in keys if key is not None and (kind, key) in coming})
        result: list[Any] = []
        for value in values:
            key = value[0] if isinstance(value, list) else value
            if key is None and optional:
                result.append(None)
                continue
            if key not in known:
                raise Refused(f"it refers to a {_NOUN[mapped]} that is not there any more")
            if not isinstance(value, list):
                result.append(known[key])
            elif len(value) == 2:
                result.append((known[key], bool(value[1])))
            else:
                since, until = (datetime.fromisoformat(one) if one else None for one in value[1:])
                result.append((known[key], (since, until)))
        return result


_NOUN: Final[Mapping[Any, str]] = {
    Customer: "customer",
    Role: "role",
    SecurityGroup: "security group",
    CustomerGroup: "customer group",
    Site: "site",
    User: "user",
}


def _ids(value: Any) -> Iterator[int]:
    within = items(value)
    for item in within if within is not None else (value,):
        one = item[0] if isinstance(item, tuple) else item
        if isinstance(one, int):
            yield one


def _said(value: Any, known: Mapping[int, str | None]) -> Any:
    """A value or an item in words: a reference as its key, a set as a list, a window as two moments."""
    if isinstance(value, tuple):
        first, rest = value[0], value[1]
        if isinstance(rest, tuple):
            return [known.get(first), *(moment.isoformat() if moment else None for moment in rest)]
        return [known.get(first), rest]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return known.get(value)
    return value


def noun(kind: StateKind | str) -> str:
    """A kind for people."""
    return kind.replace("_", " ")
