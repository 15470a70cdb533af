"""What goes along with a change: the private role of a group that goes, and everything that belongs to a customer that
is deleted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from ringfence.changes import ledger
from ringfence.changes.authority import Authority
from ringfence.changes.edits import Edit, edits_of
from ringfence.domain.device import DEVICES
from ringfence.domain.ids import ids_in, only
from ringfence.domain.kind import StateKind, altered
from ringfence.domain.registry import EDITED, node_of, site_of
from ringfence.domain.role import ROLES, RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.storage.bulk import any_of, records_of
from ringfence.storage.columns import of_tenant
from ringfence.storage.rehearsal import rehearsed
from ringfence.storage.tables import Customer, Device
from ringfence.visibility.intervals import union


def private_roles(connection: Connection, tenant_id: int, edits: Sequence[Edit]) -> list[Edit]:
    """The deletions of private roles whose group is deleted or gets another one."""
    known = {(edit.kind, edit.id) for edit in edits}
    leaving = []
    for _, before, after in edits_of(edits, SecurityGroupState):
        if before is None or before.role is None or (ROLES.noun, before.role) in known:
            continue
        if after is None or after.role != before.role:
            leaving.append(before.role)
    going = _deletions(connection, tenant_id, ROLES.noun, leaving, known)
    return [edit for edit, role, _ in edits_of(going, RoleState) if role is not None and role.private]


@dataclass(frozen=True, slots=True)
class Herd:
    """Devices that go with customers that are deleted, of which nobody asks for each: how many there are by where they
    belong and stand. All of the ``customers``, ``but`` for those that the change names itself."""

    places: Mapping[tuple[int, int | None], int] = field(default_factory=dict)
    customers: Collection[int] = frozenset()
    but: Collection[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.places)

    def condition(self, connection: Connection) -> ColumnElement[bool]:
        """A condition: the device is one of them."""
        theirs = any_of(connection, Device.customer_id, self.customers)
        return theirs & ~any_of(connection, Device.id, self.but) if self.but else theirs


NOBODY: Final = Herd()


def belongings(connection: Connection, tenant_id: int, edits: Sequence[Edit]) -> tuple[list[Edit], Herd]:
    """The deletions of everything that belongs to customers that are deleted, and of those nested in them; but for what
    the same change takes out of them. In a rehearsal, of which no entry is made, devices are only counted."""
    going = [edit.id for edit in edits if edit.kind == "customer" and edit.after is None]
    if not going:
        return [], NOBODY
    nodes = _nodes(connection, tenant_id, going, edits)
    known = {(edit.kind, edit.id) for edit in edits if edit.after is None}
    known |= {
        (edit.kind, edit.id)
        for edit in edits
        if edit.before is not None and edit.after is not None and node_of(edit.after) not in nodes
    }
    found: list[Edit] = _deletions(connection, tenant_id, "customer", nodes, known)
    herd = NOBODY
    for kind, of in EDITED.items():
        if of.is_customer:
            continue
        if kind == "device" and rehearsed(connection):
            herd = _herd(connection, tenant_id, nodes, {record for kind, record in known if kind == "device"})
            continue
        mapped = ledger.table(kind)
        theirs = any_of(connection, getattr(mapped, of.owner), nodes)
        owned = list(connection.execute(select(mapped.id).where(theirs, of_tenant(mapped, tenant_id))).scalars())
        found += _deletions(connection, tenant_id, kind, owned, known)
    return found, herd


def ending(connection: Connection, tenant_id: int, edits: Sequence[Edit], herd: Herd = NOBODY) -> list[Edit]:
    """The deletions of what is about a record that is deleted, or goes with the herd, and without it about nothing."""
    gone: defaultdict[StateKind, list[int]] = defaultdict(list)
    for edit in edits:
        if edit.after is None:
            gone[edit.kind].append(edit.id)
    known = {(kind, record) for kind, records in gone.items() for record in records}
    found: list[Edit] = []
    for kind, of in EDITED.items():
        for name, to in of.goes_with.items():
            mapped = ledger.table(kind)
            column = getattr(mapped, of.fields[name].column)
            about = []
            if to in gone:
                about.append(any_of(connection, column, gone[to]))
            if to == DEVICES.noun and herd:
                about.append(
                    column.in_(select(Device.id).where(herd.condition(connection), of_tenant(Device, tenant_id)))
                )
            for one in about:
                theirs = select(mapped.id).where(one, of_tenant(mapped, tenant_id))
                records = list(connection.execute(theirs).scalars())
                found += _deletions(connection, tenant_id, kind, records, known)
                known |= {(edit.kind, edit.id) for edit in found}
    return found


def _herd(connection: Connection, tenant_id: int, customers: Collection[int], but: Collection[int]) -> Herd:
    herd = Herd({}, customers, but)
    query = select(Device.customer_id, Device.site_id, func.count())
    query = query.where(herd.condition(connection), of_tenant(Device, tenant_id))
    rows = connection.execute(query.group_by(Device.customer_id, Device.site_id)).all()
    return replace(herd, places={(node, stands): count for node, stands, count in rows})


def counted(authority: Authority, going: Sequence[Edit], herd: Herd) -> tuple[Counter[StateKind], bool]:
    """How many records of each kind go along, of those that the editor may list, and whether others go too. Asked
    before anything is written."""
    found: Counter[StateKind] = Counter()
    hidden = False
    places = Counter((edit.kind, *_where(edit)) for edit in going)
    places.update({("device", *place): count for place, count in herd.places.items()})
    for (kind, node, stands), count in places.items():
        if authority.lists(kind, node, stands):
            found[kind] += count
        else:
            hidden = True
    return found, hidden


def _where(edit: Edit) -> tuple[int, int | None]:
    """Where a record belongs and stands, which decides who lists it."""
    assert edit.before is not None
    if edit.of.is_customer:
        return edit.id, None
    return node_of(edit.before), edit.id if edit.of.is_site else site_of(edit.before)


def _nodes(connection: Connection, tenant_id: int, going: Collection[int], edits: Sequence[Edit]) -> set[int]:
    """The customers that go with those: nested in them once the others have moved."""
    paths = connection.execute(
        select(Customer.path).where(records_of(connection, Customer, tenant_id, going))
    ).scalars()
    above: dict[int, int | None] = {}
    for low, high in union((path, path + "~") for path in paths):
        below = select(Customer.id, Customer.parent_id).where(Customer.tenant_id == tenant_id)
        rows = connection.execute(below.where(Customer.path >= low, Customer.path < high).order_by(Customer.path))
        above.update((own, parent) for own, parent in rows)
    for edit in edits:
        if edit.of.is_customer and edit.after is not None and edit.id in above:
            above[edit.id] = node_of(edit.after)
    nodes = set(going)
    settled = set(going)
    for customer in above:
        way = []
        step: int | None = customer
        while step is not None and step in above and step not in settled:
            way.append(step)
            settled.add(step)
            step = above[step]
        if step in nodes:
            nodes.update(way)
    return nodes


def _deletions(
    connection: Connection, tenant_id: int, kind: StateKind, records: Collection[int], known: set[tuple[StateKind, int]]
) -> list[Edit]:
    more = [record for record in records if (kind, record) not in known]
    states = ledger.read_many(connection, tenant_id, kind, more, whole=True)
    return [Edit(kind, record, state, None, revision) for record, (state, revision) in states.items()]


def left(connection: Connection, tenant_id: int, edits: Sequence[Edit]) -> list[Edit]:
    """The edits, each deletion with what still refers to the record: what left it, or goes itself, in this same change
    gets it back by its own entry."""
    wanted: defaultdict[StateKind, list[int]] = defaultdict(list)
    going: defaultdict[StateKind, set[int]] = defaultdict(set)
    for edit in edits:
        if edit.after is None:
            going[edit.kind].add(edit.id)
            if edit.of.whole:
                wanted[edit.kind].append(edit.id)
    found = {kind: ledger.read_many(connection, tenant_id, kind, ids, whole=True) for kind, ids in wanted.items()}

    def whole(edit: Edit) -> Edit:
        if edit.after is not None or edit.kind not in found:
            return edit
        state = found[edit.kind][edit.id][0]
        assert edit.before is not None
        staying = {}
        for name in edit.of.whole:
            gone = going[edit.of.all_refs[name]]
            staying[name] = only(getattr(state, name), {*ids_in(getattr(state, name))}.difference(gone).__contains__)
        return replace(edit, before=altered(edit.before, **staying))

    return [whole(edit) for edit in edits]
