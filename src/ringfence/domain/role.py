"""A role: the what of access, a named set of permissions with an access level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.errors import Refused
from ringfence.domain.field import LATER, Choice, Flag, Ref, Text, Ties
from ringfence.domain.kind import Kind, State
from ringfence.domain.permission import KEYS, PERMISSIONS

SERVICE_PROVIDER: Final = "service_provider"
CUSTOMER: Final = "customer"
SITE: Final = "site"
LEVELS: Final = (SERVICE_PROVIDER, CUSTOMER, SITE)


@dataclass(frozen=True, slots=True)
class RoleState(State):
    """A named set of permissions; None is all of the catalogue, now and later. A ``private`` role belongs to the one
    security group that uses it; a ``builtin`` one is copied, never changed."""

    owner: Annotated[int, Ref("customer", node=True, about="Where it belongs.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    access_level: Annotated[str, Choice(LEVELS, "choose an access level", "How much of a customer it reaches.")] = (
        SERVICE_PROVIDER
    )
    permissions: Annotated[
        frozenset[str] | None,
        Ties(
            "role_permission",
            "role_id",
            "permission",
            everything="all_permissions",
            among=KEYS,
            about="What it permits, such as device.list.",
        ),
    ] = frozenset()
    private: Annotated[bool, Flag(fixed=True, about="Whether it is one security group's own."), LATER] = False
    builtin: Annotated[bool, Flag(fixed=True, about="Whether it comes with Ringfence."), LATER] = False
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


ROLES: Final = Kind(
    RoleState,
    "role",
    "roles",
    document=(
        "A named set of permissions with an access level; "
        "``private`` to the one security group that uses it, or one that\n"
        "came with Ringfence (``builtin``)."
    ),
    grants=True,
    exported=("key", "owner", "name", "access_level"),
    imported=False,
)


@ROLES.checks()
def _demand_own(before: RoleState | None, after: RoleState) -> None:
    if after.builtin and not (before is not None and before.builtin):
        raise Refused("built-in roles come with Ringfence: make a role of your own")
    if after.permissions is not None and not after.permissions <= PERMISSIONS:
        raise Refused("one of the permissions is unknown", "permissions")


@ROLES.closes
def _builtin(state: RoleState) -> tuple[str, str]:
    said = "a built-in role is copied, not changed"
    return (said, "copy it, and change the copy") if state.builtin else ("", "")
