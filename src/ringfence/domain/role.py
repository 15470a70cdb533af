"""A role: the what of access, a named set of permissions with an access level."""

from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

from ringfence.domain import limits
from ringfence.domain.errors import Refused
from ringfence.domain.field import LATER, Choice, Flag, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind, State
from ringfence.domain.permission import KEYS, PERMISSIONS
from ringfence.domain.shown import Area, Display, Shown

SERVICE_PROVIDER: Final = "service_provider"
CUSTOMER: Final = "customer"
SITE: Final = "site"
IDLE_MINUTES: Final = 30
"""So long nobody touches a key until the console locks, where no role says otherwise."""
LONGEST_IDLE: Final = 12 * 60


class Level(NamedTuple):
    """An access level: how far a role of it ``reaches``, in a few words and in a sentence."""

    key: str
    reaches: str
    told: str


LEVELS: Final = {
    one.key: one
    for one in (
        Level(SERVICE_PROVIDER, "every customer of the group", "Reaches every customer of the security group."),
        Level(
            CUSTOMER,
            "only customers named for the user",
            "Reaches only customers named for the user: selected in the group, in their customer groups, or home.",
        ),
        Level(
            SITE,
            "only the user's sites",
            "Reaches only the customers that own the user's sites, and what stands on those sites.",
        ),
    )
}


def mark(*, builtin: bool, private: bool) -> str:
    """What sets a role apart from one of one's own; empty for most."""
    return "built in" if builtin else "private" if private else ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RoleState(State):
    """A named set of permissions; None is all of the catalogue, now and later. A ``private`` role belongs to the one
    security group that uses it; a ``builtin`` one is copied, never changed. Of several roles of a user, one that
    demands a ``second_factor`` is enough, and the shortest of their ``idle_minutes`` counts."""

    owner: Annotated[int, Ref("customer", node=True, about="Where it belongs.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    access_level: Annotated[
        str, Choice(tuple(LEVELS), "choose an access level", "How much of a customer it reaches.", given=True)
    ] = SERVICE_PROVIDER
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
    second_factor: Annotated[
        bool, Flag("", about="Whether who has it signs in with a code besides the password."), LATER
    ] = False
    idle_minutes: Annotated[
        int | None,
        Number(about="So many minutes without a key until the console locks; none: 30.", least=1, most=LONGEST_IDLE),
    ] = None
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
    display=Display(
        Area(key="4"),
        columns=(
            Shown("name", 18, grow=2, key="n"),
            Shown("access_level", 16, hide_below=38),
            Shown("permissions", 11, align="right", style="quiet"),
            Shown("groups", 6, align="right", style="quiet", hide_below=48),
            Shown("users", 5, align="right", style="quiet", hide_below=54),
            Shown("mark", 8, title="Kind", hide_below=64, style="quiet", sought=True),
            Shown("owner", 14, grow=2, hide_below=92, style="quiet"),
        ),
        actions=("duplicate", "history", "delete"),
    ),
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
