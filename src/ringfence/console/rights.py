"""What the signed-in user may do anywhere, in the keys of the permissions: what commands and badges ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

EDITED: Final = ("customer", "site", "device", "user", "security_group", "customer_group", "role")
"""What is edited here."""

CHANGES: Final = frozenset(f"{kind}.{action}" for kind in EDITED for action in ("create", "edit", "delete")) | {
    "customer.move",
    "device.assign",
}
"""Whoever holds one of these may change something."""

_LISTED: Final[Mapping[str, str]] = {
    "devices": "device.list",
    "sites": "site.list",
    "users": "user.list",
    "security-groups": "security_group.list",
    "customer-groups": "customer_group.list",
    "roles": "role.list",
    "audit": "audit.view",
}

SEEING_AS: Final = frozenset({"user.list", "user.impersonate"})
"""Who holds both may look through somebody's eyes."""

ASKED: Final = tuple(
    sorted(CHANGES | SEEING_AS | {f"{kind}.view" for kind in EDITED} | {"customer.list"} | set(_LISTED.values()))
)
"""What is asked for at sign-in, and whenever something has changed."""


def may_list(rights: Collection[str], kind: str) -> bool:
    """Whether a list of that kind may hold anything at all."""
    return kind not in _LISTED or _LISTED[kind] in rights


def why_only_looking(rights: Collection[str]) -> str:
    """Why somebody can change nothing anywhere; empty for whoever may change something."""
    return "no role lets you change anything" if CHANGES.isdisjoint(rights) else ""


def badge(read_only: str) -> tuple[str, bool]:
    """What the header says of a screen that is read-only for that reason (RO), or is not (RW, which does not warn)."""
    return ("RO", False) if read_only else ("RW", True)
