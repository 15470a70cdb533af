"""May this editor do that to the record: as it is, and as it would be? Hidden and missing get the same answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from sqlalchemy import Connection, select

from ringfence.changes import ledger
from ringfence.changes.audit import noun
from ringfence.changes.edits import Edit
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused, lacks
from ringfence.domain.field import Ref
from ringfence.domain.ids import ids_in
from ringfence.domain.kind import Kind, State, StateKind, kind_of
from ringfence.domain.registry import EDITED, node_of, site_of
from ringfence.domain.user import USERS
from ringfence.storage.bulk import records_of
from ringfence.storage.columns import leads_to
from ringfence.storage.tables import Customer
from ringfence.visibility.intervals import contains
from ringfence.visibility.reach import Reach
from ringfence.visibility.rule import Region

_OWN_PROFILE: Final = frozenset({"name", "email"})
_NOT_YOURS: Final = "something that belongs to it is not yours to delete: ask somebody who may"
"""What that is, and so by which permission it is not, is not said: it may be hidden."""

Demand = tuple[str, int, int | None, str]
"""A permission, the node and the site at which it is needed, and the field of the form that says where."""


class Authority:
    """What one editor may do in one transaction. ``own`` is their reach; ``paths`` those of the customers that edits
    name, read by ``read_paths``."""

    def __init__(self, connection: Connection, tenant_id: int, editor: int, own: Reach) -> None:
        self.connection = connection
        self.tenant_id = tenant_id
        self.editor = editor
        self.own = own
        self.paths: dict[int, str] = {}
        self.names: dict[int, tuple[str | None, str]] = {}
        """Keys and names of the same customers."""
        self._held: dict[str, Region] = {}

    @cached_property
    def own_groups(self) -> frozenset[int]:
        """The security groups that the editor is in before anything is written, those without a role too, which give
        nothing yet."""
        return ledger.groups_of_user(self.connection, self.tenant_id, self.editor)

    def read_paths(self, edits: Iterable[Edit]) -> None:
        """Reads the paths of every customer that the edits name."""
        self.read_paths_of(
            (edit.id, state) for edit in edits for state in (edit.before, edit.after) if state is not None
        )

    def read_paths_of(self, records: Iterable[tuple[int, State]]) -> None:
        """The same for records in a state."""
        wanted: set[int] = set()
        for record, state in records:
            kind = kind_of(state)
            if kind.is_customer:
                wanted.add(record)
            for name, to in kind.refs.items():
                if to == CUSTOMERS.noun:
                    wanted.update(ids_in(getattr(state, name)))
        missing = [one for one in wanted if one > 0 and one not in self.paths]
        if missing:
            query = select(Customer.id, Customer.path, Customer.key, Customer.name).where(
                records_of(self.connection, Customer, self.tenant_id, missing)
            )
            for own, path, key, name in self.connection.execute(query).all():
                self.paths[own], self.names[own] = path, (key, name)

    def forget(self, own: Reach) -> None:
        """Forgets where everything is, once the tree has changed; ``own`` is what the editor reaches now."""
        self.own = own
        self.paths.clear()
        self._held.clear()

    def holds(self, permission: str, node: int, stands: int | None = None) -> bool:
        """Whether the permission reaches records of the node, or what stands there."""
        path = self.paths.get(node)
        if path is None:
            return False
        held = self._held.get(permission)
        if held is None:
            held = self._held[permission] = self.own.region(permission)
        return held.reaches(path, stands)

    def lists(self, kind: StateKind, node: int, stands: int | None) -> bool:
        """Whether the editor lists records of a kind at a node, or which stand there; a customer if only for a place
        of it."""
        of = EDITED[kind]
        if of.is_customer:
            path = self.paths.get(node)
            return path is not None and self.own.sees(of.permission, path)
        return self.holds(of.permission, node, stands)

    def sees(self, edit: Edit, state: State) -> bool:
        """Whether the editor may know of such a record: where it is, or where it would be."""
        if self.own_profile(edit):
            return True
        node = edit.id if edit.kind == "customer" and edit.before is not None else node_of(state)
        stands = _stands(edit, state)
        return self._listed(edit, node, stands) or any(
            self.holds(edit.of.right(action), node, stands) for action in edit.actions
        )

    def own_profile(self, edit: Edit) -> bool:
        """Whether it is an edit of the editor's own record: while they are active, their profile in it is theirs; in
        person, for it is so by no right."""
        own = edit.kind == "user" and edit.id == self.editor and edit.before is not None and edit.after is not None
        return own and self.own.grants.active and self.own.grants.narrowing is None

    def demand(
        self, edits: Sequence[Edit], along: Collection[tuple[str, int]], herded: Iterable[tuple[int, int | None]] = ()
    ) -> None:
        """Raises Refused unless the editor may make each of these edits; ``along`` are the records (kind and id) that
        nobody named: they go with a customer, as the devices ``herded`` do (their customers and sites)."""
        waiting: Iterable[tuple[int, int | None]] | None = herded
        for edit in edits:
            if (edit.kind, edit.id) not in along:
                self._demand(edit)
                continue
            if waiting is not None and edit.of.movable:
                self._demand_herded(waiting)  # in its place, as if each were named: whatever is wrong first is told
                waiting = None
            self._demand_along(edit)
        if waiting is not None:
            self._demand_herded(waiting)
        self._references(edits)

    def _demand_herded(self, places: Iterable[tuple[int, int | None]]) -> None:
        if not all(self.holds(DEVICES.right("delete"), *place) for place in places):
            raise Refused(_NOT_YOURS)

    def _demand(self, edit: Edit) -> None:
        if not self.own_profile(edit):
            for permission, node, stands, field in demands(edit):
                if node < 0:
                    continue  # comes into being with this change; looked at again once it is there
                if not self.holds(permission, node, stands):
                    if not self._listed(edit, node, stands):
                        raise Refused("choose a customer that you may see", field)
                    verb = permission.partition(".")[2]
                    said = f"you may not {verb} {edit.of.indefinite} there"
                    raise lacks(permission, said, field, self._asked(edit, node))
            self._demand_limits(edit)
        if edit.before is not None:
            self._own_branch(edit)
        elif edit.after is not None:
            self._may_put_in(put_in(edit) - ({self.editor} if edit.of.is_site else set()))
        if edit.before is not None:
            why, instead = edit.of.closed(edit.before)
            if why:
                raise Refused(f"{why}: {instead}" if instead else why)

    def _asked(self, edit: Edit, node: int) -> str:
        """The record at which a permission is lacking, as far as the editor may list it: the one that is edited where
        it is, or else the customer where it would be."""
        before = edit.before
        own = edit.id if edit.of.is_customer else None if before is None else edit.of.node_of(before)
        if before is not None and node == own:
            return f"{edit.kind}:{before.key}" if before.key and self._lists_it(edit, before, node) else ""
        return self._asked_customer(node)

    def _asked_customer(self, node: int) -> str:
        key = self.names.get(node, (None, ""))[0]
        return f"{CUSTOMERS.noun}:{key}" if key and self.lists(CUSTOMERS.noun, node, None) else ""

    def _lists_it(self, edit: Edit, state: State, node: int) -> bool:
        return self.lists(edit.kind, node, _stands(edit, state))

    def _listed(self, edit: Edit, node: int, stands: int | None) -> bool:
        """Whether the editor may list or view such a record there: a customer if only for a place of it."""
        return self.lists(edit.kind, node, stands) or self.holds(edit.of.right("view"), node, stands)

    def _demand_along(self, edit: Edit) -> None:
        if edit.kind == "user" and edit.id == self.editor:
            raise Refused("you belong to it yourself: somebody else must delete it")
        assert edit.before is not None
        node = edit.id if edit.kind == "customer" else node_of(edit.before)
        closed = any(edit.of.closed(edit.before))
        if closed or not self.holds(edit.of.right("delete"), node, _stands(edit, edit.before)):
            raise Refused(_NOT_YOURS)
        self._own_branch(edit)

    def _demand_limits(self, edit: Edit) -> None:
        """A customer's limits are set from above: who runs it does not lift them."""
        before, limits = edit.before, edit.of.limits
        if before is None or edit.after is None or not limits:
            return
        limited = [name for name in edit.changed if name in limits]
        right, above = edit.of.right("edit"), node_of(before)
        if limited and not self.holds(right, above):
            said = "a limit is set by whoever may edit the customer above"
            raise lacks(right, said, limited[0], self._asked_customer(above))

    def demand_still(self, edits: Iterable[Edit]) -> None:
        """Raises Refused where what was written has fallen outside of what the editor may change."""
        for edit in edits:
            if edit.after is None or self.own_profile(edit):
                continue
            for permission, node, stands, _ in demands(edit, written=True):
                if not self.holds(permission, node, stands):
                    said = "it would fall outside of what you may change"
                    raise lacks(permission, said) if self._listed(edit, node, stands) else Refused(said)

    def _own_branch(self, edit: Edit) -> None:
        """Nobody edits or deletes the grant that they stand on themselves, nor one that would become so."""
        if edit.kind == "user" and edit.id == self.editor:
            assert edit.before is not None
            if edit.after is None:
                raise Refused("this is you: somebody else must delete you")
            if not set(edit.changed) <= _OWN_PROFILE:
                raise Refused("this is you: somebody else must change what you may see and do")
        stands = False
        if edit.kind == "security_group":
            stands = edit.id in self.own_groups
        elif edit.kind == "customer_group":
            stands = edit.id in (self.own.grants.given or ())
        elif edit.kind == "role":
            stands = not self.own_groups.isdisjoint(ledger.groups_of_role(self.connection, self.tenant_id, edit.id))
        if stands:
            raise Refused(f"you stand on this {noun(edit.kind)} yourself: somebody else must change it")

    def _may_put_in(self, users: set[int]) -> None:
        """Raises Refused unless the editor may change each of the users."""
        if not users:
            return
        homes, right = ledger.homes(self.connection, self.tenant_id, users), USERS.right("edit")
        said = "it was given to somebody whom you may not change"
        others = [homes[user] for user in users if user in homes and not self.own.contains(right, homes[user])]
        if any(self.own.contains(USERS.permission, home) for home in others):
            raise lacks(right, said)
        if others or self.editor in users or not homes.keys() >= users:
            raise Refused(said)

    def _references(self, edits: Iterable[Edit]) -> None:
        """Raises Refused unless the editor may see everything that records newly refer to."""
        named: defaultdict[tuple[str, str, bool], set[int]] = defaultdict(set)
        for edit in edits:
            if edit.after is None:
                continue
            before, refs = edit.before or edit.of.blank, edit.of.refs
            for name in edit.changed:
                if name not in refs or name == edit.of.node.name:
                    continue
                new = set(ids_in(getattr(edit.after, name))).difference(ids_in(getattr(before, name)))
                if new:
                    field = edit.of.fields[name]
                    place = field.spec.place if isinstance(field.spec, Ref) and field.spec.place else name
                    named[refs[name], place, bool(field.form)].update(new)
        for (kind, place, many), ids in named.items():
            if kind == USERS.noun:
                ids.discard(self.editor)
            self._see(EDITED[kind], {one for one in ids if one >= 0}, place, many)

    def _see(self, kind: Kind, wanted: Collection[int], place: str, many: bool) -> None:
        """Raises Refused unless the editor may list each of these records."""
        if not wanted:
            return
        if kind.is_customer:
            listed = self.own.region(kind.permission).nodes()
            seen = {one for one in wanted if one in self.paths and contains(listed, self.paths[one])}
        else:
            mapped = ledger.table(kind.noun)
            query = select(mapped.id, Customer.path).join(Customer, leads_to(getattr(mapped, kind.owner), Customer))
            rows = self.connection.execute(query.where(records_of(self.connection, mapped, self.tenant_id, wanted)))
            region = self.own.region(kind.permission)
            seen = {record for record, path in rows if contains(region.customers, path)}
            if kind.is_site:
                seen.update(one for one in wanted if one in region.standing)
        if not seen.issuperset(wanted):
            one = f"one of the {kind.several}" if many or not kind.is_customer else f"this {kind.said}"
            raise Refused(f"{one} is not there any more", place)


def demands(edit: Edit, *, written: bool = False) -> Iterator[Demand]:
    """What an edit needs: at the record as it is and as it would be, or, once it is ``written``, as it is then."""
    if edit.kind == "customer":
        for action in edit.actions:
            parent = node_of(edit.after) if edit.after is not None else 0
            if written or action != "create":
                yield f"customer.{action}", edit.id, None, "parent"
            if action == "create" or (action == "move" and not written):
                yield f"customer.{action}", parent, None, "parent"
        return
    of = edit.of
    for state in (edit.after,) if written else (edit.before, edit.after):
        if state is not None:
            node, stands = of.node_of(state), _stands(edit, state)
            for action in edit.actions:
                yield of.right(action), node, stands, of.node.name


def _stands(edit: Edit, state: State) -> int | None:
    """Where a record stands: on a site, or as one itself."""
    if edit.of.is_site:
        return edit.id if edit.before is not None else None
    return site_of(state)


def put_in(edit: Edit) -> set[int]:
    """The users whom a new group or site comes with: one that is brought back."""
    if edit.before is not None or edit.after is None:
        return set()
    users = [name for name in edit.of.whole if edit.of.all_refs[name] == USERS.noun]
    return {user for name in users for user in ids_in(getattr(edit.after, name))}
