"""The kinds of record that are listed: their tables, who owns them, what lists them, how they sort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ringfence.domain.errors import RingfenceError


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind of record.

    ``owner`` is the column that names the node it belongs to, ``site`` the one that says where it stands (None: on no
    site, so that site-level grants never reach it). ``sorts`` maps a sort's name to its column, each with an index
    that starts with the tenant. ``indexed`` says that substrings of its search key are indexed, ``lasting`` that it
    outlives its owner: then it is where that was.
    """

    name: str
    noun: str
    table: str
    permission: str
    owner: str
    columns: tuple[str, ...]
    sorts: Mapping[str, str]
    site: str | None = None
    indexed: bool = False
    condition: str = ""
    lasting: bool = False

    @property
    def is_customer(self) -> bool:
        """Whether the record is itself a node of the tree."""
        return self.table == "customer"

    @property
    def nodes(self) -> tuple[str, ...]:
        """The tables that hold the owners, each with ``id``, ``tenant_id`` and ``path``."""
        return ("customer", "former_customer") if self.lasting else ("customer",)


_BY_NAME: Final = {"name": "search_key"}

CUSTOMERS: Final = Kind(
    "customers",
    "customer",
    "customer",
    "customer.list",
    "id",
    ("id", "key", "name", "email", "phone", "address", "path", "parent_id", "device_count"),
    _BY_NAME,
    condition=" AND k.parent_id IS NOT NULL",
)
SITES: Final = Kind(
    "sites", "site", "site", "site.list", "customer_id", ("id", "key", "name", "customer_id"), _BY_NAME, site="id"
)
DEVICES: Final = Kind(
    "devices",
    "device",
    "device",
    "device.list",
    "customer_id",
    ("id", "key", "name", "unit_id", "kind", "notes", "customer_id", "site_id"),
    {"name": "search_key", "unit_id": "unit_id"},
    site="site_id",
    indexed=True,
)
USERS: Final = Kind(
    "users",
    "user",
    "user_account",
    "user.list",
    "home_id",
    ("id", "key", "name", "login", "email", "active", "home_id"),
    _BY_NAME,
)
SECURITY_GROUPS: Final = Kind(
    "security-groups",
    "security_group",
    "security_group",
    "security_group.list",
    "owner_id",
    ("id", "key", "name", "scope", "role_id", "owner_id"),
    _BY_NAME,
)
CUSTOMER_GROUPS: Final = Kind(
    "customer-groups",
    "customer_group",
    "customer_group",
    "customer_group.list",
    "owner_id",
    ("id", "key", "name", "description", "active", "owner_id"),
    _BY_NAME,
)
ROLES: Final = Kind(
    "roles",
    "role",
    "role",
    "role.list",
    "owner_id",
    ("id", "key", "name", "access_level", "all_permissions", "builtin", "private", "owner_id"),
    _BY_NAME,
)

AUDIT: Final = Kind(
    "audit",
    "audit_entry",
    "audit_entry",
    "audit.view",
    "node_id",
    (
        "id",
        "number",
        "change",
        "undoes",
        "actor_key",
        "actor_login",
        "origin",
        "os_user",
        "action",
        "kind",
        "key",
        "name",
        "node_id",
    ),
    {"name": "sort_key"},  # an entry is known by its moment
    lasting=True,
)

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (CUSTOMERS, SITES, DEVICES, USERS, SECURITY_GROUPS, CUSTOMER_GROUPS, ROLES, AUDIT)
}


def kind_named(name: str) -> Kind:
    """The kind of a name as the command line spells it. Raises RingfenceError for any other."""
    try:
        return KINDS[name]
    except KeyError:
        raise RingfenceError(f"there is no kind {name!r}: choose one of {', '.join(KINDS)}") from None


def kind_of_noun(noun: str) -> Kind:
    """The kind of a record named as in ``device:KEY``. Raises RingfenceError for any other."""
    for kind in KINDS.values():
        if kind.noun == noun:
            return kind
    nouns = ", ".join(f"{kind.noun}:KEY" for kind in KINDS.values())
    raise RingfenceError(f"there is no kind of record {noun!r}: name one as {nouns}")
