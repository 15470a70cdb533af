"""What no change may look like, whoever makes it: edits that do not fit together, and states of no record."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from ringfence.domain import limits
from ringfence.domain.errors import Refused
from ringfence.domain.permission import PERMISSIONS
from ringfence.domain.role import CUSTOMER, SERVICE_PROVIDER, SITE
from ringfence.domain.security_group import ALL, SELECTED
from ringfence.domain.text import has_control, search_key
from ringfence.visibility import ledger
from ringfence.visibility.states import (
    KIND_OF,
    CustomerGroupState,
    Edit,
    RoleState,
    SecurityGroupState,
    StateKind,
    UserState,
    changed,
)


def demand_fitting(edits: Sequence[Edit]) -> None:
    """Raises Refused for edits that do not fit together."""
    coming: dict[int, StateKind] = {}
    known: set[tuple[str, int]] = set()
    for edit in edits:
        if any(state is not None and KIND_OF[type(state)] != edit.kind for state in (edit.before, edit.after)):
            raise Refused("a record of one kind is not made into another")
        if (edit.kind, edit.id) in known or edit.id in coming:
            raise Refused("the same record is changed twice at once: make one change of it")
        known.add((edit.kind, edit.id))
        if edit.before is None and edit.after is not None:
            if edit.id >= 0:
                raise Refused("a new record stands under a negative number until it is made")
            coming[edit.id] = edit.kind
    for edit in edits:
        for kind, ids in _new_references(edit):
            if any(coming.get(one) != kind for one in ids if one < 0):
                raise Refused("it refers to a new record that this change does not make")


def _new_references(edit: Edit) -> list[tuple[StateKind, list[int]]]:
    state = edit.after
    if isinstance(state, SecurityGroupState) and state.role is not None:
        return [("role", [state.role])]
    if isinstance(state, UserState):
        groups = [group for group, _ in state.security_groups]
        return [("security_group", groups), ("customer_group", list(state.customer_groups))]
    return []


def demand_sound(connection: Connection, edit: Edit) -> None:
    """Raises Refused for a state that no record may have."""
    before, state = edit.before, edit.after
    assert state is not None
    if before is None or "name" in changed(before, state):
        _demand_text(state.name, "name", limits.NAME, filled=True)
    if isinstance(state, RoleState):
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
        _demand_text(state.description, "description", limits.LONG_TEXT, lines=True)
        if isinstance(before, CustomerGroupState) and before.users != state.users:
            raise Refused("who has a customer group is changed with the user")
    elif isinstance(state, UserState):
        _demand_text(state.login, "login", limits.SHORT_TEXT, filled=True)
        _demand_text(state.email, "email", limits.SHORT_TEXT)
        if ledger.login_taken(connection, state.login, edit.id):
            raise Refused("another user has this login", "login")
        key = search_key(state.name, state.login, state.email)
        if len(key.encode()) > limits.SEARCH_KEY_BYTES:
            raise Refused("name, login and e-mail are too long together", "name")
        brought_back = before is None and state.key  # as it was, whatever a load had let in
        known = before.security_groups if isinstance(before, UserState) else frozenset()
        for _, (since, until) in state.security_groups - known:
            if not brought_back and since is not None and until is not None and until <= since:
                raise Refused("a validity window ends before it begins", "security_groups")


def _demand_text(text: str, field: str, longest: int, *, filled: bool = False, lines: bool = False) -> None:
    if filled and not text.strip():
        raise Refused("this must not be empty", field)
    if len(text) > longest:
        raise Refused(f"this is longer than {longest} characters", field)
    if has_control(text, allow="\n\t" if lines else ""):
        raise Refused("this holds a control character", field)
    if filled and len(search_key(text).encode()) > limits.SEARCH_KEY_BYTES:
        raise Refused("this is too long", field)
