"""The roles that come with Ringfence, for every tenant: copied into one of its own, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ringfence.domain.permission import CATALOGUE
from ringfence.domain.role import CUSTOMER, SERVICE_PROVIDER, SITE


@dataclass(frozen=True, slots=True)
class BuiltinRole:
    """``permissions`` None is all of them, now and later."""

    key: str
    name: str
    access_level: str
    permissions: frozenset[str] | None
    about: str


def _held(*lines: str) -> frozenset[str]:
    """``"site: list view"`` as ``site.list`` and ``site.view``."""
    keys = frozenset(
        f"{resource}.{action}"
        for resource, _, actions in (line.partition(": ") for line in lines)
        for action in actions.split()
    )
    assert keys <= {permission.key for permission in CATALOGUE}
    return keys


_READ: Final = _held("customer: list view", "device: list view", "site: list view", "alarm: list")

BUILTIN_ROLES: Final = (
    BuiltinRole("administrator", "Administrator", SERVICE_PROVIDER, None, "everything, over all customers"),
    BuiltinRole(
        "operator",
        "Operator",
        SERVICE_PROVIDER,
        _READ
        | _held(
            "alarm: create manage suppress",
            "alarm_rule: list",
            "user: list view",
            "security_group: list view",
            "customer_group: list view",
            "role: list view",
            "ticket: create edit list view",
            "ticket_attachment: view",
            "ticket_comment: create delete_own",
        ),
        "watches alarms, writes tickets, changes nothing else",
    ),
    BuiltinRole(
        "technician",
        "Technician",
        SERVICE_PROVIDER,
        _READ
        | _held(
            "device: background_tools create edit remote_access",
            "site: create edit",
            "edge: list",
            "script: execute list",
            "alarm: manage",
            "alarm_rule: list",
            "ticket: list view_assigned edit",
            "ticket_attachment: view",
            "ticket_comment: create delete_own",
        ),
        "works on devices and the tickets assigned to them",
    ),
    BuiltinRole(
        "account-administrator",
        "Account administrator",
        CUSTOMER,
        _READ
        | _held(
            "customer: create edit delete move",
            "device: assign create delete edit",
            "site: create edit delete",
            "edge: list edit",
            "alarm: create manage delete suppress",
            "alarm_rule: list edit",
            "user: list view create edit delete",
            "security_group: list view create edit delete",
            "customer_group: list view create edit delete",
            "role: list view create edit delete",
            "ticket: create edit list view",
            "ticket_attachment: view",
            "ticket_comment: create delete_own",
            "audit: view",
        ),
        "runs one customer's own people, devices and nested customers",
    ),
    BuiltinRole(
        "customer-user",
        "Customer user",
        CUSTOMER,
        _READ | _held("user: list", "ticket: list view", "ticket_attachment: view"),
        "sees one customer, changes nothing",
    ),
    BuiltinRole(
        "site-guard",
        "Site guard",
        SITE,
        _held("customer: list", "site: list view", "device: list view", "alarm: list manage", "ticket: create"),
        "sees their sites and clears alarms there",
    ),
)
