"""A security group: where and for whom. A role, over all customers or over selected ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.field import Choice, Ref, Text, Ties, Window
from ringfence.domain.kind import Kind, State
from ringfence.domain.shown import Area, Display, Shown

ALL: Final = "all"
SELECTED: Final = "selected"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SecurityGroupState(State):
    """A role and a scope; users are members of any number of groups. Without a role it gives nothing.

    ``customers`` maps each selected customer to whether those nested below it come along. ``made_for`` is the customer
    for whose single-customer users the group was generated, if it was. ``members`` are filled in only where a group is
    deleted or brought back: memberships are edited with the user.
    """

    owner: Annotated[int, Ref("customer", node=True, about="Where it belongs.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    role: Annotated[int | None, Ref("role", given=True, about="What its members may do.")] = None
    scope: Annotated[
        str,
        Choice(
            (ALL, SELECTED),
            "choose all or selected customers",
            "Over all customers, or over selected ones.",
            given=True,
        ),
    ] = SELECTED
    customers: Annotated[
        Mapping[int, bool],
        Ties(
            "security_group_customer",
            "group_id",
            "customer_id",
            "customer",
            when=("scope", SELECTED),
            about="One of those selected.",
        ),
    ] = field(default_factory=dict)
    made_for: Annotated[
        int | None, Ref("customer", place="customers", fixed=True, about="For whose users it was made.")
    ] = None
    members: Annotated[
        frozenset[tuple[int, Window]],
        Ties("membership", "group_id", "user_id", "user", whole=True, one="member", about="Somebody in it."),
    ] = frozenset()
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


SECURITY_GROUPS: Final = Kind(
    SecurityGroupState,
    "security_group",
    "security_groups",
    document=(
        "A role over all customers, or over the selected ones. Without a role it gives nothing. ``made_for`` is the\n"
        "customer for whose single-customer users it was generated."
    ),
    grants=True,
    elsewhere="who is in a security group is changed with the user",
    exported=("key", "owner", "name", "scope"),
    imported=False,
    display=Display(
        Area("Security", "4"),
        columns=(
            Shown("name", 20, grow=3, key="n"),
            Shown("role", 14, grow=2, hide_below=40, none="none you may list"),
            Shown("customers", 13, align="right", style="quiet"),
            Shown("users", 5, align="right", style="quiet", hide_below=50),
            Shown("owner", 14, grow=2, hide_below=84, style="quiet"),
        ),
        actions=("duplicate", "history", "delete"),
    ),
)
