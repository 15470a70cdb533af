"""Records as those who may view them are shown them: without a reference to anything hidden from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from ringfence.changes import ledger
from ringfence.changes.states import CustomerGroupState, DeviceState, SecurityGroupState, State, StateKind, UserState
from ringfence.domain.audit import AuditEntry
from ringfence.visibility.kinds import CUSTOMER_GROUPS, CUSTOMERS, ROLES, SECURITY_GROUPS, SITES, USERS, kind_of_noun
from ringfence.visibility.overview import listed
from ringfence.visibility.point import among, find
from ringfence.visibility.viewer import Sight


def open_state(sight: Sight, kind: StateKind, record: int, own: int = 0) -> tuple[State, int] | None:
    """A record that the viewer may view, as a form shows it: without a reference to anything hidden from them."""
    return open_states(sight, kind, [record], own).get(record)


def open_states(sight: Sight, kind: StateKind, records: Sequence[int], own: int = 0) -> dict[int, tuple[State, int]]:
    """The same for many at once; what the viewer may not view is left out. ``own`` is the viewer's own id as a user:
    themselves they always view, while they are active."""
    seen = [row.id for row in among(sight, f"{kind}.view", kind_of_noun(kind), records)]
    if kind == "user" and own in records and own not in seen and sight.active:
        seen.append(own)
    read = ledger.read_many(sight.connection, sight.tenant_id, kind, seen)
    if kind == "device":
        return _devices_shown(sight, read)
    return {record: (shown(sight, state), revision) for record, (state, revision) in read.items()}


def _devices_shown(sight: Sight, read: ledger.Known) -> ledger.Known:
    """Devices without a site that the viewer may not list: what is not changed stays as it is, that site too."""
    stands = {state.site for state, _ in read.values() if isinstance(state, DeviceState) and state.site is not None}
    hidden = stands - listed(sight, SITES, stands)
    return {
        record: (replace(state, site=None), revision)
        if isinstance(state, DeviceState) and state.site in hidden
        else (state, revision)
        for record, (state, revision) in read.items()
    }


def shown(sight: Sight, state: State) -> State:
    """A state without what the viewer may not see."""
    if isinstance(state, SecurityGroupState | CustomerGroupState):
        seen = listed(sight, CUSTOMERS, state.customers)
        customers = {customer: nested for customer, nested in state.customers.items() if customer in seen}
        if isinstance(state, CustomerGroupState):
            return replace(state, customers=customers)
        role = state.role if state.role is not None and listed(sight, ROLES, [state.role]) else None
        made = state.made_for if state.made_for is not None and listed(sight, CUSTOMERS, [state.made_for]) else None
        return replace(state, customers=customers, role=role, made_for=made)
    if isinstance(state, UserState):
        groups = listed(sight, SECURITY_GROUPS, {group for group, _ in state.security_groups})
        return replace(
            state,
            security_groups=frozenset(one for one in state.security_groups if one[0] in groups),
            customer_groups=state.customer_groups & listed(sight, CUSTOMER_GROUPS, state.customer_groups),
            sites=state.sites & listed(sight, SITES, state.sites),
        )
    return state


def last_editor(sight: Sight, kind: str, key: str) -> str:
    """The login of whoever changed a record last, where the viewer may list them; empty otherwise."""
    query = select(AuditEntry.actor_key, AuditEntry.actor_login).where(
        AuditEntry.tenant_id == sight.tenant_id, AuditEntry.kind == kind, AuditEntry.key == key
    )
    row = sight.connection.execute(query.order_by(AuditEntry.number.desc()).limit(1)).one_or_none()
    if row is None or row.actor_key is None or find(sight, USERS.permission, USERS, "key", row.actor_key) is None:
        return ""
    return str(row.actor_login)
