"""What a change of customers and devices brings with it, in numbers and sentences, as far as its viewer may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from ringfence.changes.applying import Outcome
from ringfence.changes.edits import Edit
from ringfence.changes.impact import devices_in
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.kind import StateKind
from ringfence.domain.registry import EDITED, KINDS
from ringfence.domain.user import USERS
from ringfence.services.assigning import left_sites
from ringfence.storage.bulk import records_of
from ringfence.storage.columns import leads_to, of_tenant
from ringfence.storage.tables import Customer, table_of
from ringfence.visibility.intervals import Interval, contains, nested, union
from ringfence.visibility.reach import Reach, measure
from ringfence.visibility.rule import Region

_FIRST: Final = (CUSTOMERS, USERS)
"""What is told first of what goes along: the others after it, in the order of their lists."""


def _ordered() -> list[StateKind]:
    listed = [kind for kind in KINDS.values() if kind.noun in EDITED and kind not in _FIRST]
    return [kind.noun for kind in (*_FIRST, *listed)]


def along(connection: Connection, tenant_id: int, outcome: Outcome) -> tuple[tuple[tuple[str, int], ...], bool]:
    """What goes with customers that are deleted or moved, by kind, of what the editor may list: counts, without those
    of nothing; and whether something goes with them that the editor may not list."""
    counts, hidden = Counter(outcome.along), outcome.hidden
    for edit in outcome.edits:
        if edit.of.is_customer and edit.of.moves in edit.actions:
            found, more = _carried(connection, tenant_id, outcome, edit.id)
            counts += found
            hidden = hidden or more
    return tuple((kind, counts[kind]) for kind in _ordered() if counts[kind]), hidden


def below(connection: Connection, tenant_id: int, own: Reach, edits: Sequence[Edit]) -> tuple[tuple[str, int], ...]:
    """What is nested in customers that a change deletes or moves and belongs to them, by kind, of what their editor may
    list, as it is before the change: counted by ranges, whatever the number."""
    going = [
        edit.id
        for edit in edits
        if edit.of.is_customer and edit.before is not None and (edit.after is None or edit.of.moves in edit.actions)
    ]
    if not going:
        return ()
    query = select(Customer.path).where(records_of(connection, Customer, tenant_id, going))
    paths = list(connection.execute(query).scalars())

    def listed(kind: StateKind) -> Region:
        return own.region(EDITED[kind].permission)

    counts, _ = _inside(connection, tenant_id, union(nested(path) for path in paths), listed)
    counts[CUSTOMERS.noun] -= sum(contains(listed(CUSTOMERS.noun).nodes(), path) for path in paths)  # themselves
    return tuple((kind, counts[kind]) for kind in _ordered() if counts[kind])


def _carried(
    connection: Connection, tenant_id: int, outcome: Outcome, customer: int
) -> tuple[Counter[StateKind], bool]:
    this = Customer.id == customer, of_tenant(Customer, tenant_id)
    path = connection.execute(select(Customer.path).where(*this)).scalar_one()

    def listed(kind: StateKind) -> Region:
        """What the editor listed of a kind before, where it is now: of what moved, and no more."""
        assert outcome.flow is not None
        return outcome.flow.region(outcome.own.region(EDITED[kind].permission))

    found, all_of = _inside(connection, tenant_id, [nested(path)], listed)
    found[CUSTOMERS.noun] -= contains(listed(CUSTOMERS.noun).nodes(), path)  # itself is no part of what goes along
    all_of[CUSTOMERS.noun] -= 1
    return found, found != all_of


def _inside(
    connection: Connection, tenant_id: int, areas: list[Interval], listed: Callable[[StateKind], Region]
) -> tuple[Counter[StateKind], Counter[StateKind]]:
    """How many records of each kind are in parts of the tree: of those that are listed, and of all."""

    def there(kind: StateKind) -> Region:
        return listed(kind).within(areas)

    found: Counter[StateKind] = Counter()
    all_of: Counter[StateKind] = Counter()
    all_of[CUSTOMERS.noun], all_of[DEVICES.noun] = measure(connection, tenant_id, areas)
    found[CUSTOMERS.noun] = measure(connection, tenant_id, there(CUSTOMERS.noun).nodes())[0]
    found[DEVICES.noun] = devices_in(connection, tenant_id, there(DEVICES.noun))
    for kind, of in EDITED.items():
        if of is CUSTOMERS or of is DEVICES:
            continue
        region, owner = there(kind), getattr(table_of(of), of.owner)
        found[kind] = len(region.sites) if of.is_site else 0
        for low, high in areas:
            query = select(Customer.path, func.count()).where(leads_to(owner, Customer)).group_by(Customer.path)
            inside = (Customer.tenant_id == tenant_id) & (Customer.path >= low) & (Customer.path < high)
            for node, count in connection.execute(query.where(inside)):
                all_of[kind] += count
                found[kind] += count if contains(region.customers, node) else 0
    return found, all_of


def notes(connection: Connection, outcome: Outcome) -> tuple[str, ...]:
    """What becomes of places and of the history, in sentences."""
    said: list[str] = []
    edits = outcome.edits
    moved = [edit for edit in edits if edit.of is DEVICES and edit.of.moves in edit.actions]
    if moved:
        said += left_sites(connection, outcome.own, moved)
        them, they = ("it", "it leaves") if len(moved) == 1 else ("them", "they leave")
        said.append(
            f"What the audit says of {them} up to now stays with the customer {they}; the new one sees it from now on."
        )
    if any(edit.of.is_customer and edit.of.moves in edit.actions for edit in edits):
        said.append("Its history goes with it.")
    gone = sum(edit.of.is_customer and edit.after is None for edit in edits)
    if gone:
        said.append(f"The audit of {'it' if gone == 1 else 'them'} stays, with the customer above.")
    return tuple(said)
