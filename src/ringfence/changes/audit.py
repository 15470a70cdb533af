"""Writing the audit, and putting states into words that outlive ids."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from ringfence.changes import ledger
from ringfence.changes.chain import FORMULA, HASHED, digest
from ringfence.changes.edits import Edit, items
from ringfence.domain import clock
from ringfence.domain.audit import PROVING
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import Refused
from ringfence.domain.field import Moment, Ref
from ringfence.domain.ids import ids_in
from ringfence.domain.kind import State, StateKind
from ringfence.domain.registry import EDITED, referring
from ringfence.domain.text import search_key
from ringfence.storage.bulk import any_of, insert_rows, moment, records_of
from ringfence.storage.columns import of_tenant
from ringfence.storage.listening import announce
from ringfence.storage.tables import AuditEntry, Customer, Tenant, User, is_root
from ringfence.visibility.rule import Narrowing

Detail = dict[str, Any]

TOLD: Final = frozenset({"hand over"})
"""The actions of entries that only tell somebody of what others of the change did."""

_SORTED: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode

LOOKED: Final = "see as"
"""The action of entries that tell that somebody looked through a user's eyes, from then on."""
RETURNED: Final = "stop seeing as"
"""And of those that tell until when."""
UNCHANGING: Final = (LOOKED, RETURNED, *PROVING)
"""The actions of entries by which no record was changed."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, and from where: ``origin`` says it for people (``console``, ``command line``). ``left`` is
    what is left of their rights, where something stands in for them: by no more than that it is made."""

    user_id: int | None
    origin: str
    left: Narrowing | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One record changed, as the audit keeps it. ``node`` is the customer that it belonged to."""

    action: str
    kind: str
    key: str
    name: str
    node: int
    detail: Detail


def hold(connection: Connection, tenant_id: int) -> None:
    """Has whoever writes of a tenant wait from here on to the end of the transaction: what is judged before an entry is
    appended is so until it is. Of all that is locked, this comes first."""
    connection.execute(select(Tenant.id).where(Tenant.id == tenant_id).with_for_update(key_share=True))


def append(
    connection: Connection,
    tenant_id: int,
    actor: Actor,
    events: Iterable[Event],
    undoes: int | None = None,
    done: Callable[[int], None] | None = None,
) -> int:
    """Adds the events to the tenant's chain, in the transaction of the change; returns the change's number. ``done`` is
    told how many of them are written."""
    chain = select(Tenant.audit_count, Tenant.audit_hash).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    number, previous = connection.execute(chain).one()
    at = clock.now()
    actor_key, actor_login = None, ""
    if actor.user_id is not None:
        who = select(User.key, User.login).where(User.id == actor.user_id, of_tenant(User, tenant_id))
        actor_key, actor_login = connection.execute(who).one()
    change = number + 1
    stamp, written, hashed = at.isoformat(timespec="microseconds"), moment(connection, at), at.isoformat()
    user = os_user()
    rows: list[tuple[Any, ...]] = []
    for event in events:
        number += 1
        opening = (FORMULA, previous, tenant_id, number, change, undoes)
        closing = (
            actor_key,
            actor_login,
            actor.origin,
            user,
            event.action,
            event.kind,
            event.key,
            event.name,
            event.node,
            _SORTED(event.detail),
            f"{stamp} {number:012d}",
            search_key(event.name, event.action, event.kind.replace("_", " ")),  # nobody hidden
        )
        previous = digest([*opening, hashed, *closing])
        rows.append((previous, *opening, written, *closing))
    insert_rows(connection, AuditEntry.__table__, ("hash", *HASHED[FORMULA]), rows, done)
    connection.execute(update(Tenant).where(Tenant.id == tenant_id).values(audit_count=number, audit_hash=previous))
    announce(connection, tenant_id)
    return int(change)


@cache
def os_user() -> str:
    """The user of the operating system who runs this program, as that says and no variable does: a name, or a number
    that has none. Empty where there are no users."""
    try:
        import pwd
    except ImportError:
        return ""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def looked(connection: Connection, tenant_id: int, actor: Actor, user: int, *, over: bool = False) -> None:
    """Writes down that the actor looks through a user's eyes from now on, or that this is ``over``; nothing once either
    of them is gone."""
    binds = {"users": [user, actor.user_id], "tenant": tenant_id}
    people = {row.id: row for row in connection.execute(_PEOPLE, binds)}
    if people.keys() >= {user, actor.user_id}:
        row = people[user]
        action = RETURNED if over else LOOKED
        append(connection, tenant_id, actor, [Event(action, "user", row.key, row.name, row.home_id, {"seen": {}})])


_PEOPLE: Final = select(User.id, User.key, User.name, User.home_id).where(
    User.id.in_(bindparam("users", expanding=True)), of_tenant(User, bindparam("tenant"))
)


class Words:
    """Turns ids of a transaction into keys and back. The tenant's root, which has no key, is None."""

    def __init__(self, connection: Connection, tenant_id: int) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self._known: defaultdict[StateKind, dict[int, str | None]] = defaultdict(dict)
        self._ids: defaultdict[StateKind, dict[str | None, int]] = defaultdict(dict)
        self._sought: defaultdict[StateKind, set[str | None]] = defaultdict(set)

    def know(self, customers: Mapping[int, str | None]) -> None:
        """Takes in the keys of customers that somebody else has read."""
        self._known[CUSTOMERS.noun].update(customers)

    def details(self, edits: Sequence[Edit]) -> list[Detail]:
        """What each edit changes: the whole record where it comes or goes, else what differs."""
        pairs = [(edit.before or edit.of.blank, edit.after or edit.of.blank) for edit in edits]
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for edit, (before, after) in zip(edits, pairs, strict=True):
            for name in edit.changed:
                to = edit.of.all_refs.get(name)
                if to is not None:
                    for value in (getattr(before, name), getattr(after, name)):
                        wanted[to].update(ids_in(value))
        for kind, ids in wanted.items():
            self._keys(kind, ids)
        return [
            {"edited": self._differences(edit, before, after)}
            if edit.before is not None and edit.after is not None
            else {"created": self._differences(edit, before, after)}
            if edit.before is None
            else {"deleted": self._differences(edit, after, before)}  # told as what it was
            for edit, (before, after) in zip(edits, pairs, strict=True)
        ]

    def _differences(self, edit: Edit, before: State, after: State) -> Detail:
        found: Detail = {}
        for name in edit.changed:
            to = edit.of.all_refs.get(name)
            known = self._known[to] if to is not None else None
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

    def _keys(self, kind: StateKind, ids: Iterable[int]) -> dict[int, str | None]:
        known, mapped = self._known[kind], ledger.table(kind)
        missing = [one for one in set(ids) if one not in known]
        if missing:
            theirs = records_of(self.connection, mapped, self.tenant_id, missing)
            query = select(mapped.id, mapped.key).where(theirs)
            known.update(dict.fromkeys(missing))
            known.update((one, key) for one, key in self.connection.execute(query).all())
        return known

    def ids(self, kind: StateKind, keys: Iterable[str | None]) -> dict[str | None, int]:
        """The ids of keys; those that are gone are left out."""
        found, mapped = self._ids[kind], ledger.table(kind)
        missing = [key for key in set(keys) if key is not None and key not in self._sought[kind]]
        if missing:
            query = select(mapped.key, mapped.id).where(mapped.tenant_id == self.tenant_id)
            rows = self.connection.execute(query.where(any_of(self.connection, mapped.key, missing)))
            found.update((key, own) for key, own in rows.all())
            self._sought[kind].update(missing)
        if EDITED[kind].is_customer and None not in found:
            found[None] = self.connection.execute(select(Customer.id).where(is_root(self.tenant_id))).scalar_one()
        return found

    def recall(self, details: Iterable[Detail]) -> None:
        """Reads the ids of what many entries refer to, at once."""
        wanted: defaultdict[StateKind, set[str | None]] = defaultdict(set)
        for detail in details:
            for fields in detail.values():
                for name, values in fields.items():
                    field = referring(name)
                    if field is None:
                        continue
                    both = values if isinstance(values, list) else [*values["added"], *values["removed"]]
                    wanted[field.refers].update(_key(value) for value in both)
        for kind, keys in wanted.items():
            self.ids(kind, keys)

    def read_field(
        self,
        name: str,
        values: list[Any],
        coming: Mapping[tuple[str, str], int],
        *,
        kind: StateKind,
        seen: Callable[[str, StateKind, int], bool] | None = None,
    ) -> list[Any]:
        """Values of a field of a record of ``kind``, back from words. ``coming`` gives the ids that stand for records
        to be created, by kind and key.

        Raises Refused where what they refer to is gone, or is not ``seen`` (asked with the field, the kind and an id).
        What else referred to a customer or a site, or to any record by its own field, may be: it is left out.
        """
        of = EDITED[kind]
        field = of.fields[name]
        referred = field.refers
        if isinstance(field.spec, Moment):
            return [datetime.fromisoformat(value) if value else None for value in values]
        if not referred:
            return [frozenset(value) if field.form == "set" and isinstance(value, list) else value for value in values]
        keys = {_key(value) for value in values}
        known = self.ids(referred, keys)
        coming_keys = [key for key in keys if key is not None and (referred, key) in coming]
        if coming_keys:
            known = {**known, **{key: coming[referred, key] for key in coming_keys}}
        lenient = name in of.whole and (of.is_customer or of.is_site or of.ties[name][1].back)
        result: list[Any] = []
        for value in values:
            key = _key(value)
            if key is None and field.optional:
                result.append(None)
                continue
            hidden = key in known and known[key] > 0 and seen is not None and not seen(name, referred, known[key])
            if key not in known and lenient:
                continue
            if key not in known or (hidden and not lenient):
                if isinstance(field.spec, Ref) and field.spec.gone == "null":
                    result.append(None)  # as if it had gone before
                    continue
                raise Refused(f"it refers to {EDITED[referred].indefinite} that is not there any more")
            if not isinstance(value, list):
                result.append(known[key])
            elif len(value) == 2:
                result.append((known[key], bool(value[1])))
            else:
                since, until = (datetime.fromisoformat(one) if one else None for one in value[1:])
                result.append((known[key], (since, until)))
        return result


def _key(value: Any) -> str | None:
    """The key in a value or an item in words."""
    key: str | None = value[0] if isinstance(value, list) else value
    return key


def _said(value: Any, known: Mapping[int, str | None] | None) -> Any:
    """A value or an item in words: a set as a list; with ``known``, a reference as its key, a window as two moments."""
    if known is not None and isinstance(value, tuple):
        first, rest = value[0], value[1]
        if isinstance(rest, tuple):
            return [known.get(first), *(moment.isoformat() if moment else None for moment in rest)]
        return [known.get(first), rest]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if known is not None and isinstance(value, int) and not isinstance(value, bool):
        return known.get(value)
    return value


def noun(kind: StateKind | str) -> str:
    """A kind for people."""
    return kind.replace("_", " ")
