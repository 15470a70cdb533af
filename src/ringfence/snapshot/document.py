"""The snapshot document's entries: the one place that states its fields. The JSON Schema comes out of these models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from ringfence.domain import limits
from ringfence.domain.permission import CATALOGUE, PERMISSIONS
from ringfence.snapshot.read import show

FORMAT: Final = 1
MOST: Final = 2**31 - 1
"""The largest number: what PostgreSQL's integers hold."""

_NAMED: Final = 5
_ORDER: Final = {permission.key: place for place, permission in enumerate(CATALOGUE)}

_PRINTABLE: Final = r"[^\x00-\x1f\x7f-\x9f]"
_LINE: Final = rf"^{_PRINTABLE}*$"
_FILLED_LINE: Final = rf"^{_PRINTABLE}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTABLE}*$"
_LINES: Final = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"


def _moment(value: Any) -> Any:
    """A moment from ISO 8601 text with an offset, in UTC."""
    if value is None:
        return None
    if not isinstance(value, str | datetime):
        raise ValueError("a time is text such as 2026-11-22T08:00:00+00:00")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is None:
            raise ValueError("has no offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("a time is ISO 8601 with an offset, such as 2026-11-22T08:00:00+00:00") from None


def _permissions(value: Any) -> list[str] | Literal["all"]:
    """Keys of the catalogue, each once and in its order; or the word for all of them, now and later."""
    if value == "all":
        return "all"
    if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
        raise ValueError('must be a list of permissions, or "all"')
    unknown = [key for key in value if key not in PERMISSIONS]
    if unknown:
        more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
        raise ValueError("unknown permission " + ", ".join(map(show, unknown[:_NAMED])) + more)
    return sorted(set(value), key=_ORDER.__getitem__)


Key = Annotated[str, Field(pattern=_FILLED_LINE, max_length=limits.KEY)]
Name = Annotated[str, Field(pattern=_FILLED_LINE, max_length=limits.NAME)]
Login = Annotated[str, Field(pattern=_FILLED_LINE, max_length=limits.SHORT_TEXT)]
Line = Annotated[str, Field(pattern=_LINE, max_length=limits.SHORT_TEXT)]
Lines = Annotated[str, Field(pattern=_LINES, max_length=limits.LONG_TEXT)]
Limit = Annotated[int, Field(ge=0, le=MOST)]
Moment = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    PlainSerializer(lambda moment: None if moment is None else moment.astimezone(UTC).isoformat()),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "default": None}),
]
Permissions = Annotated[
    list[str] | Literal["all"],
    PlainValidator(_permissions),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "all"},
                {"type": "array", "items": {"enum": [permission.key for permission in CATALOGUE]}},
            ],
            "default": [],
        }
    ),
]


class Entry(BaseModel):
    """What every entry is: strict about types, and closed to fields that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TenantEntry(Entry):
    """A service provider; its name is that of its root."""

    key: Key
    name: Name


class Owned(Entry):
    """An entry of a tenant."""

    key: Key
    tenant: Key
    name: Name


class CustomerEntry(Owned):
    """A customer; without a parent it stands below the tenant's root. The limits count what is at it and nested in it;
    null is none."""

    parent: Key | None = None
    email: Line = ""
    phone: Line = ""
    address: Lines = ""
    max_users: Limit | None = None
    max_devices: Limit | None = None
    max_customers: Limit | None = None


class SiteEntry(Owned):
    """A place of one customer (or of the tenant's root)."""

    customer: Key | None = None


class DeviceEntry(Owned):
    """A device, standing on at most one site of its own customer."""

    customer: Key | None = None
    site: Key | None = None
    unit_id: Line = ""
    kind: Line = ""
    notes: Lines = ""


class RoleEntry(Owned):
    """A named set of permissions with an access level; ``private`` to the one security group that uses it, or one that
    came with Ringfence (``builtin``)."""

    owner: Key | None = None
    access_level: Literal["service_provider", "customer", "site"]
    permissions: Permissions = Field(default_factory=list)
    private: bool = False
    builtin: bool = False


class MemberCustomer(Entry):
    """A customer of a group, with or without those nested below it."""

    customer: Key | None = None
    nested: bool = True


class SecurityGroupEntry(Owned):
    """A role over all customers, or over the selected ones. Without a role it gives nothing. ``made_for`` is the
    customer for whose single-customer users it was generated."""

    owner: Key | None = None
    role: Key | None
    scope: Literal["all", "selected"]
    customers: list[MemberCustomer] = Field(default_factory=list)
    made_for: Key | None = None


class CustomerGroupEntry(Owned):
    """A set of customers used as a filter; inactive, it gives nothing."""

    owner: Key | None = None
    description: Lines = ""
    active: bool = True
    customers: list[MemberCustomer] = Field(default_factory=list)


class MembershipEntry(Entry):
    """A place in a security group, in force from the one moment up to the other."""

    group: Key
    valid_from: Moment = None
    valid_until: Moment = None


class UserEntry(Owned):
    """Somebody who logs in; without a home they are the tenant's staff."""

    home: Key | None = None
    login: Login
    email: Line = ""
    active: bool = True
    security_groups: list[MembershipEntry] = Field(default_factory=list)
    customer_groups: list[Key] = Field(default_factory=list)
    sites: list[Key] = Field(default_factory=list)


class Document(Entry):
    """A whole snapshot."""

    ringfence: Literal[1]
    tenants: list[TenantEntry] = Field(default_factory=list)
    customers: list[CustomerEntry] = Field(default_factory=list)
    sites: list[SiteEntry] = Field(default_factory=list)
    devices: list[DeviceEntry] = Field(default_factory=list)
    roles: list[RoleEntry] = Field(default_factory=list)
    security_groups: list[SecurityGroupEntry] = Field(default_factory=list)
    customer_groups: list[CustomerGroupEntry] = Field(default_factory=list)
    users: list[UserEntry] = Field(default_factory=list)


ENTRIES: Final[dict[str, type[Entry]]] = {
    "tenants": TenantEntry,
    "customers": CustomerEntry,
    "sites": SiteEntry,
    "devices": DeviceEntry,
    "roles": RoleEntry,
    "security_groups": SecurityGroupEntry,
    "customer_groups": CustomerGroupEntry,
    "users": UserEntry,
}
"""The document's lists, in the order in which it is written."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a snapshot document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Ringfence snapshot",
        **Document.model_json_schema(),
    }
