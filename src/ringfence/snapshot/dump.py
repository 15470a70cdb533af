"""Writing the snapshot document: the whole database, or what one user sees of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, TextIO, assert_never

from sqlalchemy import Connection, select

from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.field import Field, Moment, Number, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, KINDS
from ringfence.domain.text import as_json
from ringfence.domain.user import USERS
from ringfence.snapshot.document import ENTRIES, FORMAT
from ringfence.storage.engine import Database
from ringfence.storage.grants import entries
from ringfence.storage.tables import Customer, Tenant, table_of
from ringfence.visibility.overview import more_than_named
from ringfence.visibility.page import Query, every
from ringfence.visibility.tree import roots
from ringfence.visibility.viewer import Sight, Viewer

Entry = dict[str, Any]

_ANONYMOUS: Final = "tenant"
_SAID: Final = object()
"""In the place of a value that an entry does not say: it says them all."""


def dump(database: Database, out: TextIO, viewer: Viewer | None = None) -> None:
    """Writes the document to ``out``, an entry a line, in the order of keys: the same data gives the same bytes."""
    with _source(database, viewer) as source:
        out.write(f'{{"ringfence": {FORMAT}')
        for name in ENTRIES:
            out.write(f',\n"{name}": [')
            separator = "\n"
            for entry in source.entries_of(name):
                out.write(f"{separator}{as_json(entry)}")
                separator = ",\n"
            out.write("]" if separator == "\n" else "\n]")
        out.write("}\n")


@contextmanager
def _source(database: Database, viewer: Viewer | None) -> Iterator[_Source]:
    if viewer is None:
        with database.reading() as connection:
            yield _Source(connection, None, None)
    else:
        with viewer.look(*(kind.permission for kind in KINDS.values())) as sight:
            yield _Source(sight.connection, sight, viewer.tenant_id)


@dataclass
class _Source:
    """The entries of a document. With a sight, only what it sees, and no reference to anything else."""

    connection: Connection
    sight: Sight | None
    tenant_id: int | None

    def __post_init__(self) -> None:
        tenants = select(Tenant.id, Tenant.key, Customer.id.label("root"), Customer.name).join(
            Customer, (Customer.tenant_id == Tenant.id) & Customer.parent_id.is_(None)
        )
        if self.tenant_id is not None:
            tenants = tenants.where(Tenant.id == self.tenant_id)
        self.tenants = self.connection.execute(tenants.order_by(Tenant.key)).all()
        self.tenant_keys = {row.id: row.key for row in self.tenants}
        self.owners: set[int] = set()
        self.seen = {kind.plural: self._seen(kind) for kind in EDITED.values()}
        self.root_hidden = self.sight is not None and not any(row.key is None for row in roots(self.sight))
        if self.root_hidden:
            # The root is hidden from them, and so are its name and key; the entries still need a tenant to be of.
            self.tenant_keys = dict.fromkeys(self.tenant_keys, _ANONYMOUS)
        referred = {to for kind in EDITED.values() for to in kind.refs.values()}
        self.keys = {kind.plural: self._keys(kind) for kind in EDITED.values() if kind.noun in referred}
        self.keys[CUSTOMERS.plural].update({row.root: None for row in self.tenants})
        # Records whose own customer the sight hides stand at the root of the document.
        self.adopting = self.sight is not None and not self.owners <= self.keys[CUSTOMERS.plural].keys()

    def _seen(self, kind: Kind) -> set[int] | None:
        """The ids that the sight shows; None without one, for all."""
        if self.sight is None:
            return None
        seen = set()
        for row in every(self.sight, Query(kind)):
            seen.add(row.id)
            self.owners.add(getattr(row, kind.owner))
        return seen

    def _keys(self, kind: Kind) -> dict[int, str | None]:
        mapped, seen = table_of(kind), self.seen[kind.plural]
        rows = self.connection.execute(select(mapped.id, mapped.key).where(mapped.key.is_not(None)))
        return {record: key for record, key in rows if seen is None or record in seen}

    def entries_of(self, name: str) -> Iterator[Entry]:
        """The entries of one list, by tenant and key."""
        for tenant in self.tenants:
            if name == "tenants":
                yield {"key": self.tenant_keys[tenant.id], "name": _ANONYMOUS if self.root_hidden else tenant.name}
                continue
            kind = next(kind for kind in EDITED.values() if kind.plural == name)
            yield from self._records(kind, tenant.id, {"tenant": self.tenant_keys[tenant.id]})

    def _records(self, kind: Kind, tenant: int, owner: Entry) -> Iterator[Entry]:
        """The entries of a kind. What the sight hides of what they refer to is null, or left out of several."""
        first = [one for one in (kind.node, kind.stands) if one is not None]
        told = [one for name, one in kind.fields.items() if one not in first and name != "key"]
        fields = [
            (one.name, self._reader(kind, one), one.default if _left_out(one) else _SAID)
            for one in (*first, *told)
            if one.name not in kind.whole
        ]
        finish = _FINISHED.get(kind.noun, _as_it_is)(self)
        goes = [(kind.fields[name].column, self.keys[EDITED[to].plural]) for name, to in kind.goes_with.items()]
        for row in self._rows(kind, tenant):
            if any(
                getattr(row, column) is not None and keys.get(getattr(row, column)) is None for column, keys in goes
            ):
                continue  # without what it is about it would be about more
            entry = {"key": row.key, **owner}
            for one, read, unsaid in fields:
                value = read(row)
                if unsaid is _SAID or value != unsaid:
                    entry[one] = value
            yield finish(row, entry)

    def _rows(self, kind: Kind, tenant: int) -> Iterator[Any]:
        mapped, seen = table_of(kind), self.seen[kind.plural]
        columns = [column for column in mapped.__table__.c if column.name != "search_key"]
        rows = self.connection.execute(
            select(*columns).where(mapped.tenant_id == tenant, mapped.key.is_not(None)).order_by(mapped.key),
            execution_options={"yield_per": 1000},
        )
        return (row for row in rows if seen is None or row.id in seen)

    def _reader(self, kind: Kind, field: Field) -> Callable[[Any], Any]:
        """What reads a field's words from a row."""
        if isinstance(field.spec, Ties):
            return self._tied(field, field.spec)
        value: Callable[[Any], Any] = attrgetter(field.column)
        if isinstance(field.spec, Moment):
            return lambda row: None if value(row) is None else value(row).isoformat()
        if not field.refers:
            return value
        keys = self.keys[EDITED[field.refers].plural]
        if field is not kind.stands:
            return lambda row: keys.get(value(row))
        # A site goes only with its own customer: without the one the other would dangle.
        owners, customers = self._owners(EDITED[field.refers]), self.keys[CUSTOMERS.plural]
        return lambda row: keys.get(value(row)) if owners.get(value(row)) in customers else None

    def _owners(self, kind: Kind) -> dict[int | None, int]:
        mapped = table_of(kind)
        return dict(self.connection.execute(select(mapped.id, getattr(mapped, kind.owner))).all())

    def _tied(self, field: Field, ties: Ties) -> Callable[[Any], Any]:
        """The same of what is tied to a record: read at once for all of them."""
        rows = entries(ties.table)
        own, other = getattr(rows, ties.own), getattr(rows, ties.other)
        found: defaultdict[int, list[Any]] = defaultdict(list)
        if not ties.kind:
            order = {value: place for place, value in enumerate(ties.among)}
            for record, value in self.connection.execute(select(own, other)):
                found[record].append(value)
            listed = {
                record: sorted(held, key=lambda one: order.get(one, len(order))) for record, held in found.items()
            }
            everything = attrgetter(ties.everything)
            return lambda row: "all" if everything(row) else listed.get(row.id, [])
        keys = self.keys[EDITED[ties.kind].plural]
        match field.form:
            case "mapping":
                for record, node, nested in self.connection.execute(select(own, other, rows.nested)):
                    # Those that the sight hides are left out: that only narrows the group.
                    if node in keys and (self.sight is None or self._node_seen(node, nested)):
                        found[record].append((keys[node] is not None, keys[node] or "", nested))
                told = {
                    record: [
                        {"customer": key if named else None, "nested": nested} for named, key, nested in sorted(held)
                    ]
                    for record, held in found.items()
                }
            case "windows":
                windows = select(own, other, rows.valid_from, rows.valid_until)
                for record, group, *window in self.connection.execute(windows):
                    if keys.get(group) is not None:
                        found[record].append((keys[group], *(one.isoformat() if one else None for one in window)))
                told = {
                    record: [
                        {"group": key, "valid_from": since, "valid_until": until}
                        for key, since, until in sorted(held, key=lambda one: tuple(part or "" for part in one))
                    ]
                    for record, held in found.items()
                }
            case "set":
                for record, one in self.connection.execute(select(own, other)):
                    if keys.get(one) is not None:
                        found[record].append(keys[one])
                told = {record: sorted(held) for record, held in found.items()}
            case "":
                raise TypeError(f"{field.name} is tied to nothing")
            case _:
                assert_never(field.form)
        return lambda row: told.get(row.id, [])

    def _node_seen(self, customer: int, nested: bool) -> bool:
        if self.keys[CUSTOMERS.plural][customer] is not None:
            return True
        # The root alone must not come to hold the records that only this document puts there.
        return not self.root_hidden and (nested or not self.adopting)

    def only_named(self) -> Finish:
        """Of a customer that the sight only names, no more is told than that."""
        if self.sight is None:
            return _untouched
        more = more_than_named(self.sight)
        untold = [one for name, one in CUSTOMERS.stored.items() if name not in ("key", "name") and not one.refers]
        blank = {one.name: one.default for one in untold if not _left_out(one)}
        gone = {one.name for one in untold if _left_out(one)}

        def finish(row: Any, entry: Entry) -> Entry:
            if more(row.path):
                return entry
            return {name: blank.get(name, value) for name, value in entry.items() if name not in gone}

        return finish

    def without_what_is_lost(self) -> Finish:
        """A home or filter that cannot be shown must not be lost: without security groups they see nothing."""
        filters = entries(USERS.ties["customer_groups"][1].table)
        keys = self.keys[EDITED[USERS.refs["customer_groups"]].plural]
        rows = self.connection.execute(select(filters.user_id, filters.group_id))
        lost = {user for user, group in rows if keys.get(group) is None}

        def finish(row: Any, entry: Entry) -> Entry:
            if row.id not in lost and row.home_id in self.keys[CUSTOMERS.plural]:
                return entry
            return {**entry, "security_groups": []}

        return finish


Finish = Callable[[Any, Entry], Entry]
"""What is made of an entry at its end, with its row."""


def _untouched(_row: Any, entry: Entry) -> Entry:
    return entry


def _as_it_is(_source: _Source) -> Finish:
    return _untouched


_FINISHED: Final[dict[str, Callable[[_Source], Finish]]] = {
    CUSTOMERS.noun: _Source.only_named,
    USERS.noun: _Source.without_what_is_lost,
}


def _left_out(field: Field) -> bool:
    """Whether an entry says nothing of it where it has nothing to say."""
    return field.later or field.fixed or isinstance(field.spec, Number)
