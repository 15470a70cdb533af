"""Nobody raises themselves by moving things (docs/visibility.md, "Changing access").

A record that is there already may not come to a place where its editor holds a permission over it that they did not
hold over it just before: be it that it goes to another customer, home, owner or site, or that the customer it belongs
to moves. It is judged by places alone, never by what is there, so that nothing hidden decides it; and as it is now, as
it will be once windows that are still to open have opened, and as it would be with each inactive customer group active.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from ringfence.changes.edits import Edit
from ringfence.changes.escalation import label
from ringfence.changes.flow import Flow, Place
from ringfence.changes.ledger import given_to_users, granting
from ringfence.changes.undo import last_deleted, of_change
from ringfence.domain.audit import PROVING
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused
from ringfence.domain.kind import StateKind
from ringfence.domain.permission import CATALOGUE, EVERYWHERE, ON_SITES, PERMISSIONS
from ringfence.domain.registry import EDITED, PLACE, node_of
from ringfence.domain.user import USERS
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.grants import entries
from ringfence.storage.tables import AuditEntry, Customer, User, table_of
from ringfence.visibility.intervals import Interval, contains, intersect, subtract
from ringfence.visibility.reach import Reach
from ringfence.visibility.rule import Region

_CONCERNING: Final[Mapping[StateKind, tuple[str, ...]]] = {
    DEVICES.noun: ON_SITES,
    PLACE.noun: (PLACE.resource, *ON_SITES),
    USERS.noun: (USERS.resource, "api_token"),
}
"""What can be done to a record of a kind, or to what happens at it, where that is more than its own permissions; to a
customer, and what is nested in it, all."""
_NAMED: Final = 3
_PLACES: Final = frozenset(one.name for kind in EDITED.values() for one in (kind.node, kind.stands) if one is not None)
_DECIDING: Final = frozenset({USERS.node.name}).union(*(kind.deciding for kind in EDITED.values() if kind.grants))
"""The fields of users, groups and roles by which somebody reaches what they reach."""


def concerning(kind: StateKind) -> frozenset[str]:
    """The permissions that somebody may hold over a record of a kind."""
    if EDITED[kind].is_customer:
        return PERMISSIONS - EVERYWHERE
    resources = _CONCERNING.get(kind, (EDITED[kind].resource,))
    return frozenset(one for one in PERMISSIONS - EVERYWHERE if one.partition(".")[0] in resources)


def raised(before: Reach, after: Reach, flow: Flow) -> list[str]:
    """The permissions that somebody, who reached what ``before`` says, holds over something that was moved and did not
    hold over it before; in the catalogue's order."""
    pairs: defaultdict[StateKind, list[tuple[Place, Place]]] = defaultdict(list)
    for kind, here, there in flow.handed:
        pairs[kind].append((here, there))
    kinds: list[StateKind] = [*pairs, CUSTOMERS.noun] if flow.shifts else list(pairs)
    if not kinds:
        return []
    wanted = {kind: concerning(kind) for kind in kinds}
    asked = frozenset[str]().union(*wanted.values())
    areas, left = flow.areas()
    found: set[str] = set()
    for was, now in zip(_postures(before), _postures(after), strict=True):
        classes: dict[tuple[int, int], tuple[Region, Region, set[str]]] = {}
        for permission in asked - found:
            regions = was.region(permission), now.region(permission)
            classes.setdefault((id(regions[0]), id(regions[1])), (*regions, set()))[2].add(permission)
        for held, holds, permissions in classes.values():
            for kind in kinds:
                gaining = permissions & wanted[kind]
                if not gaining:
                    continue
                if EDITED[kind].is_customer:
                    more = _gained(flow.region(held), holds, areas, left)
                else:
                    more = any(holds.reaches(*there) and not held.reaches(*here) for here, there in pairs[kind])
                if more:
                    found |= gaining
    return [one.key for one in CATALOGUE if one.key in found]


def _gained(held: Region, holds: Region, areas: Sequence[Interval], left: Sequence[Interval]) -> bool:
    """Whether a region reaches anything in the areas that another, where its customers are now, does not."""
    if intersect(subtract(subtract(holds.customers, held.customers), left), areas):
        return True
    return any(contains(areas, place.path) for place in holds.beyond(held))


def _postures(reach: Reach) -> Iterator[Reach]:
    """What somebody reaches now and at each moment at which a membership begins or ends, as they are and with each of
    their inactive customer groups active."""
    grants = reach.grants
    moments = {at for group in grants.groups for at in (group.valid_from, group.valid_until) if at and at > reach.at}
    active = grants.filters or ()
    filters = [grants.filters, *((*active, one) for one in grants.given or () if one not in active)]
    for moment in [reach.at, *sorted(moments)]:
        for chosen in filters:
            given = None if chosen is None else tuple(sorted(chosen))
            yield Reach(grants._replace(filters=given), moment, reach.grounds)


def refusal(permissions: Sequence[str]) -> Refused:
    """Says which rights somebody would get over what they move."""
    named = ", ".join(f"“{label(one)}”" for one in permissions[:_NAMED])
    more = f" and {len(permissions) - _NAMED} more" if len(permissions) > _NAMED else ""
    return Refused(f"there you would hold {named}{more} over it, and you do not where it is: somebody else must do it")


def gives_back(connection: Connection, tenant_id: int, editor: int, change: int, edits: Sequence[Edit]) -> bool:
    """Whether taking a change back gives somebody nothing over what it moved that they did not hold just before that
    change: it was their own, and since then nothing was changed that decides what they reach there, nor did anything
    else come to what it moved."""
    key = connection.execute(select(User.key).where(User.id == editor)).scalar_one()
    own = connection.execute(
        select(AuditEntry.number, AuditEntry.actor_key).where(of_change(tenant_id, change)).order_by(AuditEntry.number)
    ).all()
    if not own or own[0].actor_key != key or own[0].number <= last_deleted(connection, tenant_id, key):
        return False
    since = and_(AuditEntry.tenant_id == tenant_id, AuditEntry.number > own[-1].number)
    # What nobody did, a load did.
    loaded = select(AuditEntry.id).where(since, AuditEntry.actor_key.is_(None), AuditEntry.action.not_in(list(PROVING)))
    if connection.execute(loaded.limit(1)).first():
        return False
    return not (
        _regranted(connection, tenant_id, since, editor, key, edits)
        or _replaced(connection, since, edits)
        or _joined(connection, tenant_id, since, edits)
    )


def _regranted(
    connection: Connection,
    tenant_id: int,
    since: ColumnElement[bool],
    editor: int,
    key: str,
    edits: Iterable[Edit],
) -> bool:
    """Whether what somebody reaches at the places where the edits put things was decided anew."""
    deciding = {USERS.noun: {key}, **_given(connection, tenant_id, editor)}
    nodes = {node_of(edit.after) for edit in edits if edit.after is not None}
    paths = connection.execute(
        select(Customer.path).where(Customer.id.in_(nodes), of_tenant(Customer, tenant_id))
    ).scalars()
    above = {int(part, 36) for path in paths for part in path.strip("/").split("/")}
    keys = connection.execute(
        select(Customer.key).where(Customer.id.in_(above), of_tenant(Customer, tenant_id))
    ).scalars()
    deciding[CUSTOMERS.noun] = {one for one in keys if one is not None}  # the root has none, and stays where it is
    about = [and_(AuditEntry.kind == kind, AuditEntry.key.in_(sorted(keys))) for kind, keys in deciding.items()]
    rows = connection.execute(select(AuditEntry.kind, AuditEntry.action, AuditEntry.detail).where(since, or_(*about)))
    return any(
        row.action in ("create", "move", "delete") or (row.action == "edit" and _changes(row.detail, _DECIDING))
        for row in rows
    )


def _given(connection: Connection, tenant_id: int, editor: int) -> dict[StateKind, set[str]]:
    """The keys of what somebody was given, by kind, and of what that takes its rights from."""
    found: dict[StateKind, set[str]] = {}
    for ties in given_to_users():
        rows, given = entries(ties.table), table_of(EDITED[ties.kind])
        through = list(granting(EDITED[ties.kind]))
        query = select(given.key, *(table_of(EDITED[kind]).key for kind, _ in through)).select_from(given)
        query = query.join(rows, leads_to(getattr(rows, ties.other), given)).where(
            getattr(rows, ties.own) == editor, of_tenant(rows, tenant_id)
        )
        for kind, column in through:
            query = query.join(table_of(EDITED[kind]), leads_to(getattr(given, column), table_of(EDITED[kind])))
        keys = connection.execute(query).all()
        for place, kind in enumerate([ties.kind, *(kind for kind, _ in through)]):
            found.setdefault(kind, set()).update(row[place] for row in keys)
    return found


def _replaced(connection: Connection, since: ColumnElement[bool], edits: Iterable[Edit]) -> bool:
    """Whether one of the records was put elsewhere since."""
    known: defaultdict[str, list[str]] = defaultdict(list)
    for edit in edits:
        if edit.before is not None:
            known[edit.kind].append(edit.before.key)
    for kind, keys in known.items():
        for start in range(0, len(keys), 500):
            about = and_(AuditEntry.kind == kind, AuditEntry.key.in_(keys[start : start + 500]))
            rows = connection.execute(select(AuditEntry.action, AuditEntry.detail).where(since, about))
            if any(_places(row) for row in rows):
                return True
    return False


def _joined(connection: Connection, tenant_id: int, since: ColumnElement[bool], edits: Iterable[Edit]) -> bool:
    """Whether anything came since to what is nested in the customers that the edits move."""
    moved = [edit.id for edit in edits if edit.of.is_customer and edit.of.moves in edit.actions]
    for path in (
        connection.execute(select(Customer.path).where(Customer.id.in_(moved), of_tenant(Customer, tenant_id)))
        .scalars()
        .all()
    ):
        below = and_(Customer.tenant_id == tenant_id, Customer.path >= path, Customer.path < path + "~")
        query = select(AuditEntry.action, AuditEntry.detail).join(Customer, leads_to(AuditEntry.node_id, Customer))
        if any(_places(row) for row in connection.execute(query.where(since, below))):
            return True
    return False


def _places(row: Any) -> bool:
    """Whether an entry tells that a record came to a place."""
    return row.action in ("create", "move", "assign") or (row.action == "edit" and _changes(row.detail, _PLACES))


def _changes(detail: str, names: Iterable[str]) -> bool:
    ((_, fields),) = json.loads(detail).items()
    return not fields.keys().isdisjoint(names)
