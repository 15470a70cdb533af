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
from ringfence.visibility.editing import Outcome
from ringfence.visibility.intervals import contains, within
from ringfence.visibility.reach import Reach, measure
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


def along(connection: Connection, tenant_id: int, own: Reach, outcome: Outcome) -> tuple[tuple[str, int], ...]:
    """What goes with customers that are deleted or moved, by kind: counts, without those of nothing."""
    counts = Counter(outcome.along)
    for edit in outcome.edits:
        if isinstance(edit.after, CustomerState) and "move" in edit.actions:
            counts += _carried(connection, tenant_id, own, edit.id)
    return tuple((kind, counts[kind]) for kind in _ORDER if counts[kind])


def _carried(connection: Connection, tenant_id: int, own: Reach, customer: int) -> Counter[StateKind]:
    path = connection.execute(select(Customer.path).where(Customer.id == customer)).scalar_one()
    found: Counter[StateKind] = Counter()
    found["customer"] = measure(connection, tenant_id, within(own.region("customer.list").nodes(), path))[0] - 1
    found["device"] = measure(connection, tenant_id, within(own.region("device.list").customers, path))[1]
    for kind, owner in _COUNTED:
        query = select(Customer.path, func.count()).where(Customer.id == owner).group_by(Customer.path)
        below = (Customer.tenant_id == tenant_id) & (Customer.path >= path) & (Customer.path < path + "~")
        listed = own.region(f"{kind}.list").customers
        found[kind] = sum(count for node, count in connection.execute(query.where(below)) if contains(listed, node))
    return found


def notes(outcome: Outcome) -> tuple[str, ...]:
    """What becomes of sites and of the history, in sentences."""
    said: list[str] = []
    edits = outcome.edits
    moved = [edit for edit in edits if edit.kind == "device" and "assign" in edit.actions]
    if moved:
        said += _sites(moved)
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


def _sites(moved: Sequence[Edit]) -> list[str]:
    standing = [edit for edit in moved if isinstance(edit.before, DeviceState) and edit.before.site is not None]
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
