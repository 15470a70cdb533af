"""What no change may look like, whoever makes it: edits that do not fit together, and states of no record."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from ringfence.changes import ledger
from ringfence.changes.cascade import NOBODY, Herd
from ringfence.changes.states import (
    KIND_OF,
    LIMITS,
    LINES,
    TIED,
    CustomerGroupState,
    CustomerState,
    DeviceState,
    Edit,
    RoleState,
    SecurityGroupState,
    SiteState,
    State,
    StateKind,
    UserState,
    node_of,
)
from ringfence.domain import limits
from ringfence.domain.contact import email_fault, phone_fault
from ringfence.domain.device import Device
from ringfence.domain.errors import Refused
from ringfence.domain.login import login_fault
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.role import CUSTOMER, SERVICE_PROVIDER, SITE
from ringfence.domain.security_group import ALL, SELECTED
from ringfence.domain.site import Site
from ringfence.domain.text import has_control, name_fault, search_key
from ringfence.storage.bulk import any_of

_MOST: Final = 2**31 - 1


def demand_fitting(edits: Sequence[Edit]) -> None:
    """Raises Refused for edits that do not fit together."""
    coming: dict[int, StateKind] = {}
    known: set[tuple[str, int]] = set()
    for edit in edits:
        for state in (edit.before, edit.after):
            if state is not None and KIND_OF[type(state)] != edit.kind:
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
        for kind, ids in _references(state):
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
        known = {(kind, one) for kind, ids in _references(edit.before) for one in ids}
        if any((kind, one) in going - known for kind, ids in _references(edit.after) for one in ids):
            raise Refused("it refers to something that would be deleted")


def _references(state: State | None) -> list[tuple[StateKind, list[int]]]:
    if state is None:
        return []
    found: list[tuple[StateKind, list[int]]] = [("customer", [node_of(state)])]
    if isinstance(state, DeviceState) and state.site is not None:
        found.append(("site", [state.site]))
    elif isinstance(state, SecurityGroupState | CustomerGroupState):
        found.append(("customer", list(state.customers)))
        if isinstance(state, SecurityGroupState):
            found.append(("role", [] if state.role is None else [state.role]))
            found.append(("customer", [] if state.made_for is None else [state.made_for]))
    elif isinstance(state, UserState):
        found.append(("security_group", [group for group, _ in state.security_groups]))
        found.append(("customer_group", list(state.customer_groups)))
        found.append(("site", list(state.sites)))
    return found


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
        names = _names(edit)
        if "name" in names:
            _demand_text(edit.after.name, "name", limits.NAME, filled=True)
        if not restoring:
            _demand_seen(edit.after, names)
        if isinstance(edit.after, DeviceState):
            _demand_device(edit.after, names)
            devices.append(edit)
        else:
            _demand_one(connection, edit, edit.after, names, restoring)
    _demand_unit_ids(connection, tenant_id, devices, going, herd, hidden)
    made = {edit.id: edit.after.customer for edit in edits if edit.before is None and isinstance(edit.after, SiteState)}
    _demand_sites(connection, devices, made)


def _names(edit: Edit) -> frozenset[str]:
    """The fields that an edit gives a new value."""
    assert edit.after is not None
    if edit.before is None:
        return frozenset(type(edit.after).__slots__)
    return frozenset(edit.changed)


def _demand_seen(state: State, names: frozenset[str]) -> None:
    """Raises Refused for a text of one line that would look like another one, or is hidden in part."""
    for field in LINES:
        if field in names and (said := name_fault(getattr(state, field))):
            raise Refused(said, field)


def _demand_device(state: DeviceState, names: frozenset[str]) -> None:
    if "unit_id" in names:
        _demand_text(state.unit_id, "unit_id", limits.SHORT_TEXT)
    if "kind" in names:
        _demand_text(state.kind, "kind", limits.SHORT_TEXT)
    if "notes" in names:
        _demand_text(state.notes, "notes", limits.LONG_TEXT, lines=True)
    if not names.isdisjoint(("unit_id", "name")):
        _demand_search_key("name and unit id", state.name, state.unit_id)


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


def _demand_sites(connection: Connection, edits: Sequence[Edit], made: Mapping[int, int]) -> None:
    """Raises Refused where a device would stand on another customer's site; ``made`` are the customers of new ones."""
    wanted: dict[int, Any] = {}
    for edit in edits:
        assert isinstance(edit.after, DeviceState)
        if edit.after.site is not None:
            wanted[edit.after.site] = made.get(edit.after.site)
    if not wanted:
        return
    query = select(Site.id, Site.customer_id).where(any_of(connection, Site.id, wanted.keys()))
    wanted.update((site, customer) for site, customer in connection.execute(query))
    for edit in edits:
        assert isinstance(edit.after, DeviceState)
        site = edit.after.site
        if site is not None and wanted[site] != edit.after.customer:
            raise Refused("this site is another customer's: choose one of this customer, or none", "site")


def _demand_one(connection: Connection, edit: Edit, state: State, names: frozenset[str], restoring: bool) -> None:
    before = edit.before
    if isinstance(state, CustomerState):
        _demand_customer(before, state, names, restoring)
    elif isinstance(state, SiteState):
        if isinstance(before, SiteState) and before.customer != state.customer:
            raise Refused("a site stays with its customer: make one at the other customer", "customer")
        if isinstance(before, SiteState) and (before.devices, before.users) != (state.devices, state.users):
            raise Refused("what stands on a site is changed with the device")
    elif isinstance(state, RoleState):
        if state.access_level not in (SERVICE_PROVIDER, CUSTOMER, SITE):
            raise Refused("choose an access level", "access_level")
        if state.builtin and not (isinstance(before, RoleState) and before.builtin):
            raise Refused("built-in roles come with Ringfence: make a role of your own")
        if state.permissions is not None and not state.permissions <= PERMISSIONS:
            raise Refused("one of the permissions is unknown", "permissions")
    elif isinstance(state, SecurityGroupState):
        if state.scope not in (ALL, SELECTED):
            raise Refused("choose all or selected customers", "scope")
        if isinstance(before, SecurityGroupState) and before.members != state.members:
            raise Refused("who is in a security group is changed with the user")
    elif isinstance(state, CustomerGroupState):
        if "description" in names:
            _demand_text(state.description, "description", limits.LONG_TEXT, lines=True)
        if isinstance(before, CustomerGroupState) and before.users != state.users:
            raise Refused("who has a customer group is changed with the user")
    elif isinstance(state, UserState):
        _demand_user(connection, edit, state, names, restoring)


def _demand_customer(before: State | None, state: CustomerState, names: frozenset[str], restoring: bool) -> None:
    if before is not None and not names.isdisjoint(TIED):
        raise Refused("which groups name a customer is changed with the group")
    for field, fault in (("email", email_fault), ("phone", phone_fault)):
        if field in names and not restoring:
            _demand_text(getattr(state, field), field, limits.SHORT_TEXT)
            said = fault(getattr(state, field))
            if said:
                raise Refused(said, field)
    if "address" in names:
        _demand_text(state.address, "address", limits.LONG_TEXT, lines=True)
    for field in LIMITS:
        limit = getattr(state, field)
        if limit is not None and not 0 <= limit <= _MOST:
            raise Refused("a limit is a number from 0 up, or empty", field)


def _demand_user(connection: Connection, edit: Edit, state: UserState, names: frozenset[str], restoring: bool) -> None:
    before = edit.before
    for field, fault in (("login", login_fault), ("email", email_fault)):
        if field in names:
            text = getattr(state, field)
            _demand_text(text, field, limits.SHORT_TEXT, filled=field == "login")
            if not restoring and (said := fault(text)):
                raise Refused(said, field)
    if "login" in names and ledger.login_taken(connection, state.login, edit.id):
        raise Refused("another user has this login", "login")
    if not names.isdisjoint(("name", "login", "email")):
        _demand_search_key("name, login and e-mail", state.name, state.login, state.email)
    known = before.security_groups if isinstance(before, UserState) else frozenset()
    for _, (since, until) in state.security_groups - known:
        if not restoring and since is not None and until is not None and until <= since:
            raise Refused("a validity window ends before it begins", "security_groups")


def _demand_search_key(what: str, *fields: str) -> None:
    if len(search_key(*fields).encode()) > limits.SEARCH_KEY_BYTES:
        raise Refused(f"{what} are too long together", "name")


def _demand_text(text: str, field: str, longest: int, *, filled: bool = False, lines: bool = False) -> None:
    if filled and not text.strip():
        raise Refused("this must not be empty", field)
    if len(text) > longest:
        raise Refused(f"this is longer than {longest} characters", field)
    if has_control(text, allow="\n\t" if lines else ""):
        raise Refused("this holds a control character", field)
    if filled and len(search_key(text).encode()) > limits.SEARCH_KEY_BYTES:
        raise Refused("this is too long", field)
