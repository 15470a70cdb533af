"""The permission catalogue: every right that a role can hold, in the order in which the console shows it.

The first eight sections are the options that a service desk's security groups are known by; the sections after them
are what administration needs. A key is ``resource.action`` and never changes once it has shipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Permission:
    """One right: its key (``device.list``), its section's heading and its label for people.

    ``everywhere`` says why it counts only for somebody who holds it over all customers: what it touches belongs to no
    single one. It is empty for a right that can be scoped.
    """

    key: str
    section: str
    label: str
    administration: bool = False
    everywhere: str = ""


def _section(
    heading: str, resource: str, options: Iterable[tuple[str, str]], administration: bool = False
) -> list[Permission]:
    return [Permission(f"{resource}.{action}", heading, label, administration) for action, label in options]


_MANAGED: Final = (
    ("list", "List and search"),
    ("view", "View details"),
    ("create", "Create"),
    ("edit", "Edit"),
    ("delete", "Delete"),
)

CATALOGUE: Final[tuple[Permission, ...]] = (
    *_section("API tokens", "api_token", [("manage", "Manage")]),
    *_section(
        "Devices and assets",
        "device",
        [
            ("background_tools", "Background tools"),
            ("remote_access", "Remote access"),
            ("broadcast", "Broadcast message"),
            ("bulk_script", "Run scripts in bulk"),
            ("create", "Create"),
            ("delete", "Delete"),
            ("edit", "Edit"),
            ("list", "List and search"),
            ("view", "View details"),
        ],
    ),
    *_section(
        "Customers",
        "customer",
        [
            ("edit", "Edit"),
            ("list", "List and search"),
            ("remote_access", "Enable remote access"),
            ("view", "View details"),
        ],
    ),
    *_section(
        "Alarms",
        "alarm",
        [("manage", "Clear and manage"), ("create", "Create"), ("delete", "Delete"), ("list", "List")],
    ),
    *_section("Scripts", "script", [("execute", "Execute"), ("list", "List")]),
    *_section("Ticket attachments", "ticket_attachment", [("view", "View")]),
    *_section(
        "Ticket comments",
        "ticket_comment",
        [("delete", "Delete"), ("delete_own", "Delete own"), ("create", "New")],
    ),
    *_section(
        "Tickets",
        "ticket",
        [
            ("create", "Create"),
            ("delete", "Delete"),
            ("edit", "Edit"),
            ("list", "List and search"),
            ("merge", "Merge"),
            ("use_charges", "Use charges"),
            ("view_assigned", "View those assigned to them"),
            ("view", "View details"),
        ],
    ),
    # Administration: what the console itself needs, beyond what a service desk's technician does.
    *_section(
        "Customer administration",
        "customer",
        [("create", "Create nested customers"), ("delete", "Delete"), ("move", "Move in the tree")],
        administration=True,
    ),
    *_section("Sites", "site", _MANAGED, administration=True),
    *_section("Device administration", "device", [("assign", "Assign to another customer")], administration=True),
    *_section("Users", "user", [*_MANAGED, ("impersonate", "See as another user")], administration=True),
    *_section("Security groups", "security_group", _MANAGED, administration=True),
    *_section("Customer groups", "customer_group", _MANAGED, administration=True),
    *_section("Roles", "role", _MANAGED, administration=True),
    Permission(
        "script.create",
        "Script administration",
        "Create and edit",
        True,
        "only with all customers: a script can be run at any of them",
    ),
    Permission(
        "policy.edit",
        "Policies",
        "Edit",
        True,
        "only with all permissions on all customers: a policy applies to every one of them",
    ),
    *_section("Audit", "audit", [("view", "View")], administration=True),
)

KEYS: Final = tuple(permission.key for permission in CATALOGUE)
PERMISSIONS: Final = frozenset(KEYS)
EVERYWHERE: Final[frozenset[str]] = frozenset(permission.key for permission in CATALOGUE if permission.everywhere)
"""What cannot be scoped: held over all customers, or not at all."""
ON_SITES: Final = ("device", "alarm", "script", "ticket", "ticket_attachment", "ticket_comment")
"""What rights are of that are held over what stands on a site, and over what happens there."""
_AT_SITES: Final = ("site", *ON_SITES)
AT_SITES: Final[frozenset[str]] = (
    frozenset(one for one in PERMISSIONS if one.partition(".")[0] in _AT_SITES) - EVERYWHERE - {"site.create"}
) | {"customer.list"}
"""What can be held at single sites: rights over them, over what stands on them and what happens there; and the names of
the customers who own them."""
POLICY_EDIT: Final = "policy.edit"
"""Needs every other permission over all customers besides."""
