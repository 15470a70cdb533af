"""What can be edited: the whole of a record at one moment, as forms hold it and the audit compares it.

Ids refer to other records; a negative id stands for one that the same change creates. Imports nothing but the
standard library, so that whoever draws forms may hold these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Literal

StateKind = Literal["customer", "site", "device", "role", "customer_group", "security_group", "user"]

Window = tuple[datetime | None, datetime | None]
"""A validity window: from (inclusive) and until (exclusive); None is open."""


@dataclass(frozen=True, slots=True)
class CustomerState:
    """A customer below ``parent``. The limits (None: without one) count what is at it and below it.

    ``secured_by`` and ``grouped_by`` are the security and customer groups that name it, with whether those nested in it
    come along, and ``groups_made`` the security groups that were made for it: all three only where it is deleted or
    brought back, and ``former`` is the id that it had, only where it is brought back.
    """

    parent: int
    name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    max_users: int | None = None
    max_devices: int | None = None
    max_customers: int | None = None
    secured_by: Mapping[int, bool] = field(default_factory=dict)
    grouped_by: Mapping[int, bool] = field(default_factory=dict)
    groups_made: frozenset[int] = frozenset()
    key: str = ""
    former: int = 0


@dataclass(frozen=True, slots=True)
class SiteState:
    """A site of a customer. ``devices`` that stand on it and ``users`` who were given it are filled in only where it
    is deleted or brought back."""

    customer: int
    name: str
    devices: frozenset[int] = frozenset()
    users: frozenset[int] = frozenset()
    key: str = ""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device or another asset, on a site of its customer or on none."""

    customer: int
    name: str
    unit_id: str = ""
    kind: str = ""
    site: int | None = None
    notes: str = ""
    key: str = ""


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


AccessState = RoleState | SecurityGroupState | CustomerGroupState | UserState
"""What decides who sees what."""
State = CustomerState | SiteState | DeviceState | AccessState

KIND_OF: Final[Mapping[type[State], StateKind]] = {
    CustomerState: "customer",
    SiteState: "site",
    DeviceState: "device",
    RoleState: "role",
    CustomerGroupState: "customer_group",
    SecurityGroupState: "security_group",
    UserState: "user",
}

BLANK: Final[Mapping[StateKind, State]] = {
    "customer": CustomerState(0, ""),
    "site": SiteState(0, ""),
    "device": DeviceState(0, ""),
    "role": RoleState(0, ""),
    "customer_group": CustomerGroupState(0, ""),
    "security_group": SecurityGroupState(0, ""),
    "user": UserState(0, "", ""),
}
"""What a record that is not there yet differs from."""

LINES: Final = ("name", "login", "email", "phone", "unit_id", "kind")
"""The fields that hold one line of text, of whatever kind of record."""

LIMITS: Final = ("max_users", "max_devices", "max_customers")
"""The fields of a customer that limit it."""

TIED: Final = frozenset({"members", "users", "devices", "secured_by", "grouped_by", "groups_made"})
"""The fields that are filled in only where a record is deleted or brought back."""

_UNCOMPARED: Final = frozenset({"key", "former"})
_COMPARED: Final[Mapping[type[State], tuple[str, ...]]] = {
    state: tuple(one.name for one in fields(state) if one.name not in _UNCOMPARED) for state in KIND_OF
}


_VALUES: Final = {state: attrgetter(*names) for state, names in _COMPARED.items()}
_MOVED_ALONE: Final = attrgetter("name", "unit_id", "kind", "notes")
"""What of a device stays as it is when it is assigned to another customer, and no more."""


def node_of(state: State) -> int:
    """The node that a record belongs to; of a customer, the one above it."""
    if isinstance(state, DeviceState | SiteState):
        return state.customer
    if isinstance(state, CustomerState):
        return state.parent
    return state.home if isinstance(state, UserState) else state.owner


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
    # Worked out when they are first asked for: of very many edits, each is asked several times.
    _actions: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    _changed: tuple[str, ...] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def actions(self) -> tuple[str, ...]:
        """What is done to the record, as permissions call it: ``create``, ``delete``, ``move`` of a customer,
        ``assign`` of a device to another customer, ``edit`` of anything else; an edit may be two of them."""
        if not self._actions:
            object.__setattr__(self, "_actions", self._actions_of())
        return self._actions

    @property
    def changed(self) -> tuple[str, ...]:
        """The names of the fields that differ; of a record that comes or goes, from one that is blank."""
        if self._changed is None:
            blank = BLANK[self.kind]
            object.__setattr__(self, "_changed", tuple(changed(self.before or blank, self.after or blank)))
        assert self._changed is not None
        return self._changed

    def _actions_of(self) -> tuple[str, ...]:
        if self.before is None:
            return ("create",)
        if self.after is None:
            return ("delete",)
        before, after = self.before, self.after
        if isinstance(before, DeviceState) and isinstance(after, DeviceState):
            if before.customer == after.customer:
                return ("edit",)
            return ("assign",) if _MOVED_ALONE(before) == _MOVED_ALONE(after) else ("assign", "edit")
        if isinstance(before, CustomerState) and isinstance(after, CustomerState) and before.parent != after.parent:
            return ("move", "edit") if replace(before, parent=after.parent) != after else ("move",)
        return ("edit",)

    @property
    def action(self) -> str:
        """The first of ``actions``: what the audit says was done."""
        return self.actions[0]


def items(value: Any) -> frozenset[Any] | None:
    """The items of a field that is a set or a mapping; None for a plain value (all permissions among them)."""
    if isinstance(value, Mapping):
        return frozenset(value.items())
    return value if isinstance(value, frozenset) else None


def changed(before: State, after: State) -> list[str]:
    """The names of the fields in which two states of a record differ."""
    if type(before) is not type(after):
        raise TypeError("a record of one kind is not made into another")
    names, values = _COMPARED[type(before)], _VALUES[type(before)]
    return [name for name, old, new in zip(names, values(before), values(after), strict=True) if old != new]


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
