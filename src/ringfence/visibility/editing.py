"""A change of access, whole or not at all: checked at both ends, written, audited, in one transaction of its caller's.

The order: what is edited is read and compared with what the editor was shown; the editor must see it and may do that
to it; it is written; what it reaches is worked out anew and checked against the editor's own reach; the audit is
written last. Any refusal is an exception, upon which the caller rolls back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from ringfence.domain.customer import Customer
from ringfence.domain.customer_group import CustomerGroup
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.permission import POLICY_EDIT
from ringfence.domain.role import Role
from ringfence.domain.security_group import ALL, SecurityGroup
from ringfence.domain.site import Site
from ringfence.domain.tenant import Tenant
from ringfence.visibility import ledger
from ringfence.visibility.audit import Actor, Event, Words, append, noun
from ringfence.visibility.escalation import (
    demand_gains,
    demand_group,
    demand_permissions,
    demand_users,
    extent,
    full_administrators,
)
from ringfence.visibility.impact import Difference, differences
from ringfence.visibility.intervals import nested, union
from ringfence.visibility.reach import Reach, read_reaches
from ringfence.visibility.sound import demand_fitting, demand_sound
from ringfence.visibility.states import (
    CustomerGroupState,
    Edit,
    RoleState,
    SecurityGroupState,
    State,
    StateKind,
    UserState,
    changed,
    rebased,
)

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is; it may raise Cancelled."""

_ORDER: Final[tuple[StateKind, ...]] = ("role", "customer_group", "security_group", "user")
_CHUNK: Final = 500
_OWN_PROFILE: Final = frozenset({"name", "email"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change came to: its number in the audit, the ids of what it created by the ids that stood for them, and
    for each user who gains or loses anything, what. ``gone`` are the users who were deleted."""

    change: int
    created: Mapping[int, int]
    differences: Mapping[int, Difference]
    gone: Mapping[int, UserState]


def apply(
    connection: Connection,
    tenant_id: int,
    actor: Actor,
    edits: Sequence[Edit],
    at: datetime,
    *,
    measuring: bool = False,
    undoes: int | None = None,
) -> Outcome:
    """Makes a change, in a writing transaction. ``measuring`` works out who gains and loses what.

    Raises Refused, or Conflict where a record is not what the editor was shown.
    """
    return _Change(connection, tenant_id, actor, at).run(list(edits), measuring, undoes)


class _Change:
    def __init__(self, connection: Connection, tenant_id: int, actor: Actor, at: datetime) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.actor = actor
        self.at = at
        assert actor.user_id is not None
        self.editor: int = actor.user_id
        # Held to the end: changes of a tenant's access come one after the other, and so does its audit chain.
        connection.execute(select(Tenant.version).where(Tenant.id == tenant_id).with_for_update()).scalar_one()
        reaches = read_reaches(connection, [self.editor], at)
        if self.editor not in reaches or not reaches[self.editor].grants.active:
            raise Refused("you have been deactivated: nothing was changed")
        self.own = reaches[self.editor]
        self.own_groups = ledger.groups_of_user(connection, self.editor)  # those without a role give nothing yet
        self.ids: dict[int, int] = {}
        self.paths: dict[int, str] = {}

    def run(self, edits: list[Edit], measuring: bool, undoes: int | None) -> Outcome:
        demand_fitting(edits)
        edits = [self._current(edit) for edit in edits]
        edits += [self._current(edit) for edit in self._leaving(edits)]
        if undoes is None:
            edits = [_without_key(edit) for edit in edits]
        edits = [edit for edit in edits if edit.before != edit.after]
        if not edits:
            raise Refused("nothing was changed")
        self._read_paths(edits)
        for edit in edits:
            self._may(edit)
        touched = self._touched(edits)
        affected = self._affected(edits)
        before = read_reaches(self.connection, affected, self.at)
        self._demand_groups(self._extents(edits, "before"))
        demand_users(self.own, (before[user] for user in touched if user in before), "this user already has")
        administrators = full_administrators(self.connection, self.tenant_id)
        words = Words(self.connection, self.tenant_id)
        events, created = self._write(edits, words)
        self._read_paths(edits)
        affected |= self._affected(edits)
        touched = self._touched(edits)
        after = read_reaches(self.connection, affected, self.at)
        self._check(edits, before, after, touched, administrators)
        found = {}
        if measuring:
            found = differences(self.connection, self.tenant_id, before, after, sorted(affected))
        self.connection.execute(update(Tenant).where(Tenant.id == self.tenant_id).values(version=Tenant.version + 1))
        change = append(self.connection, self.tenant_id, self.actor, events, undoes)
        return Outcome(change, created, found, _deleted(edits))

    # Reading what is edited.

    def _leaving(self, edits: Sequence[Edit]) -> list[Edit]:
        """What goes along: the private role of a group that is deleted or gets another one."""
        known = {(edit.kind, edit.id) for edit in edits}
        more = []
        for edit in edits:
            if not isinstance(edit.before, SecurityGroupState) or edit.before.role is None:
                continue
            leaving = edit.after is None or (
                isinstance(edit.after, SecurityGroupState) and edit.after.role != edit.before.role
            )
            if leaving and ("role", edit.before.role) not in known:
                found = ledger.read(self.connection, self.tenant_id, "role", edit.before.role)
                if found and isinstance(found[0], RoleState) and found[0].private:
                    more.append(Edit("role", edit.before.role, found[0], None))
        return more

    def _current(self, edit: Edit) -> Edit:
        """The edit upon the record as it is now. Raises Conflict where it was changed since."""
        if edit.before is None:
            return edit
        whole = edit.after is None
        found = ledger.read(self.connection, self.tenant_id, edit.kind, edit.id, whole=whole)
        if found is not None and not self._own_profile(edit):
            self._read_paths([replace(edit, before=found[0], after=None)])
            if not self._seen(edit, self.paths[_node(found[0])]):
                found = None  # hidden, and so as good as missing
        if found is None:
            raise Conflict(f"this {noun(edit.kind)} is not there any more", edit.kind, edit.id, None, 0, "")
        state, revision = found
        if edit.revision and revision != edit.revision:
            raise Conflict(f"this {noun(edit.kind)} was changed meanwhile", edit.kind, edit.id, state, revision, "")
        after = None if edit.after is None else rebased(state, edit.before, edit.after)
        return replace(edit, before=state, after=after, revision=revision)

    def _read_paths(self, edits: Iterable[Edit]) -> None:
        """The paths of every customer that the states name."""
        wanted: set[int] = set()
        for edit in edits:
            for state in (edit.before, edit.after):
                if isinstance(state, UserState):
                    wanted.add(state.home)
                elif state is not None:
                    wanted.add(state.owner)
                if isinstance(state, SecurityGroupState | CustomerGroupState):
                    wanted.update(state.customers)
                if isinstance(state, SecurityGroupState) and state.made_for is not None:
                    wanted.add(state.made_for)
        missing = sorted(wanted - self.paths.keys())
        for start in range(0, len(missing), _CHUNK):
            query = select(Customer.id, Customer.path).where(
                Customer.tenant_id == self.tenant_id, Customer.id.in_(missing[start : start + _CHUNK])
            )
            self.paths.update((own, path) for own, path in self.connection.execute(query).all())

    # Who may.

    def _may(self, edit: Edit) -> None:
        """Raises Refused unless the editor may do this to the record, as it is and as it would be."""
        for state in (edit.before, edit.after):
            if state is not None:
                self._may_at(edit, state)
        if edit.before is not None:
            self._own_branch(edit)
        if edit.before is None and edit.after is not None:
            self._may_put_in(_put_in(edit))
            if edit.after.key and ledger.key_of(self.connection, edit.kind, self.tenant_id, edit.after.key) is not None:
                raise Refused(f"there is a {noun(edit.kind)} with the key {edit.after.key!r} again")
        if isinstance(edit.before, RoleState) and edit.before.builtin:
            raise Refused("a built-in role is copied, not changed: copy it, and change the copy")
        if edit.after is not None:
            self._references(edit.before, edit.after)
            demand_sound(self.connection, edit)

    def _may_at(self, edit: Edit, state: State) -> None:
        field = "home" if isinstance(state, UserState) else "owner"
        if self._own_profile(edit):
            return  # anything else of themselves is refused below
        path = self.paths.get(_node(state))
        if path is None or not self._seen(edit, path):
            raise Refused("choose a customer that you may see", field)
        if not self.own.contains(f"{edit.kind}.{edit.action}", path):
            verb = edit.action
            raise Refused(f"you may not {verb} a {noun(edit.kind)} there", field)

    def _own_profile(self, edit: Edit) -> bool:
        return edit.kind == "user" and edit.id == self.editor and edit.before is not None and edit.after is not None

    def _seen(self, edit: Edit, path: str) -> bool:
        """Whether the editor may know of records of the kind at a node."""
        permissions = (f"{edit.kind}.list", f"{edit.kind}.view", f"{edit.kind}.{edit.action}")
        return any(self.own.contains(permission, path) for permission in permissions)

    def _own_branch(self, edit: Edit) -> None:
        """Nobody edits or deletes the grant that they stand on themselves, nor one that would become so."""
        if edit.kind == "user" and edit.id == self.editor:
            assert edit.before is not None
            if edit.after is None:
                raise Refused("this is you: somebody else must delete you")
            if not set(changed(edit.before, edit.after)) <= _OWN_PROFILE:
                raise Refused("this is you: somebody else must change what you may see and do")
        stands = False
        if edit.kind == "security_group":
            stands = edit.id in self.own_groups
        elif edit.kind == "customer_group":
            stands = edit.id in (self.own.grants.given or ())
        elif edit.kind == "role":
            stands = not self.own_groups.isdisjoint(ledger.groups_of_role(self.connection, edit.id))
        if stands:
            raise Refused(f"you stand on this {noun(edit.kind)} yourself: somebody else must change it")

    def _may_put_in(self, users: set[int]) -> None:
        """Raises Refused unless the editor may change each of the users."""
        homes = ledger.homes(self.connection, self.tenant_id, users)
        for user in users:
            if user == self.editor or user not in homes or not self.own.contains("user.edit", homes[user]):
                raise Refused("it was given to somebody whom you may not change")

    def _references(self, before: State | None, after: State) -> None:
        """Raises Refused unless the editor may see everything that the record newly refers to."""
        if isinstance(after, SecurityGroupState | CustomerGroupState):
            known = before.customers if isinstance(before, SecurityGroupState | CustomerGroupState) else {}
            for customer in after.customers.keys() - known.keys():
                path = self.paths.get(customer)
                if path is None or not self.own.sees("customer.list", path):
                    raise Refused("one of the customers is not there any more", "customers")
        if isinstance(after, SecurityGroupState):
            old = before if isinstance(before, SecurityGroupState) else None
            if after.role is not None and after.role >= 0 and (old is None or after.role != old.role):
                self._see(Role, "role", [after.role], "role")
            if after.made_for is not None and (old is None or after.made_for != old.made_for):
                path = self.paths.get(after.made_for)
                if path is None or not self.own.sees("customer.list", path):
                    raise Refused("this customer is not there any more", "customers")
        if isinstance(after, UserState):
            old_user = before if isinstance(before, UserState) else None
            groups = {group for group, _ in after.security_groups}
            if old_user is not None:
                groups -= {group for group, _ in old_user.security_groups}
            filters = after.customer_groups - (old_user.customer_groups if old_user else frozenset())
            sites = after.sites - (old_user.sites if old_user else frozenset())
            self._see(SecurityGroup, "security_group", [g for g in groups if g >= 0], "security_groups")
            self._see(CustomerGroup, "customer_group", [g for g in filters if g >= 0], "customer_groups")
            self._see(Site, "site", list(sites), "sites")

    def _see(self, mapped: Any, kind: str, wanted: Sequence[int], field: str) -> None:
        if not wanted:
            return
        owner = mapped.customer_id if mapped is Site else mapped.owner_id
        query = select(mapped.id, Customer.path).join(Customer, Customer.id == owner)
        rows = self.connection.execute(query.where(mapped.id.in_(wanted), mapped.tenant_id == self.tenant_id))
        seen = {record for record, path in rows if self.own.contains(f"{kind}.list", path)}
        if mapped is Site:
            seen |= {site.site_id for site in self.own.region("site.list").sites}
        if not set(wanted) <= seen:
            raise Refused(f"one of the {noun(kind)}s is not there any more", field)

    # Writing.

    def _write(self, edits: list[Edit], words: Words) -> tuple[list[Event], dict[int, int]]:
        for index, edit in sorted(enumerate(edits), key=lambda one: _ORDER.index(one[1].kind)):
            if edit.after is None:
                continue
            after = self._resolved(edit.after)
            if edit.before is None:
                record, after = ledger.create(self.connection, self.tenant_id, after)
                self.ids[edit.id] = record
                edits[index] = replace(edit, id=record, after=after)
            else:
                ledger.change(self.connection, edit.id, edit.before, after, edit.revision)
                edits[index] = replace(edit, after=after)
        edits[:] = [self._left(edit, edits) for edit in edits]
        events = [_event(edit, words) for edit in edits]
        for edit in sorted(edits, key=lambda one: -_ORDER.index(one.kind)):
            if edit.after is None and edit.before is not None:
                if edit.kind == "role" and ledger.groups_of_role(self.connection, edit.id):
                    raise Refused("security groups use this role: give them another one first")
                ledger.remove(self.connection, edit.id, edit.before)
        return events, dict(self.ids)

    def _left(self, edit: Edit, edits: Sequence[Edit]) -> Edit:
        """The deletion of a group with the users whom it still has: those who left it, or go themselves, in this same
        change get it back by their own entries."""
        if edit.after is not None or edit.kind not in ("security_group", "customer_group"):
            return edit
        found = ledger.read(self.connection, self.tenant_id, edit.kind, edit.id, whole=True)
        assert found is not None
        going = {other.id for other in edits if other.kind == "user" and other.after is None}
        state = found[0]
        if isinstance(state, SecurityGroupState):
            state = replace(state, members=frozenset(one for one in state.members if one[0] not in going))
        elif isinstance(state, CustomerGroupState):
            state = replace(state, users=state.users - going)
        return replace(edit, before=state)

    def _resolved(self, state: State) -> State:
        """A state whose references to what this change creates are real ids."""
        if isinstance(state, SecurityGroupState) and state.role in self.ids:
            return replace(state, role=self.ids[state.role])
        if isinstance(state, UserState):
            groups = frozenset((self.ids.get(group, group), window) for group, window in state.security_groups)
            filters = frozenset(self.ids.get(group, group) for group in state.customer_groups)
            return replace(state, security_groups=groups, customer_groups=filters)
        return state

    # Checking what it came to.

    def _touched(self, edits: Iterable[Edit]) -> set[int]:
        """Users who are edited, and those who are put into a group that is brought back with its members."""
        touched = {edit.id for edit in edits if edit.kind == "user" and edit.id != self.editor}
        return touched.union(*(_put_in(edit) for edit in edits))

    def _affected(self, edits: Iterable[Edit]) -> set[int]:
        """Whoever's access stands on what is edited, as it is in this moment of the transaction."""
        found: set[int] = set()
        for kind in _ORDER:
            found |= ledger.users_of(self.connection, kind, (edit.id for edit in edits if edit.kind == kind))
        return found

    def _extents(self, edits: Iterable[Edit], side: str) -> dict[int, tuple[State, RoleState | None]]:
        """The security groups that are edited or whose role is, with their roles, at this moment."""
        groups = {
            edit.id: edit.before if side == "before" else edit.after for edit in edits if edit.kind == "security_group"
        }
        for edit in edits:
            if edit.kind == "role":
                for group in ledger.groups_of_role(self.connection, edit.id):
                    groups.setdefault(group, None)
        found: dict[int, tuple[State, RoleState | None]] = {}
        for group, state in groups.items():
            if state is None:
                read = ledger.read(self.connection, self.tenant_id, "security_group", group)
                if read is None:
                    continue
                state = read[0]
                self._read_paths([Edit("security_group", group, state, None)])
            assert isinstance(state, SecurityGroupState)
            role = None
            if state.role is not None and state.role >= 0:
                held = ledger.read(self.connection, self.tenant_id, "role", state.role)
                role = held[0] if held and isinstance(held[0], RoleState) else None
            found[group] = (state, role)
        return found

    def _demand_groups(self, groups: Mapping[int, tuple[State, RoleState | None]]) -> None:
        for group, (state, role) in groups.items():
            assert isinstance(state, SecurityGroupState)
            nodes = extent(state, self.paths)
            if state.scope == ALL:  # whoever is in it has it over all of their own home
                homes = ledger.homes(
                    self.connection, self.tenant_id, ledger.users_of(self.connection, "security_group", [group])
                )
                nodes = union([*nodes, *(nested(path) for path in set(homes.values()))])
            demand_group(self.own, nodes, role)

    def _check(
        self,
        edits: Sequence[Edit],
        before: Mapping[int, Reach],
        after: Mapping[int, Reach],
        touched: set[int],
        administrators: int,
    ) -> None:
        for edit in edits:
            for state in (edit.before, edit.after):
                if isinstance(state, RoleState):
                    demand_permissions(self.own, state.permissions)
                elif isinstance(state, CustomerGroupState) and not self.own.covers(
                    "customer.list", extent(state, self.paths)
                ):
                    raise Refused("it holds more customers than you may see", "customers")
        groups = self._extents([edit for edit in edits if edit.after is not None], "after")
        self._demand_groups(groups)
        for state, role in groups.values():
            assert isinstance(state, SecurityGroupState)
            if role is None:
                continue
            if role.private and len(ledger.groups_of_role(self.connection, state.role or 0)) > 1:
                raise Refused("this role is private to another security group: copy it", "role")
            if state.made_for is not None and (role.permissions is None or POLICY_EDIT in role.permissions):
                raise Refused("a group made for one customer never edits policies", "permissions")
        demand_users(self.own, (after[user] for user in touched if user in after), "this user would have")
        demand_gains(self.own, before, {user: reach for user, reach in after.items() if user not in touched})
        if administrators and not full_administrators(self.connection, self.tenant_id):
            raise Refused("this would leave nobody who may do everything: keep one full administrator")
        # Nobody can change their own grants, so the editor's reach is what it was; read again all the same.
        own = read_reaches(self.connection, [self.editor], self.at).get(self.editor)
        for edit in edits:
            if edit.after is None or (edit.kind == "user" and edit.id == self.editor):
                continue
            if own is None or not own.contains(f"{edit.kind}.{edit.action}", self.paths[_node(edit.after)]):
                raise Refused("it would fall outside of what you may change")


def _deleted(edits: Iterable[Edit]) -> dict[int, UserState]:
    return {edit.id: edit.before for edit in edits if edit.after is None and isinstance(edit.before, UserState)}


def _node(state: State) -> int:
    """The node that a record belongs to."""
    return state.home if isinstance(state, UserState) else state.owner


def _put_in(edit: Edit) -> set[int]:
    """The users whom a new group comes with: one that is brought back."""
    if edit.before is None and isinstance(edit.after, SecurityGroupState):
        return {user for user, _ in edit.after.members}
    return set(edit.after.users) if edit.before is None and isinstance(edit.after, CustomerGroupState) else set()


def _without_key(edit: Edit) -> Edit:
    """A new record gets a key of its own; only what is brought back has the one that it had."""
    if edit.before is not None or edit.after is None:
        return edit
    return replace(edit, after=replace(edit.after, key=""))


def _event(edit: Edit, words: Words) -> Event:
    state = edit.after or edit.before
    assert state is not None
    return Event(edit.action, edit.kind, state.key, state.name, _node(state), words.detail(edit))
