"""What leaves the services: frozen records, without a session behind them. Imports nothing but the standard library,
and what is as plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ringfence.domain.role import mark

SortKey = tuple[str, int]
"""Where a record stands in the order it was listed in."""


@dataclass(frozen=True, slots=True)
class Record:
    """What every kind of record has. ``owner`` and ``owner_key`` are empty where the owner is hidden."""

    id: int
    key: str
    name: str
    owner: str
    owner_key: str | None
    sort_key: SortKey

    def fields(self) -> dict[str, Any]:
        """The record as it is exported: the snapshot's fields, in its order; of what is no more than a choice, what it
        is called."""
        return {"key": self.key, "name": self.name}

    def shown(self, name: str) -> Any:
        """What a list shows of it, by the name of a field or of what is counted besides: of a reference, its name."""
        return getattr(self, name)


@dataclass(frozen=True, slots=True)
class CustomerRecord(Record):
    """A customer; its owner is its parent."""

    email: str
    phone: str
    address: str
    attributes: str

    def fields(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "parent": self.owner_key,
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "address": self.address,
            "attributes": self.attributes,
        }


@dataclass(frozen=True, slots=True)
class PlainRecord(Record):
    """A record of a kind of which lists show its fields and no more: ``values`` are those by name, in the order in
    which they are exported, references as keys; ``names`` are the names of what it refers to. A reference is None, and
    its name empty, where there is none or it is hidden."""

    values: Mapping[str, Any]
    names: Mapping[str, str]

    def shown(self, name: str) -> Any:
        return self.names[name] if name in self.names else self.values[name]

    def fields(self) -> dict[str, Any]:
        return dict(self.values)


@dataclass(frozen=True, slots=True)
class SecurityGroupRecord(Record):
    """A security group, without its grants. ``role`` is empty where it has none or the viewer may not list it;
    ``customers`` (those it names) and ``users`` count what the viewer sees."""

    scope: str
    role: str = ""
    customers: int = 0
    users: int = 0

    def fields(self) -> dict[str, Any]:
        return {"key": self.key, "owner": self.owner_key, "name": self.name, "scope": self.scope}


@dataclass(frozen=True, slots=True)
class CustomerGroupRecord(Record):
    """A customer group, without its customers; they and its users are counted as far as the viewer sees them."""

    description: str
    active: bool
    customers: int = 0
    users: int = 0

    def fields(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "owner": self.owner_key,
            "name": self.name,
            "description": self.description,
            "active": self.active,
        }


@dataclass(frozen=True, slots=True)
class RoleRecord(Record):
    """A role, without its permissions, which are counted; ``groups`` and ``users`` as far as the viewer sees them."""

    access_level: str
    permissions: int = 0
    groups: int = 0
    users: int = 0
    builtin: bool = False
    private: bool = False

    @property
    def mark(self) -> str:
        """What sets it apart from a role of one's own; empty for most."""
        return mark(builtin=self.builtin, private=self.private)

    def fields(self) -> dict[str, Any]:
        return {"key": self.key, "owner": self.owner_key, "name": self.name, "access_level": self.access_level}


@dataclass(frozen=True, slots=True)
class AuditRecord(Record):
    """One record changed. ``number`` is its place in the audit, ``change`` that of the first entry of its transaction;
    ``actor`` is empty where the viewer may not list whoever made the change, and so is ``os_user``, the user of the
    operating system who did. ``at`` is ISO 8601, in UTC; ``undone`` says that the change was taken back."""

    number: int
    change: int
    undoes: int | None
    at: str
    actor: str
    origin: str
    os_user: str
    action: str
    kind: str
    undone: bool = False

    def fields(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "change": self.change,
            "undoes": self.undoes,
            "at": self.at,
            "actor": self.actor,
            "origin": self.origin,
            "os_user": self.os_user,
            "action": self.action,
            "kind": self.kind,
            "record": self.key,
            "name": self.name,
        }


class Part(NamedTuple):
    """A part of a long list: after or before a record, or from its end; ``skip`` leaves out the nearest ones."""

    limit: int = 50
    after: SortKey | None = None
    before: SortKey | None = None
    from_end: bool = False
    skip: int = 0


class Listing(NamedTuple):
    """What is listed: a kind (``devices``), a text to look for, the column to sort by (empty: the kind's own order),
    and the customer to stay below (its id). ``only`` is a filter as well, which narrows what is looked through.

    ``record`` is a record's kind (``device``) and key: of the audit, only what it says of that one; of all else, what
    refers to it.
    """

    kind: str
    search: str = ""
    sort: str = ""
    descending: bool = False
    under: int | None = None
    record: tuple[str, str] | None = None
    only: str = ""


class TreeCustomer(NamedTuple):
    """A node of the tree as its viewer sees it; ``parent`` is None where the parent is hidden or there is none."""

    id: int
    parent: int | None
    key: str
    name: str
    has_children: bool


class CustomerDetail(NamedTuple):
    """A customer opened. ``trail`` holds the visible ancestors' names, topmost first, and its own. ``customers`` counts
    those nested in it; ``counts`` what there is at it and below it, of each kind that is a tab of it (as the command
    line spells it), None where the viewer may not list that kind at all. ``limits`` say how many ``customers``,
    ``devices`` and ``users`` there may be, where that is limited."""

    id: int
    key: str
    name: str
    email: str
    phone: str
    address: str
    trail: tuple[str, ...]
    customers: int
    counts: Mapping[str, int | None]
    limits: tuple[tuple[str, int], ...] = ()


class Account(NamedTuple):
    """A user who can be signed in as, by the login that ``means`` nobody else. ``standing`` says in a few words by what
    they see what they see."""

    id: int
    login: str
    name: str
    tenant: str
    standing: str
    active: bool
    sort_key: SortKey
    means: str


class Profile(NamedTuple):
    """Who is looking, and how much of what there is they see.

    ``place`` is the tenant's name for whoever sees its root, else the name of their home where they see that.
    The totals are the tenant's, and 0 where they were not asked for. ``seen_by`` is the login of whoever looks through
    their eyes; empty where they do so themselves.
    """

    user_id: int
    login: str
    name: str
    place: str
    standing: str
    active: bool
    customers: int
    devices: int
    total_customers: int = 0
    total_devices: int = 0
    reason: str = ""
    seen_by: str = ""


class ComparedCustomer(NamedTuple):
    """A node of the tree of two users together: the devices that each sees there and below, None for one who does
    not see the customer."""

    id: int
    left: int | None
    right: int | None


class AuditDetail(NamedTuple):
    """An entry of the audit opened: lines of (field, before, after) as far as the viewer sees what they refer to."""

    record: AuditRecord
    lines: tuple[tuple[str, str, str], ...]
    entries: int
    undone: bool
