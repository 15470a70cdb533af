"""The permission catalogue: every right that a role can hold, in the order in which the console shows it.

The first eight sections are the options that a service desk's security groups are known by; the sections after them
are what administration needs. A key is ``resource.action`` and never changes once it has shipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from ringfence.domain.errors import RingfenceError


class Permission(NamedTuple):
    """One right: its key (``device.list``), its section's heading and its label for people.

    ``everywhere`` says why it counts only for somebody who holds it over all customers: what it touches belongs to no
    single one. It is empty for a right that can be scoped. ``does`` is what it lets its holders do, as a verb's phrase:
    in it ``{these}`` stands for the customers over whom they hold it, and ``{of}`` for what is theirs.
    """

    key: str
    section: str
    label: str
    does: str
    administration: bool = False
    everywhere: str = ""


def _section(
    heading: str, resource: str, options: Iterable[tuple[str, ...]], administration: bool = False
) -> list[Permission]:
    """``options`` are action and label, and the phrase where the label does not make it."""
    found = []
    for action, label, *said in options:
        does = said[0] if said else _phrase(resource, action, label)
        found.append(Permission(f"{resource}.{action}", heading, label, does, administration))
    return found


def _phrase(resource: str, action: str, label: str) -> str:
    verb = "open" if action == "view" else label.lower()
    return f"{verb} {{these}}" if resource == "customer" else f"{verb} {resource.replace('_', ' ')}s {{of}}"


_MANAGED: Final = (
    ("list", "List and search"),
    ("view", "View details"),
    ("create", "Create"),
    ("edit", "Edit"),
    ("delete", "Delete"),
)

_SET_UP: Final = (("list", "List and open"), ("edit", "Create, edit and delete"))
"""The rights to what is set up once, and seldom changed."""

CATALOGUE: Final[tuple[Permission, ...]] = (
    *_section("API tokens", "api_token", [("manage", "Manage", "make and revoke API tokens {of}")]),
    *_section(
        "Devices and assets",
        "device",
        [
            ("background_tools", "Background tools", "use background tools on devices {of}"),
            ("remote_access", "Remote access", "connect to devices {of}"),
            ("broadcast", "Broadcast message", "send a message to devices {of}"),
            ("bulk_script", "Run scripts in bulk", "run scripts in bulk on devices {of}"),
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
            ("remote_access", "Enable remote access", "switch remote access on for {these}"),
            ("view", "View details"),
        ],
    ),
    *_section(
        "Alarms",
        "alarm",
        [("manage", "Clear and manage"), ("create", "Create"), ("delete", "Delete"), ("list", "List")],
    ),
    *_section("Scripts", "script", [("execute", "Execute", "run scripts on devices {of}"), ("list", "List")]),
    *_section("Ticket attachments", "ticket_attachment", [("view", "View", "open what is attached to tickets {of}")]),
    *_section(
        "Ticket comments",
        "ticket_comment",
        [
            ("delete", "Delete", "delete comments on tickets {of}"),
            ("delete_own", "Delete own", "delete their own comments on tickets {of}"),
            ("create", "New", "comment on tickets {of}"),
        ],
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
            ("use_charges", "Use charges", "use charges on tickets {of}"),
            ("view_assigned", "View those assigned to them", "open tickets {of} that are assigned to them"),
            ("view", "View details"),
        ],
    ),
    # Administration: what the console itself needs, beyond what a service desk's technician does.
    *_section(
        "Customer administration",
        "customer",
        [
            ("create", "Create nested customers", "create customers nested in {these}"),
            ("delete", "Delete"),
            ("move", "Move in the tree", "move {these} in the tree"),
        ],
        administration=True,
    ),
    *_section("Sites", "site", _MANAGED, administration=True),
    *_section(
        "Device administration",
        "device",
        [("assign", "Assign to another customer", "move devices {of} to another customer")],
        administration=True,
    ),
    *_section(
        "Users",
        "user",
        [*_MANAGED, ("impersonate", "See as another user", "see as another user {of}, without changing anything")],
        administration=True,
    ),
    *_section("Edges", "edge", _SET_UP, administration=True),
    *_section("Alarm rules", "alarm_rule", _SET_UP, administration=True),
    *_section(
        "Test modes",
        "alarm",
        [("suppress", "Start and end", "start and end test modes {of}")],
        administration=True,
    ),
    *_section("Security groups", "security_group", _MANAGED, administration=True),
    *_section("Customer groups", "customer_group", _MANAGED, administration=True),
    *_section("Roles", "role", _MANAGED, administration=True),
    Permission(
        "script.create",
        "Script administration",
        "Create and edit",
        "write and edit scripts",
        True,
        "only with all customers: a script can be run at any of them",
    ),
    Permission(
        "policy.edit",
        "Policies",
        "Edit",
        "edit policies",
        True,
        "only with all permissions on all customers: a policy applies to every one of them",
    ),
    *_section("Audit", "audit", [("view", "View", "read the audit {of}")], administration=True),
)

BY_KEY: Final = {permission.key: permission for permission in CATALOGUE}
KEYS: Final = tuple(BY_KEY)
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


def demand_known(*permissions: str) -> None:
    """Raises RingfenceError where one of the keys is that of no permission."""
    for one in permissions:
        if one not in PERMISSIONS:
            raise RingfenceError(f"there is no permission {one!r}: 'ringfence schema' lists them")
