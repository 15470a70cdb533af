"""Taking a change back: the edits that lead from what it made to what was before, upon the records as they are now."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select

from ringfence.changes import ledger
from ringfence.changes.audit import TOLD, UNCHANGING, Words, noun
from ringfence.changes.authority import Authority
from ringfence.changes.chain import SEAL
from ringfence.changes.edits import Edit, changed, items
from ringfence.domain.errors import Refused
from ringfence.domain.kind import Kind, State, StateKind, altered, kind_of
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import EDITED, node_of, site_of, standing_on
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.tables import AuditEntry, Customer

Seen = Callable[[str, StateKind, int], bool]
"""Whether a reference is to be told of: its field, the kind that it refers to, and the id."""
_PLACES: Final = frozenset(kind.node.name for kind in EDITED.values())
_REVERSED: Final = frozenset({"create", "edit", "delete", "move", "assign"})


def of_change(tenant_id: int, change: int) -> ColumnElement[bool]:
    """A condition: the entry is one of a change, which are numbered from its own number on."""
    return and_(AuditEntry.tenant_id == tenant_id, AuditEntry.number >= change, AuditEntry.change == change)


def entries_of(connection: Connection, tenant_id: int, change: int) -> Sequence[Row[Any]]:
    """The entries of a change, in order."""
    query = select(AuditEntry.__table__).where(of_change(tenant_id, change))
    return connection.execute(query.order_by(AuditEntry.number)).all()


def last_deleted(connection: Connection, tenant_id: int, user_key: str) -> int:
    """The number of the entry by which the last user of that key was deleted; 0 where there was none: whatever somebody
    of that key did up to then, another one did."""
    query = select(func.max(AuditEntry.number)).where(
        AuditEntry.tenant_id == tenant_id,
        AuditEntry.kind == "user",
        AuditEntry.key == user_key,
        AuditEntry.action == "delete",
    )
    return connection.execute(query).scalar() or 0


def last_change(connection: Connection, tenant_id: int, actor_key: str, since: int) -> int | None:
    """The last change that somebody made, after the entry of that number, and that nobody has taken back; undoing is
    none."""
    taken_back = select(AuditEntry.undoes).where(AuditEntry.tenant_id == tenant_id, AuditEntry.undoes.is_not(None))
    query = select(AuditEntry.change).where(
        AuditEntry.tenant_id == tenant_id,
        AuditEntry.actor_key == actor_key,
        AuditEntry.number > since,
        AuditEntry.undoes.is_(None),
        AuditEntry.action.not_in(UNCHANGING),
        AuditEntry.change.not_in(taken_back),
    )
    return connection.execute(query.order_by(AuditEntry.number.desc()).limit(1)).scalar()


def reversal(
    connection: Connection, tenant_id: int, entries: Sequence[Row[Any]], authority: Authority, seen: Collection[int]
) -> list[Edit]:
    """The edits that take a change back. Raises Refused, with the reason, where the world has moved on; what its editor
    does not see any more is as good as missing, and what went along unseen is named only where they have ``seen`` its
    entry, by id."""
    if any(entry.action in UNCHANGING for entry in entries):
        raise Refused("this changed nothing: there is nothing to take back")
    if any(entry.action not in _REVERSED and entry.action not in TOLD for entry in entries):
        if any(entry.action == SEAL for entry in entries):
            raise Refused("an upgrade of the database is not taken back")
        raise Refused("a load is not taken back: load what was before")
    reversed_too = [entry for entry in entries if entry.action in _REVERSED]
    return _Reversal(connection, tenant_id, reversed_too, authority, seen).edits()


class _Reversal:
    def __init__(
        self,
        connection: Connection,
        tenant_id: int,
        entries: Sequence[Row[Any]],
        authority: Authority,
        read: Collection[int],
    ) -> None:
        self.entries = entries
        self.authority = authority
        self.told: dict[object, bool] = {}
        self.read = read
        self.details = {entry.number: json.loads(entry.detail) for entry in entries}
        self.words = Words(connection, tenant_id)
        self.words.recall(self.details.values())
        keys: defaultdict[Any, list[str]] = defaultdict(list)
        for entry in entries:
            keys[entry.kind].append(entry.key)
        self.ids = {kind: ledger.keys_of(connection, kind, tenant_id, known) for kind, known in keys.items()}
        self.known = {
            kind: ledger.read_many(connection, tenant_id, kind, list(ids.values()), whole=True)
            for kind, ids in self.ids.items()
        }
        self.seen = self._seen(authority)
        self.coming = {
            (entry.kind, entry.key): -place for place, entry in enumerate(entries, 1) if entry.action == "delete"
        }

    def edits(self) -> list[Edit]:
        """In the same order: what the change was about comes first. Where several entries are of one record, they are
        taken back one upon the other."""
        found: dict[tuple[str, str], Edit] = {}
        for entry in self.entries:
            key = entry.kind, entry.key
            found[key] = self._back(entry, found.get(key))
        return list(found.values())

    def _seen(self, authority: Authority) -> set[tuple[str, int]]:
        """The records that are there, and not hidden from whoever takes the change back."""
        standing = [
            Edit(kind, own, state, state, revision)
            for kind, found in self.known.items()
            for own, (state, revision) in found.items()
        ]
        authority.read_paths(standing)
        return {(edit.kind, edit.id) for edit in standing if edit.after and authority.sees(edit, edit.after)}

    def _sees(self, kind: str) -> Seen:
        """Whether whoever takes the change back may know of what a record of the kind is to refer to again: what they
        may not is as good as missing, in the same words."""
        own = self.authority.own
        there = [one for one in sorted(PERMISSIONS) if one.startswith(EDITED[kind].right(""))]

        def sees(field: str, kind: StateKind, record: int) -> bool:
            of, place = EDITED[kind], field in _PLACES
            known = (place, kind, record)
            if known not in self.told:
                path = self._path(of, record)
                if of.is_customer:
                    permissions = [of.permission, *there] if place else [of.permission]
                    self.told[known] = any(own.sees(one, path) for one in permissions)
                else:
                    itself = record if of.is_site else None
                    self.told[known] = own.region(of.permission).reaches(path, itself)
            return self.told[known]

        return sees

    def _path(self, kind: Kind, record: int) -> str:
        """The path of the customer that a record belongs to, or is."""
        mapped = ledger.table(kind.noun)
        query = select(Customer.path).where(mapped.id == record, of_tenant(mapped, self.words.tenant_id))
        if not kind.is_customer:
            query = query.join(mapped, leads_to(getattr(mapped, kind.owner), Customer))
        return self.words.connection.execute(query).scalar() or ""

    def _upon(self, state: State) -> State:
        """A place that is brought back, with those of the records that stood on it which stand on no other by now."""
        for name, kind in standing_on(kind_of(state)).items():
            known = ledger.read_many(self.words.connection, self.words.tenant_id, kind, getattr(state, name))
            here = node_of(state), None
            free = frozenset(own for own, (at, _) in known.items() if (node_of(at), site_of(at)) == here)
            state = altered(state, **{name: free})
        return state

    def _back(self, entry: Row[Any], upon: Edit | None) -> Edit:
        """The edit that takes an entry back, upon one that takes others of the same record back."""
        what = f"{noun(entry.kind)} {entry.name!r}"
        ((verb, fields),) = self.details[entry.number].items()
        record = self.ids[entry.kind].get(entry.key)
        blank = EDITED[entry.kind].blank
        if verb == "deleted":
            if record is not None:
                named = entry is self.entries[0] or entry.id in self.read  # not what went along unseen
                key = f"the key {entry.key!r}" if named else "a key of what went along"
                raise Refused(f"there is {EDITED[entry.kind].indefinite} with {key} again")
            sees = self._sees(entry.kind)
            state = _applied(self.words, blank, fields, self.coming, forwards=True, what=what, seen=sees)
            if EDITED[entry.kind].is_customer:
                state = altered(state, former=entry.node_id)
            state = self._upon(state)
            return Edit(entry.kind, self.coming[entry.kind, entry.key], None, altered(state, key=entry.key))
        if record is None or (entry.kind, record) not in self.seen:
            raise Refused(f"the {what} is not there any more")
        state, revision = self.known[entry.kind][record]
        if verb == "created":
            made = _applied(self.words, blank, fields, self.coming, forwards=True, what=what)
            if set(changed(made, state)) - kind_of(state).whole:  # who was put in since goes out with it
                raise Refused(f"the {what} was changed since: undo that first")
            return Edit(entry.kind, record, state, None, revision)
        sees = self._sees(entry.kind)
        now = state if upon is None or upon.after is None else upon.after
        before = _applied(self.words, now, fields, self.coming, forwards=False, what=what, seen=sees)
        return Edit(entry.kind, record, state, before, revision)


def _applied(
    words: Words,
    state: State,
    detail: Mapping[str, Any],
    coming: Mapping[tuple[str, str], int],
    *,
    forwards: bool,
    what: str,
    seen: Seen | None = None,
) -> State:
    """A state with the differences of a detail made, or taken back. Raises Refused where it does not hold them."""
    kind = kind_of(state).noun
    values: dict[str, Any] = {}
    for name, change in detail.items():
        now = getattr(state, name)
        if isinstance(change, list):
            start, end = change if forwards else change[::-1]
            (old,) = words.read_field(name, [start], coming, kind=kind)
            (new,) = words.read_field(name, [end], coming, kind=kind, seen=seen)
            if not forwards and now != old:  # what a blank record holds is in no words
                raise Refused(f"the {name.replace('_', ' ')} of {what} was changed since")
            values[name] = new
            continue
        added = change["added" if forwards else "removed"]
        come = frozenset(words.read_field(name, added, coming, kind=kind, seen=seen))
        gone = frozenset(words.read_field(name, change["removed" if forwards else "added"], coming, kind=kind))
        held = items(now)
        if held is None:
            raise Refused(f"the {name.replace('_', ' ')} of {what} were changed since")
        if isinstance(now, Mapping):
            come_keys, gone_keys = {key for key, _ in come}, {key for key, _ in gone}
            if not gone <= held or any(key in now for key in come_keys - gone_keys):
                raise Refused(f"the {name.replace('_', ' ')} of {what} were changed since")
            values[name] = {**{key: kept for key, kept in now.items() if key not in gone_keys}, **dict(come)}
        else:
            if not gone <= held or come & held:
                raise Refused(f"the {name.replace('_', ' ')} of {what} were changed since")
            values[name] = (held - gone) | come
    return altered(state, **values)
