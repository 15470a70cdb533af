"""A change, whole or not at all: checked at both ends, written, audited, in one transaction of its caller's.

The order: what is edited is read and compared with what the editor was shown; the editor must see it and may do that
to it; it is written; what it reaches is worked out anew and checked against the editor's own reach; the audit is
written last. Any refusal is an exception, upon which the caller rolls back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from ringfence.changes import alarming, cascade, ledger, writing
from ringfence.changes.audit import Actor, Event, Words, append, noun
from ringfence.changes.authority import Authority
from ringfence.changes.cascade import Herd
from ringfence.changes.edits import Edit, edits_of, rebased
from ringfence.changes.escalation import demand_gains, demand_users, full_administrators
from ringfence.changes.events import told
from ringfence.changes.flow import Flow
from ringfence.changes.impact import Impact, impacts
from ringfence.changes.judging import Judge
from ringfence.changes.placing import placed, unburdened
from ringfence.changes.raising import gives_back, raised, refusal
from ringfence.changes.validity import demand_fitting, demand_sound, demand_staying
from ringfence.domain.clock import milliseconds
from ringfence.domain.device import DEVICES, DeviceState
from ringfence.domain.errors import Conflict, Refused
from ringfence.domain.ids import with_ids
from ringfence.domain.kind import State, StateKind, altered, kind_of
from ringfence.domain.registry import EDITED, node_of, site_of
from ringfence.domain.role import ROLES
from ringfence.domain.text import trimmed
from ringfence.domain.user import UserState
from ringfence.signals import late, tenure
from ringfence.signals.tenure import Place
from ringfence.storage.bulk import uncollected
from ringfence.storage.rehearsal import leave_out, rehearsed
from ringfence.storage.tables import Device, Tenant
from ringfence.visibility.intervals import nested
from ringfence.visibility.reach import Reach, read_reach, read_reaches

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done and how much there is; it may raise Cancelled."""


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
        own = read_reach(connection, tenant_id, self.editor, at, actor.left)
        if own is None or not own.grants.active:
            raise Refused("you have been deactivated: nothing was changed")
        self.authority = Authority(connection, tenant_id, self.editor, own)
        self.judge = Judge(self.authority, at)
        self.ids: dict[int, int] = {}
        self.shifts: list[tuple[str, str]] = []

    @property
    def own(self) -> Reach:
        """What the editor reaches: before anything is written, and once it was judged afterwards."""
        return self.authority.own

    def _person(self) -> Reach:
        """What the editor reaches in person: nobody raises themselves by what stands in for them, either."""
        if self.own.grants.narrowing is None:
            return self.own
        return read_reaches(self.connection, self.tenant_id, [self.editor], self.at)[self.editor]

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
            edits = [self._stamped(_afresh(_trimmed(edit))) for edit in edits]
        edits = [edit for edit in edits if (edit.before is None) is not (edit.after is None) or edit.changed]
        if not edits:
            raise Refused("nothing was changed")
        going, herd = self._going_along(edits, undoes)
        edits = placed(self.connection, [*map(unburdened, edits), *going], self.own)
        total = len(edits)
        self.progress("Checking", total // 3, total)
        self.authority.read_paths(edits)
        self.authority.demand(edits, {(edit.kind, edit.id) for edit in going}, herd.places)
        self._demand_free_keys(edits)
        demand_staying(edits)
        unseen = self._unseen(edits) if undoes is not None else frozenset()
        demand_sound(self.connection, self.tenant_id, edits, herd, restoring=undoes is not None, hidden=unseen)
        alarming.demand_one_open(self.connection, self.tenant_id, edits)
        flow = Flow(edits, self.paths, herd)
        listed, hidden = cascade.counted(self.authority, going, herd) if measuring else (Counter[StateKind](), False)
        own, person, judge = self.own, self._person(), self.judge
        touched = judge.touched(edits)
        affected = judge.affected(edits)
        watched = judge.watched() if measuring and flow else set()
        before = read_reaches(self.connection, self.tenant_id, affected | watched, self.at)
        judge.demand_held(edits, "before")
        demand_users(own, (before[user] for user in touched if user in before), "this user already has")
        administrators = full_administrators(self.connection, self.tenant_id)
        gone = {edit.id: was for edit, was, to in edits_of(edits, UserState) if was is not None and to is None}
        self.progress("Writing", 0, total)
        events = self._write(edits, herd)
        self.progress("Writing", total, total)
        affected |= judge.affected(edits)
        touched = touched | judge.touched(edits)
        after = read_reaches(self.connection, self.tenant_id, affected | watched, self.at)
        if self.editor in judge.regaining(edits) and not self._gives_back(undoes, edits):
            demand_gains(own, before, {self.editor: after[self.editor]})
        judge.demand(edits, before, {user: after[user] for user in affected if user in after}, touched, administrators)
        flow.settle(edits, self.paths, self.shifts)
        gained = raised(person, self._person(), flow)
        if gained and not self._gives_back(undoes, edits):
            raise refusal(gained)
        found: Mapping[int, Impact] = {}
        if measuring:
            found = impacts(self.connection, self.tenant_id, (own, self.own), before, after, flow)
        change = 0 if rehearsed(self.connection) else self._audit(events, total, undoes)
        return Outcome(change, self.ids, found, gone, edits, listed, hidden, own, flow if measuring else None)

    def _stamped(self, edit: Edit) -> Edit:
        """The edit with what the change itself says of the record: when it was made, and by whom."""
        if edit.after is None:
            return edit
        after = edit.of.stamped(edit.before, edit.after, self.at, self.editor)
        return edit if after is edit.after else replace(edit, after=after)

    def _gives_back(self, undoes: int | None, edits: Sequence[Edit]) -> bool:
        """Whether the editor takes a change of their own back, and gets by that what they held before it."""
        return undoes is not None and gives_back(self.connection, self.tenant_id, self.editor, undoes, edits)

    def _audit(self, events: Sequence[Event], total: int, undoes: int | None) -> int:
        """Writes the audit, and tells of its entries as of the edits that they are about; returns the change's
        number."""
        if not all(EDITED[one.kind].signalled for one in events):  # alarms decide nothing about who sees what
            own = update(Tenant).where(Tenant.id == self.tenant_id)
            self.connection.execute(own.values(version=Tenant.version + 1))
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
        if after is not None and (state != shown or after.key != state.key or edit.of.is_customer):
            after = rebased(state, shown, after)
        elif state == shown and revision == edit.revision:
            return edit
        return Edit(edit.kind, edit.id, state, after, revision)

    def _going_along(self, edits: Sequence[Edit], undoes: int | None) -> tuple[list[Edit], Herd]:
        """What goes with what is edited, without being named."""
        belonging, herd = cascade.belongings(self.connection, self.tenant_id, edits)
        belonging += cascade.ending(self.connection, self.tenant_id, [*edits, *belonging], herd)
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
                raise Refused(f"there is {EDITED[kind].indefinite} with the key of one that would come back")

    def _unseen(self, edits: Sequence[Edit]) -> frozenset[int]:
        """The devices that come back and that the editor may not list then: those went along unseen."""
        coming = [(edit, edit.after) for edit in edits if edit.before is None and edit.after is not None]
        above = {edit.id: node_of(state) for edit, state in coming if edit.of.is_customer}
        found = set()
        for edit, state in coming:
            if edit.of is DEVICES:
                own = node = node_of(state)
                while node in above:
                    node = above[node]
                if node == own:
                    listed = self.authority.lists(edit.kind, node, site_of(state))
                else:
                    listed = self.own.covers(edit.of.permission, [nested(self.paths[node])])
                if not listed:
                    found.add(edit.id)
        return frozenset(found)

    # Writing.

    def _write(self, edits: list[Edit], herd: Herd) -> list[Event]:
        """Writes the edits, which are as they were made afterwards; returns what the audit says of them."""
        for of in EDITED.values():
            writing.free_unique(self.connection, self.tenant_id, of, edits)
        self._create(edits)
        for kind in EDITED:
            staying = (e for e in edits if e.kind == kind and e.before is not None and e.after is not None)
            writing.change(self.connection, self.tenant_id, kind, staying)
        moved = {
            edit.id: node_of(edit.after)
            for edit in edits
            if edit.of.is_customer and edit.after is not None and edit.of.moves in edit.actions
        }
        self.shifts = writing.move(self.connection, self.tenant_id, moved)
        for edit in edits:
            if edit.after is not None and edit.of.ties:
                writing.tie(self.connection, self.tenant_id, edit.id, edit.before or edit.of.blank, edit.after)
        events = []
        if not rehearsed(self.connection):  # what is left of what goes is there for the audit
            edits[:] = cascade.left(self.connection, self.tenant_id, edits)
            words = Words(self.connection, self.tenant_id)
            words.know({own: key for own, (key, _) in self.authority.names.items()})
            events = told(edits, words, self.authority)
            # Before a site goes that they stood on: it is taken out of what is written here.
            left, at = dict(_left(edits)), milliseconds(self.at)
            tenure.hand_over(self.connection, self.tenant_id, left.items(), at)
            alarming.settle(self.connection, self.tenant_id, edits, left, moved, at)
            if any(edit.of is DEVICES and edit.after is None for edit in edits):
                late.settle(self.connection)  # SQLite gives their ids to others, whose it would be
        self._remove(edits, herd)
        writing.count_devices(self.connection, self.tenant_id, writing.device_steps(edits))
        return events

    def _create(self, edits: list[Edit]) -> None:
        coming = {kind: [e for e in edits if e.kind == kind and e.before is None] for kind in EDITED}
        former: dict[int, str] = {}
        for kind, new in coming.items():
            states = [edit.after for edit in new if edit.after is not None]
            own_ids = writing.new_ids(self.connection, self.tenant_id, kind, states) if states else []
            self.ids.update((edit.id, own) for edit, own in zip(new, own_ids, strict=True))
        for kind, new in coming.items():
            states = [self._resolved(edit.after) for edit in new if edit.after is not None]
            if not states:
                continue
            keys = writing.new_keys(self.connection, kind, self.tenant_id, states)
            made = {self.ids[edit.id]: altered(s, key=k) for edit, s, k in zip(new, states, keys, strict=True)}
            writing.create(self.connection, self.tenant_id, kind, made, self.paths, self.revision)
            former.update((own, self.paths[own]) for own in writing.brought_back(made))
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
            if kind == ROLES.noun and any(
                ledger.groups_of_role(self.connection, self.tenant_id, role) for role in going[kind]
            ):
                raise Refused("security groups use this role: give them another one first")
            for said in ledger.referring(self.connection, self.tenant_id, kind, going[kind]):
                raise Refused(f"{said} refer to it: change those first")
            writing.remove(self.connection, self.tenant_id, kind, going[kind])
            if kind == DEVICES.noun and herd:
                leave_out(self.connection, Device.__table__, herd.condition(self.connection))


def _left(edits: Sequence[Edit]) -> Iterator[tuple[int, Place]]:
    """Where devices stood that now stand elsewhere."""
    for edit, before, after in edits_of(edits, DeviceState):
        if before is not None and after is not None:
            place = Place(node_of(before), site_of(before))
            if place != (node_of(after), site_of(after)):
                yield edit.id, place


def _trimmed(edit: Edit) -> Edit:
    """The edit with what was typed as it is kept: without spaces around a line, or as its field says; what was there
    before keeps its own."""
    if edit.after is None:
        return edit
    specs = edit.of.texts
    values: dict[str, Any] = {}
    for name in edit.changed:
        one = specs.get(name)
        if one is not None and (one.canonical or not one.lines):
            text = getattr(edit.after, name)
            kept = (one.canonical or trimmed)(text)
            if kept != text:
                values[name] = kept
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
