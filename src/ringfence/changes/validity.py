"""What no change may look like, whoever makes it: edits that do not fit together, and states of no record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, assert_never

from sqlalchemy import Connection, select

from ringfence.changes import ledger
from ringfence.changes.cascade import NOBODY, Herd
from ringfence.changes.edits import Edit
from ringfence.domain import limits
from ringfence.domain.customer import CustomerState
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Refused
from ringfence.domain.kind import Choice, Flag, Kind, Moment, Number, Ref, State, StateKind, Text, Ties
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.registry import node_of, references, site_of
from ringfence.domain.role import RoleState
from ringfence.domain.site import SiteState
from ringfence.domain.text import has_control, name_fault, search_key
from ringfence.domain.user import UserState
from ringfence.storage.bulk import any_of
from ringfence.storage.tables import Device, Site

_MOST: Final = 2**31 - 1


def demand_fitting(edits: Sequence[Edit]) -> None:
    """Raises Refused for edits that do not fit together."""
    coming: dict[int, StateKind] = {}
    known: set[tuple[str, int]] = set()
    for edit in edits:
        for state in (edit.before, edit.after):
            if state is not None and not isinstance(state, edit.of.state):
                raise Refused("a record of one kind is not made into another")
        record = (edit.kind, edit.id)
        if record in known or edit.id in coming:
            raise Refused("the same record is changed twice at once: make one change of it")
        known.add(record)
        if edit.before is None and edit.after is not None:
            if edit.id >= 0:
                raise Refused("a new record stands under a negative number until it is made")
            coming[edit.id] = edit.kind
    for edit in edits:
        state = edit.after
        if isinstance(state, DeviceState) and state.customer >= 0 and (state.site is None or state.site >= 0):
            continue  # there may be very many of these
        for kind, ids in references(state):
            if any(coming.get(one) != kind for one in ids if one < 0):
                raise Refused("it refers to a new record that this change does not make")
    _demand_tree(edits)


def _demand_tree(edits: Sequence[Edit]) -> None:
    """Raises Refused for new customers that stand below each other and nowhere else."""
    coming = [(edit.id, edit.after) for edit in edits if edit.before is None]
    above = {own: state.parent for own, state in coming if isinstance(state, CustomerState)}
    rooted: set[int] = set()
    for customer in above:
        way: list[int] = []
        while customer in above and customer not in rooted:
            if len(way) > len(above):
                raise Refused("a customer cannot be put below itself", "parent")
            way.append(customer)
            customer = above[customer]
        rooted.update(way)


def demand_staying(edits: Sequence[Edit]) -> None:
    """Raises Refused where a record belongs to a customer that the change deletes, or newly refers to what it deletes
    (of roles, whoever removes them tells)."""
    going = {(edit.kind, edit.id) for edit in edits if edit.after is None and edit.kind != "role"}
    if not going:
        return
    for edit in edits:
        if edit.after is None:
            continue
        if ("customer", node_of(edit.after)) in going:
            raise Refused("it belongs to a customer that would be deleted: put it elsewhere, or leave it alone")
        known = {(kind, one) for kind, ids in references(edit.before) for one in ids}
        if any((kind, one) in going - known for kind, ids in references(edit.after) for one in ids):
            raise Refused("it refers to something that would be deleted")


def demand_sound(
    connection: Connection,
    tenant_id: int,
    edits: Sequence[Edit],
    herd: Herd = NOBODY,
    *,
    restoring: bool = False,
    hidden: Collection[int] = (),
) -> None:
    """Raises Refused for states that no record may have, once the ``herd`` has gone. What is ``restoring`` a record to
    what it was may give it names and addresses that are refused to others: a load had let them in. Nothing is told of
    ``hidden`` devices."""
    devices = []
    going: set[int] = set()
    for edit in edits:
        if edit.after is None:
            if edit.kind == "device":
                going.add(edit.id)
            continue
        _demand_fields(edit, edit.after, _names(edit), restoring=restoring)
        if isinstance(edit.after, DeviceState):
            devices.append(edit)
        else:
            _demand_one(connection, edit, edit.after, restoring)
    _demand_unit_ids(connection, tenant_id, devices, going, herd, hidden)
    _demand_sites(connection, edits)


def _names(edit: Edit) -> tuple[str, ...]:
    """The fields that an edit gives a new value."""
    return edit.of.compared if edit.before is None else edit.changed


def _demand_fields(edit: Edit, state: State, names: Sequence[str], *, restoring: bool) -> None:
    """Raises Refused for what no field may hold, of those that get a new value."""
    kind = edit.of
    if edit.before is not None and not kind.whole.isdisjoint(names):
        raise Refused(_TIED[kind.noun])
    for name in names:
        value = getattr(state, name)
        spec = kind.fields[name].spec
        match spec:
            case Text():
                _demand_text(value, name, spec)
                said = "" if restoring or spec.lines else name_fault(value)
                if not said and spec.fault is not None and not restoring:
                    said = spec.fault(value)
                if said:
                    raise Refused(said, name)
            case Number():
                if value is not None and not 0 <= value <= _MOST:
                    raise Refused("a limit is a number from 0 up, or empty", name)
            case Choice():
                if value not in spec.values:
                    raise Refused(spec.fault, name)
            case Flag() | Moment() | Ref() | Ties():
                pass  # whatever is wrong with these, no value says by itself
            case _:
                assert_never(spec)
    if len(kind.searched) > 1 and not set(kind.searched).isdisjoint(names):
        _demand_search_key(kind, state)


_TIED: Final = {
    "customer": "which groups name a customer is changed with the group",
    "site": "what stands on a site is changed with the device",
    "security_group": "who is in a security group is changed with the user",
    "customer_group": "who has a customer group is changed with the user",
}
"""What is tied to a record is changed at the other end."""


def _demand_unit_ids(
    connection: Connection,
    tenant_id: int,
    edits: Sequence[Edit],
    going: Collection[int],
    herd: Herd,
    hidden: Collection[int],
) -> None:
    """Raises Refused where two devices would have one unit id; those ``going``, and the herd, have theirs no more, and
    that of ``hidden`` ones is not said."""
    wanted: dict[str, int] = {}
    for edit in edits:
        assert isinstance(edit.after, DeviceState)
        unit_id = edit.after.unit_id
        fresh = unit_id and (edit.before is None or unit_id != getattr(edit.before, "unit_id", ""))
        if fresh and wanted.setdefault(unit_id, edit.id) != edit.id:
            raise Refused(f"two devices would have the unit id {unit_id!r}", "unit_id")
    if not wanted:
        return
    leaving = {edit.id for edit in edits if getattr(edit.before, "unit_id", "") != getattr(edit.after, "unit_id", "")}
    leaving.update(going)
    query = select(Device.id, Device.unit_id).where(any_of(connection, Device.unit_id, wanted.keys()))
    if herd:
        query = query.where(~herd.condition(connection))
    for holder, unit_id in connection.execute(query.where(Device.tenant_id == tenant_id)):
        if holder != wanted[unit_id] and holder not in leaving:
            said = "a unit id of what went along" if wanted[unit_id] in hidden else f"the unit id {unit_id!r}"
            raise Refused(f"another device has {said}", "unit_id")


def _demand_sites(connection: Connection, edits: Sequence[Edit]) -> None:
    """Raises Refused where a record would stand on another customer's site."""
    standing = [(edit.after, site) for edit in edits if edit.after is not None and (site := site_of(edit.after))]
    if not standing:
        return
    owners = {e.id: e.after.customer for e in edits if e.before is None and isinstance(e.after, SiteState)}
    query = select(Site.id, Site.customer_id).where(any_of(connection, Site.id, {site for _, site in standing}))
    owners.update((site, customer) for site, customer in connection.execute(query))
    for state, site in standing:
        if owners.get(site) != node_of(state):
            raise Refused("this site is another customer's: choose one of this customer, or none", "site")


def _demand_one(connection: Connection, edit: Edit, state: State, restoring: bool) -> None:
    before = edit.before
    if isinstance(state, SiteState):
        if isinstance(before, SiteState) and before.customer != state.customer:
            raise Refused("a site stays with its customer: make one at the other customer", "customer")
    elif isinstance(state, RoleState):
        if state.builtin and not (isinstance(before, RoleState) and before.builtin):
            raise Refused("built-in roles come with Ringfence: make a role of your own")
        if state.permissions is not None and not state.permissions <= PERMISSIONS:
            raise Refused("one of the permissions is unknown", "permissions")
    elif isinstance(state, UserState):
        _demand_user(connection, edit, state, restoring)


def _demand_user(connection: Connection, edit: Edit, state: UserState, restoring: bool) -> None:
    before = edit.before
    if "login" in edit.changed and ledger.login_taken(connection, state.login, edit.id):
        raise Refused("another user has this login", "login")
    known = before.security_groups if isinstance(before, UserState) else frozenset()
    for _, (since, until) in state.security_groups - known:
        if not restoring and since is not None and until is not None and until <= since:
            raise Refused("a validity window ends before it begins", "security_groups")


def _demand_search_key(kind: Kind, state: State) -> None:
    if len(search_key(*(getattr(state, name) for name in kind.searched)).encode()) > limits.SEARCH_KEY_BYTES:
        said = [kind.label(name) for name in kind.searched]
        raise Refused(f"{', '.join(said[:-1])} and {said[-1]} are too long together", "name")


def _demand_text(text: str, field: str, spec: Text) -> None:
    if spec.filled and not text.strip():
        raise Refused("this must not be empty", field)
    if len(text) > spec.longest:
        raise Refused(f"this is longer than {spec.longest} characters", field)
    if has_control(text, allow="\n\t" if spec.lines else ""):
        raise Refused("this holds a control character", field)
    if spec.filled and len(search_key(text).encode()) > limits.SEARCH_KEY_BYTES:
        raise Refused("this is too long", field)
