"""What a change comes to, judged by what its editor holds: what is edited as it was and as it is, everybody whose
access stands on it, and how full and how deep the tree may become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import select

from ringfence.changes import ledger, writing
from ringfence.changes.authority import Authority, put_in
from ringfence.changes.edits import Edit, edits_of
from ringfence.changes.escalation import (
    demand_gains,
    demand_group,
    demand_permissions,
    demand_users,
    extent,
    full_administrators,
)
from ringfence.changes.quota import COUNTED, demand_room, seen_by
from ringfence.domain import limits
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS, CustomerGroupState
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused, lacks
from ringfence.domain.kind import StateKind
from ringfence.domain.permission import POLICY_EDIT
from ringfence.domain.registry import EDITED, node_of
from ringfence.domain.role import ROLES, RoleState
from ringfence.domain.security_group import ALL, SECURITY_GROUPS, SecurityGroupState
from ringfence.domain.user import USERS
from ringfence.storage.columns import leads_to
from ringfence.storage.tables import Customer, User
from ringfence.visibility.intervals import nested, union
from ringfence.visibility.reach import Reach, read_reach

Group = tuple[SecurityGroupState, RoleState | None]
"""A security group and its role."""
Side = Literal["before", "after"]


class Judge:
    """Judges one change, by the authority of its editor."""

    def __init__(self, authority: Authority, at: datetime) -> None:
        self.authority = authority
        self.connection = authority.connection
        self.tenant_id = authority.tenant_id
        self.at = at

    # Whom it reaches.

    def touched(self, edits: Iterable[Edit]) -> set[int]:
        """Users who are edited, and those who get a group or a site that is brought back as it was."""
        touched = {edit.id for edit in edits if edit.of is USERS}
        return touched.union(*(put_in(edit) for edit in edits if edit.of is not DEVICES)) - {self.authority.editor}

    def affected(self, edits: Sequence[Edit]) -> set[int]:
        """Whoever's access stands on what is edited, as it is in this moment of the transaction: nobody gives away of
        it what they do not hold."""
        found = self.regaining(edits)
        for kind, of in EDITED.items():
            if of.grants:
                found |= ledger.users_of(
                    self.connection, self.tenant_id, kind, [edit.id for edit in edits if edit.kind == kind]
                )
        return found

    def regaining(self, edits: Iterable[Edit]) -> set[int]:
        """The users who get a site that is brought back, or are in groups that name such a customer."""
        named: dict[StateKind, set[int]] = {}
        for edit in edits:
            if edit.before is None and edit.after is not None and not edit.of.movable:
                for name, (_, ties) in edit.of.ties.items():
                    if ties.whole and not ties.back:
                        named.setdefault(ties.kind, set()).update(getattr(edit.after, name))
        return set[int]().union(
            *(ledger.users_of(self.connection, self.tenant_id, kind, ids) for kind, ids in named.items())
        )

    def watched(self) -> set[int]:
        """The users for whom it is measured what comes, goes and moves: the editor, and those whom they may list."""
        homes = select(User.id, Customer.path).join(Customer, leads_to(User.home_id, Customer))
        rows = self.connection.execute(homes.where(User.tenant_id == self.tenant_id))
        own, editor = self.authority.own, self.authority.editor
        return {user for user, path in rows if user == editor or own.contains(USERS.permission, path)}

    # What it gives.

    def demand_held(self, edits: Sequence[Edit], side: Side) -> Mapping[int, Group]:
        """Raises Refused unless the editor holds all that the roles and groups give which are edited, on one side;
        returns the security groups by id."""
        for edit in edits:
            state = edit.before if side == "before" else edit.after
            if state is not None and edit.kind in _GIVING:
                _GIVING[edit.kind](self.authority, state)
        groups = self._groups(edits, side)
        for group, (state, role) in groups.items():
            nodes = extent(state, self.authority.paths)
            if state.scope == ALL:  # whoever is in it has it over all of their own home
                users = ledger.users_of(self.connection, self.tenant_id, SECURITY_GROUPS.noun, [group])
                homes = ledger.homes(self.connection, self.tenant_id, users)
                nodes = union([*nodes, *(nested(path) for path in set(homes.values()))])
            demand_group(self.authority.own, nodes, role)
        return groups

    def _groups(self, edits: Sequence[Edit], side: Side) -> Mapping[int, Group]:
        """The security groups that are edited or whose role is, at this moment."""
        groups: dict[int, SecurityGroupState | None] = {}
        known = edits if side == "before" else [edit for edit in edits if edit.after is not None]
        for edit, before, after in edits_of(known, SecurityGroupState):
            groups[edit.id] = before if side == "before" else after
        for edit in known:
            if edit.of is ROLES:
                for group in ledger.groups_of_role(self.connection, self.tenant_id, edit.id):
                    groups.setdefault(group, None)
        unread = [group for group, state in groups.items() if state is None]
        read = ledger.states(self.connection, self.tenant_id, SecurityGroupState, unread)
        states = {group: state or read[group] for group, state in groups.items() if state or group in read}
        self.authority.read_paths_of(states.items())
        used = [state.role for state in states.values() if state.role is not None and state.role >= 0]
        roles = ledger.states(self.connection, self.tenant_id, RoleState, used)
        return {group: (state, roles.get(state.role or 0)) for group, state in states.items()}

    # What it came to.

    def demand(
        self,
        edits: Sequence[Edit],
        before: Mapping[int, Reach],
        after: Mapping[int, Reach],
        touched: set[int],
        administrators: int,
    ) -> None:
        """Raises Refused unless what was written is what the editor may bring about."""
        authority = self.authority
        if any(edit.of not in _PLAIN for edit in edits):
            # Nobody changes their own grants, but the customers that these name may have moved.
            own = read_reach(
                self.connection, authority.tenant_id, authority.editor, self.at, authority.own.grants.narrowing
            )
            assert own is not None
            authority.forget(own)
            authority.read_paths(edits)
        for state, role in self.demand_held(edits, "after").values():
            if role is None:
                continue
            if role.private and len(ledger.groups_of_role(self.connection, self.tenant_id, state.role or 0)) > 1:
                raise Refused("this role is private to another security group: copy it", "role")
            if state.made_for is not None and (role.permissions is None or POLICY_EDIT in role.permissions):
                raise Refused("a group made for one customer never edits policies", "permissions")
        demand_users(authority.own, (after[user] for user in touched if user in after), "this user would have")
        demand_gains(authority.own, before, {user: reach for user, reach in after.items() if user not in touched})
        may_end_one = administrators and self._may_end_one(edits, before, after)
        if may_end_one and not full_administrators(self.connection, self.tenant_id):
            raise Refused("this would leave nobody who may do everything: keep one full administrator")
        if any(edit.of is not DEVICES for edit in edits):  # devices alone change nothing of what anybody reaches
            authority.demand_still(edits)
        self._demand_room(edits)
        self._demand_depth(edits)

    def _may_end_one(self, edits: Sequence[Edit], before: Mapping[int, Reach], after: Mapping[int, Reach]) -> bool:
        """Whether an administrator may have become none: not where only users were edited, and none of their grants."""
        if any(edit.of not in _PLAIN for edit in edits):
            return True
        return {user: reach.grants for user, reach in before.items()} != {
            user: reach.grants for user, reach in after.items()
        }

    def _demand_room(self, edits: Sequence[Edit]) -> None:
        """Raises Refused where a customer would hold more than its limits, or those above it, allow."""
        nodes: set[int] = set()
        for edit in edits:
            if edit.of is CUSTOMERS:
                nodes.add(edit.id)
            elif edit.kind in COUNTED and edit.after is not None:
                node = node_of(edit.after)
                if edit.before is None or node_of(edit.before) != node:
                    nodes.add(node)
        paths = [self.authority.paths[node] for node in nodes if node in self.authority.paths]
        if paths:
            demand_room(self.connection, self.tenant_id, paths, seen_by(self.authority.own))

    def _demand_depth(self, edits: Sequence[Edit]) -> None:
        longest = limits.PATH[self.connection.dialect.name]
        for edit in edits:
            if edit.of is not CUSTOMERS or edit.after is None or edit.action not in ("create", "move"):
                continue
            path = self.authority.paths[edit.id]
            deepest = len(path)
            if edit.action == "move":
                deepest = writing.deepest(self.connection, self.tenant_id, path)
            if deepest > longest:
                raise Refused("customers are nested no deeper than this: choose one nearer to the top", "parent")


_PLAIN: Final = (DEVICES, USERS)
"""What changes nothing of what anybody reaches but those users themselves."""


def _demand_role(authority: Authority, role: RoleState) -> None:
    demand_permissions(authority.own, role.permissions)


def _demand_filter(authority: Authority, group: CustomerGroupState) -> None:
    if not authority.own.covers(CUSTOMERS.permission, extent(group, authority.paths)):
        raise lacks(CUSTOMERS.permission, "it holds more customers than you may see", "customers")


_GIVING: Final[Mapping[StateKind, Callable[[Authority, Any], None]]] = {
    ROLES.noun: _demand_role,
    CUSTOMER_GROUPS.noun: _demand_filter,
}
"""What is demanded of a record by itself that gives something; of a security group, it is with its role."""
