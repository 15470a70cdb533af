"""The rows of lists as they leave the services: frozen records, without a session behind them. They stand apart from
what a console needs before it lists any, since making such classes takes a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ringfence.domain.role import mark

if TYPE_CHECKING:
    from ringfence.services.records import SortKey


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
