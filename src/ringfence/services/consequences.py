"""What a change of customers and devices brings with it, in numbers and sentences, as far as its viewer may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

from ringfence.domain.customer import Customer
from ringfence.domain.customer_group import CustomerGroup
from ringfence.domain.role import Role
from ringfence.domain.security_group import SecurityGroup
from ringfence.domain.site import Site
from ringfence.domain.user import User
from ringfence.storage.bulk import any_of
from ringfence.visibility.editing import Outcome
from ringfence.visibility.impact import devices_in
from ringfence.visibility.intervals import contains, nested, within
from ringfence.visibility.reach import Reach, measure
from ringfence.visibility.rule import Region
from ringfence.visibility.states import CustomerState, DeviceState, Edit, StateKind

_COUNTED: Final[tuple[tuple[StateKind, Any], ...]] = (
    ("user", User.home_id),
    ("site", Site.customer_id),
    ("security_group", SecurityGroup.owner_id),
    ("customer_group", CustomerGroup.owner_id),
    ("role", Role.owner_id),
)
_ORDER: Final[tuple[StateKind, ...]] = (
    "customer",
    "user",
    "site",
    "device",
    "security_group",
    "customer_group",
    "role",
)


def along(connection: Connection, tenant_id: int, outcome: Outcome) -> tuple[tuple[tuple[str, int], ...], bool]:
    """What goes with customers that are deleted or moved, by kind, of what the editor may list: counts, without those
    of nothing; and whether something goes with them that the editor may not list."""
    counts, hidden = Counter(outcome.along), outcome.hidden
    for edit in outcome.edits:
        if isinstance(edit.after, CustomerState) and "move" in edit.actions:
            found, more = _carried(connection, tenant_id, outcome, edit.id)
            counts += found
            hidden = hidden or more
    return tuple((kind, counts[kind]) for kind in _ORDER if counts[kind]), hidden


def _carried(
    connection: Connection, tenant_id: int, outcome: Outcome, customer: int
) -> tuple[Counter[StateKind], bool]:
    path = connection.execute(select(Customer.path).where(Customer.id == customer)).scalar_one()
    assert outcome.flow is not None

    def listed(kind: StateKind) -> Region:
        """What the editor listed of a kind before, where it is now: of what moved, and no more."""
        assert outcome.flow is not None
        region = outcome.flow.region(outcome.own.region(f"{kind}.list"))
        sites = tuple(site for site in region.sites if contains([nested(path)], site.path))
        return Region(within(region.customers, path), sites)

    found: Counter[StateKind] = Counter()
    all_of: Counter[StateKind] = Counter()
    all_of["customer"], all_of["device"] = measure(connection, tenant_id, [nested(path)])
    found["customer"] = measure(connection, tenant_id, listed("customer").nodes())[0]
    found["device"] = devices_in(connection, tenant_id, listed("device"))
    for kind, owner in _COUNTED:
        query = select(Customer.path, func.count()).where(Customer.id == owner).group_by(Customer.path)
        below = (Customer.tenant_id == tenant_id) & (Customer.path >= path) & (Customer.path < path + "~")
        region = listed(kind)
        found[kind] = len(region.sites) if kind == "site" else 0
        for node, count in connection.execute(query.where(below)):
            all_of[kind] += count
            found[kind] += count if contains(region.customers, node) else 0
    found["customer"] -= contains(listed("customer").nodes(), path)  # itself is no part of what goes along
    all_of["customer"] -= 1
    return found, found != all_of


def notes(connection: Connection, outcome: Outcome) -> tuple[str, ...]:
    """What becomes of sites and of the history, in sentences."""
    said: list[str] = []
    edits = outcome.edits
    moved = [edit for edit in edits if edit.kind == "device" and "assign" in edit.actions]
    if moved:
        said += _sites(connection, outcome.own, moved)
        them, they = ("it", "it leaves") if len(moved) == 1 else ("them", "they leave")
        said.append(
            f"What the audit says of {them} up to now stays with the customer {they}; the new one sees it from now on."
        )
    if any(edit.kind == "customer" and "move" in edit.actions for edit in edits):
        said.append("Its history goes with it.")
    gone = sum(edit.kind == "customer" and edit.after is None for edit in edits)
    if gone:
        said.append(f"The audit of {'it' if gone == 1 else 'them'} stays, with the customer above.")
    return tuple(said)


def _sites(connection: Connection, own: Reach, moved: Sequence[Edit]) -> list[str]:
    """What becomes of the sites on which the editor saw devices stand."""
    sites = (edit.before.site for edit in moved if isinstance(edit.before, DeviceState))
    former = {site for site in sites if site is not None}
    query = select(Site.id, Customer.path).join(Customer, Customer.id == Site.customer_id)
    rows = connection.execute(query.where(any_of(connection, Site.id, former)))
    listed = own.region("site.list")
    seen = {site.site_id for site in listed.sites} | {site for site, path in rows if contains(listed.customers, path)}
    standing = [edit for edit in moved if isinstance(edit.before, DeviceState) and edit.before.site in seen]
    if not standing:
        return []
    kept = sum(isinstance(edit.after, DeviceState) and edit.after.site is not None for edit in standing)
    left = len(standing) - kept
    said = []
    if kept:
        said.append(f"{kept:,} {'goes' if kept == 1 else 'go'} to a site there.")
    if left:
        said.append(f"{left:,} {'leaves its site' if left == 1 else 'leave their sites'}, and {_stands(left)} on none.")
    return said


def _stands(count: int) -> str:
    return "stands" if count == 1 else "stand"
