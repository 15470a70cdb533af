"""A change, whole or not at all: checked at both ends, written, audited, in one transaction of its caller's.

The order: what is edited is read and compared with what the editor was shown; the editor must see it and may do that
to it; it is written; what it reaches is worked out anew and checked against the editor's own reach; the audit is
written last. Any refusal is an exception, upon which the caller rolls back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, update

from ringfence.changes import cascade, ledger, writing
from ringfence.changes.audit import Actor, Event, Words, append, noun
from ringfence.changes.authority import Authority, put_in
from ringfence.changes.cascade import Herd
from ringfence.changes.edits import Edit, rebased
from ringfence.changes.escalation import (
    demand_gains,
    demand_group,
    demand_permissions,
    demand_users,
    extent,
    full_administrators,
)
from ringfence.changes.events import told
from ringfence.changes.flow import Flow
from ringfence.changes.impact import Impact, impacts
from ringfence.changes.quota import demand_room, seen_by
from ringfence.changes.raising import gives_back, raised, refusal
from ringfence.changes.validity import demand_fitting, demand_sound, demand_staying
from ringfence.domain import limits
from ringfence.domain.customer import CustomerState
from ringfence.domain.customer_group import CustomerGroupState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.kind import State, StateKind, altered, kind_of, with_ids
from ringfence.domain.permission import POLICY_EDIT
from ringfence.domain.registry import EDITED, node_of
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import ALL, SecurityGroupState
from ringfence.domain.text import trimmed
from ringfence.domain.user import UserState
from ringfence.storage.bulk import uncollected
from ringfence.storage.rehearsal import leave_out, rehearsed
from ringfence.storage.tables import Customer, Device, Tenant, User
from ringfence.visibility.intervals import nested, union
from ringfence.visibility.reach import Reach, read_reaches

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is; it may raise Cancelled."""

_ACCESS: Final[tuple[StateKind, ...]] = ("role", "customer_group", "security_group", "user")
"""What decides who sees what: nobody gives away of it what they do not hold."""


def _silent(_step: str, _done: int, _all: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change came to: its number in the audit, the ids of what it created by the ids that stood for them, for
    each user who gains or loses anything what, as far as the editor may know, and the edits as they were made.

    ``along`` counts what nobody named and goes with a customer, of what the editor may list; ``hidden`` says that
    something else goes too. ``gone`` are the users who were deleted. ``own`` is what the editor reached before, and
    ``flow`` what came, went and moved: None where nothing was measured.
    """

    change: int
    created: Mapping[int, int]
    impacts: Mapping[int, Impact]
    gone: Mapping[int, UserState]
    edits: Sequence[Edit]
    along: Mapping[StateKind, int]
    hidden: bool
    own: Reach
    flow: Flow | None


def apply(
    connection: Connection,
    tenant_id: int,
    actor: Actor,
    edits: Sequence[Edit],
    at: datetime,
    *,
    measuring: bool = False,
    undoes: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Makes a change, in a writing transaction. ``measuring`` works out who gains and loses what.

    Raises Refused, or Conflict where a record is not what the editor was shown.
    """
    with uncollected(len(edits)):
        return _Change(connection, tenant_id, actor, at, progress or _silent).run(list(edits), measuring, undoes)


class _Change:
    def __init__(self, connection: Connection, tenant_id: int, actor: Actor, at: datetime, progress: Progress) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.actor = actor
        self.at = at
        self.progress = progress
        assert actor.user_id is not None
        self.editor: int = actor.user_id
        held = select(Tenant.audit_count).where(Tenant.id == tenant_id)
        if not rehearsed(connection):
            # Held to the end: changes of a tenant's access come one after the other, and so does its audit chain.
            held = held.with_for_update(key_share=True)
        # No record has been edited more often than the audit has entries.
        self.revision = connection.execute(held).scalar_one() + 1
        reaches = read_reaches(connection, [self.editor], at)
        if self.editor not in reaches or not reaches[self.editor].grants.active:
            raise Refused("you have been deactivated: nothing was changed")
        self.own = reaches[self.editor]
        self.authority = Authority(connection, tenant_id, self.editor, self.own)
        self.ids: dict[int, int] = {}
        self.shifts: list[tuple[str, str]] = []

    @property
    def paths(self) -> dict[int, str]:
        """The paths of the customers that the edits name."""
        return self.authority.paths

    def run(self, edits: list[Edit], measuring: bool, undoes: int | None) -> Outcome:
        demand_fitting(edits)
        total = len(edits)
        self.progress("Checking", 0, total)
        edits = self._current(edits)
        if undoes is None:
            edits = [_afresh(_trimmed(edit)) for edit in edits]
        edits = [edit for edit in edits if (edit.before is None) is not (edit.after is None) or edit.changed]
        if not edits:
            raise Refused("nothing was changed")
        going, herd = self._going_along(edits, undoes)
        edits = cascade.placed(self.connection, [*edits, *going], self.own)
        total = len(edits)
        self.progress("Checking", total // 3, total)
        self.authority.read_paths(edits)
        self.authority.demand(edits, {(edit.kind, edit.id) for edit in going}, herd.places)
        self._demand_free_keys(edits)
        demand_staying(edits)
        unseen = self._unseen(edits) if undoes is not None else frozenset()
        demand_sound(self.connection, self.tenant_id, edits, herd, restoring=undoes is not None, hidden=unseen)
        flow = Flow(edits, self.paths, herd)
        listed, hidden = cascade.counted(self.authority, going, herd) if measuring else (Counter[StateKind](), False)
        own = self.own
        touched = self._touched(edits)
        affected = self._affected(edits)
        watched = self._watched(flow) if measuring else set()
        before = read_reaches(self.connection, affected | watched, self.at)
        self._demand_states(edit.before for edit in edits)
        self._demand_groups(self._extents(edits, "before"))
        demand_users(self.own, (before[user] for user in touched if user in before), "this user already has")
        administrators = full_administrators(self.connection, self.tenant_id)
        gone = {edit.id: edit.before for edit in edits if edit.after is None and isinstance(edit.before, UserState)}
        self.progress("Writing", 0, total)
        events = self._write(edits, herd)
        self.progress("Writing", total, total)
        affected |= self._affected(edits)
        touched = touched | self._touched(edits)
        after = read_reaches(self.connection, affected | watched, self.at)
        if self.editor in self._regaining(edits) and not self._gives_back(undoes, edits):
            demand_gains(self.own, before, {self.editor: after[self.editor]})
        self._check(edits, before, {user: after[user] for user in affected if user in after}, touched, administrators)
        flow.settle(edits, self.paths, self.shifts)
        gained = raised(own, self.own, flow)
        if gained and not self._gives_back(undoes, edits):
            raise refusal(gained)
        found: Mapping[int, Impact] = {}
        if measuring:
            found = impacts(self.connection, self.tenant_id, (own, self.own), before, after, flow)
        change = 0 if rehearsed(self.connection) else self._audit(events, total, undoes)
        return Outcome(change, self.ids, found, gone, edits, listed, hidden, own, flow if measuring else None)

    def _audit(self, events: Sequence[Event], total: int, undoes: int | None) -> int:
        """Writes the audit, and tells of its entries as of the edits that they are about; returns the change's
        number."""
        self.connection.execute(update(Tenant).where(Tenant.id == self.tenant_id).values(version=Tenant.version + 1))
        self.progress("Writing the audit", 0, total)

        def written(done: int) -> None:
            self.progress("Writing the audit", done * total // len(events), total)

        return append(self.connection, self.tenant_id, self.actor, events, undoes, written)

    # Reading what is edited.

    def _current(self, edits: list[Edit]) -> list[Edit]:
        """The edits upon the records as they are now. Raises Conflict where one was changed since."""
        wanted: defaultdict[tuple[StateKind, bool], list[int]] = defaultdict(list)
        for edit in edits:
            if edit.before is not None:
                wanted[edit.kind, edit.after is None].append(edit.id)
        known = {
            (kind, whole): ledger.read_many(self.connection, self.tenant_id, kind, ids, whole=whole)
            for (kind, whole), ids in wanted.items()
        }
        found = {
            (edit.kind, edit.id): known[edit.kind, edit.after is None].get(edit.id)
            for edit in edits
            if edit.before is not None
        }
        self.authority.read_paths_of((own, now[0]) for (_, own), now in found.items() if now is not None)
        return [
            edit if edit.before is None else self._rebased(edit, edit.before, found[edit.kind, edit.id])
            for edit in edits
        ]

    def _rebased(self, edit: Edit, shown: State, found: tuple[State, int] | None) -> Edit:
        if found is not None and (
            (shown.key and shown.key != found[0].key)  # another record, under an id that was free again
            or not self.authority.sees(edit, found[0])  # hidden, and so as good as missing
        ):
            found = None
        if found is None:
            raise Conflict(f"this {noun(edit.kind)} is not there any more", edit.kind, edit.id, None, 0, "")
        state, revision = found
        if edit.revision and revision != edit.revision:
            raise Conflict(f"this {noun(edit.kind)} was changed meanwhile", edit.kind, edit.id, state, revision, "")
        after = edit.after
        if after is not None and (state != shown or after.key != state.key or isinstance(after, CustomerState)):
            after = rebased(state, shown, after)
        elif state == shown and revision == edit.revision:
            return edit
        return Edit(edit.kind, edit.id, state, after, revision)

    def _going_along(self, edits: Sequence[Edit], undoes: int | None) -> tuple[list[Edit], Herd]:
        """What goes with what is edited, without being named."""
        belonging, herd = cascade.belongings(self.connection, self.tenant_id, edits)
        if (belonging or herd) and undoes is not None:
            raise Refused("other things belong to it by now: undo those first")
        return belonging + cascade.private_roles(self.connection, self.tenant_id, [*edits, *belonging]), herd

    def _demand_free_keys(self, edits: Sequence[Edit]) -> None:
        wanted: defaultdict[StateKind, list[str]] = defaultdict(list)
        for edit in edits:
            if edit.before is None and edit.after is not None and edit.after.key:
                wanted[edit.kind].append(edit.after.key)
        for kind, keys in wanted.items():
            if ledger.keys_of(self.connection, kind, self.tenant_id, keys):
                raise Refused(f"there is a {noun(kind)} with the key of one that would come back")

    def _unseen(self, edits: Sequence[Edit]) -> frozenset[int]:
        """The devices that come back and that the editor may not list then: those went along unseen."""
        coming = [edit for edit in edits if edit.before is None]
        above = {edit.id: edit.after.parent for edit in coming if isinstance(edit.after, CustomerState)}
        found = set()
        for edit in coming:
            if isinstance(edit.after, DeviceState):
                node = edit.after.customer
                while node in above:
                    node = above[node]
                if node == edit.after.customer:
                    listed = self.authority.lists("device", node, edit.after.site)
                else:
                    listed = self.own.covers("device.list", [nested(self.paths[node])])
                if not listed:
                    found.add(edit.id)
        return frozenset(found)

    # Writing.

    def _write(self, edits: list[Edit], herd: Herd) -> list[Event]:
        """Writes the edits, which are as they were made afterwards; returns what the audit says of them."""
        devices = ((edit.id, edit.before, edit.after) for edit in edits if edit.kind == "device")
        writing.free_unit_ids(self.connection, devices)
        self._create(edits)
        for kind in EDITED:
            staying = (e for e in edits if e.kind == kind and e.before is not None and e.after is not None)
            writing.change(self.connection, kind, staying)
        moved = {
            edit.id: edit.after.parent
            for edit in edits
            if isinstance(edit.after, CustomerState) and edit.before is not None and "move" in edit.actions
        }
        self.shifts = writing.move(self.connection, self.tenant_id, moved)
        for edit in edits:
            if edit.after is not None and edit.of.ties:
                writing.tie(self.connection, edit.id, edit.before or edit.of.blank, edit.after)
        events = []
        if not rehearsed(self.connection):  # what is left of what goes is there for the audit
            edits[:] = cascade.left(self.connection, self.tenant_id, edits)
            words = Words(self.connection, self.tenant_id)
            words.know({own: key for own, (key, _) in self.authority.names.items()})
            events = told(edits, words, self.authority)
        self._remove(edits, herd)
        writing.count_devices(self.connection, writing.device_steps((edit.before, edit.after) for edit in edits))
        return events

    def _create(self, edits: list[Edit]) -> None:
        coming = {kind: [e for e in edits if e.kind == kind and e.before is None] for kind in EDITED}
        former: dict[int, str] = {}
        for kind, new in coming.items():
            states = [edit.after for edit in new if edit.after is not None]
            own_ids = writing.new_ids(self.connection, kind, states) if states else []
            self.ids.update((edit.id, own) for edit, own in zip(new, own_ids, strict=True))
        for kind, new in coming.items():
            states = [self._resolved(edit.after) for edit in new if edit.after is not None]
            if not states:
                continue
            keys = writing.new_keys(self.connection, kind, self.tenant_id, states)
            made = {self.ids[edit.id]: altered(s, key=k) for edit, s, k in zip(new, states, keys, strict=True)}
            writing.create(self.connection, self.tenant_id, kind, made, self.paths, self.revision)
            for own, state in made.items():
                if isinstance(state, CustomerState) and state.former == own:
                    former[own] = self.paths[own]
            for place, edit in enumerate(edits):
                if edit.before is None and edit.kind == kind and edit.id < 0:
                    own = self.ids[edit.id]
                    edits[place] = replace(edit, id=own, after=made[own])
        for place, edit in enumerate(edits):
            if edit.before is not None and edit.after is not None and self.ids:
                edits[place] = replace(edit, after=self._resolved(edit.after))
        writing.take_places(self.connection, self.tenant_id, former)

    def _resolved(self, state: State) -> State:
        """A state whose references to what this change creates are real ids."""
        if not self.ids:
            return state
        real = {name: with_ids(getattr(state, name), self._real) for name in kind_of(state).all_refs}
        return altered(state, **real)

    def _real(self, record: int) -> int:
        return self.ids.get(record, record)

    def _remove(self, edits: Sequence[Edit], herd: Herd) -> None:
        going = {kind: [e.id for e in edits if e.kind == kind and e.after is None] for kind in EDITED}
        for kind in reversed(EDITED):
            if kind == "role" and any(ledger.groups_of_role(self.connection, role) for role in going[kind]):
                raise Refused("security groups use this role: give them another one first")
            for said in ledger.referring(self.connection, kind, going[kind]):
                raise Refused(f"{said} refer to it: change those first")
            writing.remove(self.connection, kind, going[kind])
            if kind == "device" and herd:
                leave_out(self.connection, Device.__table__, herd.condition(self.connection))

    # Checking what it came to.

    def _touched(self, edits: Iterable[Edit]) -> set[int]:
        """Users who are edited, and those who get a group or a site that is brought back as it was."""
        touched = {edit.id for edit in edits if edit.kind == "user"}
        return touched.union(*(put_in(edit) for edit in edits if edit.kind != "device")) - {self.editor}

    def _affected(self, edits: Sequence[Edit]) -> set[int]:
        """Whoever's access stands on what is edited, as it is in this moment of the transaction."""
        found = self._regaining(edits)
        for kind in _ACCESS:
            found |= ledger.users_of(self.connection, kind, [edit.id for edit in edits if edit.kind == kind])
        return found

    def _regaining(self, edits: Sequence[Edit]) -> set[int]:
        """The users who get a site that is brought back, or are in groups that name such a customer."""
        coming = [edit for edit in edits if edit.before is None and edit.kind in ("customer", "site")]
        found: set[int] = set().union(*(put_in(edit) for edit in coming))
        states = [edit.after for edit in coming if isinstance(edit.after, CustomerState)]
        found |= ledger.users_of(self.connection, "security_group", {one for each in states for one in each.secured_by})
        return found | ledger.users_of(
            self.connection, "customer_group", {one for each in states for one in each.grouped_by}
        )

    def _watched(self, flow: Flow) -> set[int]:
        """The users for whom it is measured what comes, goes and moves: the editor, and those whom they may list."""
        if not flow:
            return set()
        homes = select(User.id, Customer.path).join(Customer, Customer.id == User.home_id)
        rows = self.connection.execute(homes.where(User.tenant_id == self.tenant_id))
        return {user for user, path in rows if user == self.editor or self.own.contains("user.list", path)}

    def _extents(self, edits: Iterable[Edit], side: str) -> dict[int, tuple[State, RoleState | None]]:
        """The security groups that are edited or whose role is, with their roles, at this moment."""
        groups = {
            edit.id: edit.before if side == "before" else edit.after for edit in edits if edit.kind == "security_group"
        }
        for edit in edits:
            if edit.kind == "role":
                for group in ledger.groups_of_role(self.connection, edit.id):
                    groups.setdefault(group, None)
        unread = [group for group, state in groups.items() if state is None]
        read = ledger.read_many(self.connection, self.tenant_id, "security_group", unread)
        states = {group: state or read[group][0] for group, state in groups.items() if state or group in read}
        self.authority.read_paths_of(states.items())
        used = {state.role for state in states.values() if isinstance(state, SecurityGroupState) and state.role}
        roles = ledger.read_many(self.connection, self.tenant_id, "role", [role for role in used if role >= 0])
        found: dict[int, tuple[State, RoleState | None]] = {}
        for group, state in states.items():
            assert isinstance(state, SecurityGroupState)
            held = roles.get(state.role or 0)
            found[group] = (state, held[0] if held and isinstance(held[0], RoleState) else None)
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

    def _demand_states(self, states: Iterable[State | None]) -> None:
        for state in states:
            if isinstance(state, RoleState):
                demand_permissions(self.own, state.permissions)
            elif isinstance(state, CustomerGroupState) and not self.own.covers(
                "customer.list", extent(state, self.paths)
            ):
                raise Refused("it holds more customers than you may see", "customers")

    def _check(
        self,
        edits: Sequence[Edit],
        before: Mapping[int, Reach],
        after: Mapping[int, Reach],
        touched: set[int],
        administrators: int,
    ) -> None:
        """Raises Refused unless what was written is what the editor may bring about."""
        if any(edit.kind not in ("device", "user") for edit in edits):
            # Nobody changes their own grants, but the customers that these name may have moved.
            self.own = read_reaches(self.connection, [self.editor], self.at)[self.editor]
            self.authority.forget(self.own)
            self.authority.read_paths(edits)
        self._demand_states(edit.after for edit in edits)
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
        may_end_one = administrators and self._may_end_one(edits, before, after)
        if may_end_one and not full_administrators(self.connection, self.tenant_id):
            raise Refused("this would leave nobody who may do everything: keep one full administrator")
        if any(edit.kind != "device" for edit in edits):  # devices alone change nothing of what anybody reaches
            self.authority.demand_still(edits)
        self._demand_room(edits)
        self._demand_depth(edits)

    def _gives_back(self, undoes: int | None, edits: Sequence[Edit]) -> bool:
        """Whether the editor takes a change of their own back, and gets by that what they held before it."""
        return undoes is not None and gives_back(self.connection, self.tenant_id, self.editor, undoes, edits)

    def _may_end_one(self, edits: Sequence[Edit], before: Mapping[int, Reach], after: Mapping[int, Reach]) -> bool:
        """Whether an administrator may have become none: not where only users were edited, and none of their grants."""
        if any(edit.kind not in ("device", "user") for edit in edits):
            return True
        return {user: reach.grants for user, reach in before.items()} != {
            user: reach.grants for user, reach in after.items()
        }

    def _demand_room(self, edits: Sequence[Edit]) -> None:
        """Raises Refused where a customer would hold more than its limits, or those above it, allow."""
        nodes: set[int] = set()
        for edit in edits:
            if edit.kind == "customer":
                nodes.add(edit.id)
            elif isinstance(edit.after, DeviceState | UserState) and (
                edit.before is None or node_of(edit.before) != node_of(edit.after)
            ):
                nodes.add(node_of(edit.after))
        paths = [self.paths[node] for node in nodes if node in self.paths]
        if paths:
            demand_room(self.connection, self.tenant_id, paths, seen_by(self.own))

    def _demand_depth(self, edits: Sequence[Edit]) -> None:
        longest = limits.PATH[self.connection.dialect.name]
        for edit in edits:
            if edit.kind != "customer" or edit.after is None or edit.action not in ("create", "move"):
                continue
            path = self.paths[edit.id]
            deepest = len(path)
            if edit.action == "move":
                deepest = writing.deepest(self.connection, self.tenant_id, path)
            if deepest > longest:
                raise Refused("customers are nested no deeper than this: choose one nearer to the top", "parent")


def _trimmed(edit: Edit) -> Edit:
    """The edit without spaces around what was typed; what was there before keeps its own."""
    if edit.after is None:
        return edit
    lines = {name for name, text in edit.of.texts.items() if not text.lines}
    texts = ((name, getattr(edit.after, name)) for name in edit.changed if name in lines)
    values: dict[str, Any] = {name: short for name, text in texts if (short := trimmed(text)) != text}
    if not values:
        return edit
    return Edit(edit.kind, edit.id, edit.before, altered(edit.after, **values), edit.revision)


def _afresh(edit: Edit) -> Edit:
    """A new record has neither a key nor anything that refers to it yet: only what is brought back does."""
    state = edit.after
    if edit.before is not None or state is None:
        return edit
    blank = edit.of.blank
    # Of whoever would be put into a new group it is asked whether the editor may change them.
    named = edit.of.unkept if edit.of.is_customer or edit.of.is_site else ("key",)
    fresh = {name: getattr(blank, name) for name in named}
    if all(getattr(state, name) == value for name, value in fresh.items()):
        return edit
    return replace(edit, after=altered(state, **fresh))
