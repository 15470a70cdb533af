"""A role: the what of access, a named set of permissions with an access level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.kind import LATER, Choice, Flag, Kind, Ref, State, Text, Ties

SERVICE_PROVIDER: Final = "service_provider"
CUSTOMER: Final = "customer"
SITE: Final = "site"
LEVELS: Final = (SERVICE_PROVIDER, CUSTOMER, SITE)


@dataclass(frozen=True, slots=True)
class RoleState(State):
    """A named set of permissions; None is all of the catalogue, now and later. A ``private`` role belongs to the one
    security group that uses it; a ``builtin`` one is copied, never changed."""

    owner: Annotated[int, Ref("customer", node=True)]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    access_level: Annotated[str, Choice(LEVELS, "choose an access level")] = SERVICE_PROVIDER
    permissions: Annotated[
        frozenset[str] | None, Ties("role_permission", "role_id", "permission", everything="all_permissions")
    ] = frozenset()
    private: Annotated[bool, Flag(), LATER] = False
    builtin: Annotated[bool, Flag(), LATER] = False
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


ROLES: Final = Kind(RoleState, "role", "roles")
