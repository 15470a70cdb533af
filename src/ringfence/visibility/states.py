"""What can be edited: the whole of a role, a group or a user at one moment, as forms hold it and the audit compares it.

Ids refer to other records; a negative id stands for one that the same change creates. Imports nothing but the
standard library, so that whoever draws forms may hold these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final, Literal

StateKind = Literal["role", "customer_group", "security_group", "user"]

Window = tuple[datetime | None, datetime | None]
"""A validity window: from (inclusive) and until (exclusive); None is open."""


@dataclass(frozen=True, slots=True)
class RoleState:
    """``permissions`` None is all of the catalogue, now and later."""

    owner: int
    name: str
    access_level: str = "service_provider"
    permissions: frozenset[str] | None = frozenset()
    private: bool = False
    builtin: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class SecurityGroupState:
    """``customers`` maps each selected customer to whether those nested below it come along.

    ``members`` are filled in only where a group is deleted or brought back: memberships are edited with the user.
    """

    owner: int
    name: str
    role: int | None = None
    scope: str = "selected"
    customers: Mapping[int, bool] = field(default_factory=dict)
    made_for: int | None = None
    members: frozenset[tuple[int, Window]] = frozenset()
    key: str = ""


@dataclass(frozen=True, slots=True)
class CustomerGroupState:
    """``users``, as ``members`` of a security group, only where it is deleted or brought back."""

    owner: int
    name: str
    description: str = ""
    active: bool = True
    customers: Mapping[int, bool] = field(default_factory=dict)
    users: frozenset[int] = frozenset()
    key: str = ""


@dataclass(frozen=True, slots=True)
class UserState:
    """``security_groups`` holds a group with each of its windows."""

    home: int
    login: str
    name: str
    email: str = ""
    active: bool = True
    security_groups: frozenset[tuple[int, Window]] = frozenset()
    customer_groups: frozenset[int] = frozenset()
    sites: frozenset[int] = frozenset()
    key: str = ""


State = RoleState | SecurityGroupState | CustomerGroupState | UserState

KIND_OF: Final[Mapping[type[State], StateKind]] = {
    RoleState: "role",
    CustomerGroupState: "customer_group",
    SecurityGroupState: "security_group",
    UserState: "user",
}

BLANK: Final[Mapping[StateKind, State]] = {
    "role": RoleState(0, ""),
    "customer_group": CustomerGroupState(0, ""),
    "security_group": SecurityGroupState(0, ""),
    "user": UserState(0, "", ""),
}
"""What a record that is not there yet differs from."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One record to be created (``before`` None), changed, or deleted (``after`` None).

    ``before`` is what whoever edits was shown, at ``revision``; only what differs between the two is changed.
    """

    kind: StateKind
    id: int
    before: State | None
    after: State | None
    revision: int = 0

    @property
    def action(self) -> str:
        """``create``, ``edit`` or ``delete``."""
        if self.before is None:
            return "create"
        return "edit" if self.after is not None else "delete"


def items(value: Any) -> frozenset[Any] | None:
    """The items of a field that is a set or a mapping; None for a plain value (all permissions among them)."""
    if isinstance(value, Mapping):
        return frozenset(value.items())
    return value if isinstance(value, frozenset) else None


def changed(before: State, after: State) -> list[str]:
    """The names of the fields in which two states of a record differ."""
    names = (one.name for one in fields(before) if one.name != "key")
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def rebased(current: State, before: State, after: State) -> State:
    """``current`` with what was changed from ``before`` to ``after``: sets by their items, other fields whole."""
    values: dict[str, Any] = {}
    for name in changed(before, after):
        old, new, now = (getattr(state, name) for state in (before, after, current))
        sets = items(old), items(new), items(now)
        if sets[0] is None or sets[1] is None or sets[2] is None:
            values[name] = new
            continue
        kept = (sets[2] - (sets[0] - sets[1])) | (sets[1] - sets[0])
        if isinstance(new, Mapping):
            # An item of ours stands over one of theirs that has the same key.
            values[name] = {**dict(sets[2] & kept), **dict(sets[1] - sets[0])}
        else:
            values[name] = kept
    return replace(current, **values)
