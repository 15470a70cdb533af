"""A customer group: a named, reusable set of customers, given to users as a filter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.field import Flag, Ref, Text, Ties
from ringfence.domain.kind import Kind, State
from ringfence.domain.shown import Area, Display, Shown


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CustomerGroupState(State):
    """A set of customers used as a filter. An inactive one gives nothing. ``users``, as ``members`` of a security
    group, are filled in only where it is deleted or brought back."""

    owner: Annotated[int, Ref("customer", node=True, about="Where it belongs.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    description: Annotated[str, Text(limits.LONG_TEXT, lines=True, about="What it is for.")] = ""
    active: Annotated[bool, Flag("inactive", "gives nothing", about="Whether it filters, or gives nothing.")] = True
    customers: Annotated[
        Mapping[int, bool],
        Ties("customer_group_customer", "group_id", "customer_id", "customer", about="One of its customers."),
    ] = field(default_factory=dict)
    users: Annotated[
        frozenset[int],
        Ties(
            "user_customer_group",
            "group_id",
            "user_id",
            "user",
            whole=True,
            one="member",
            about="Somebody whom it filters.",
        ),
    ] = frozenset()
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


CUSTOMER_GROUPS: Final = Kind(
    CustomerGroupState,
    "customer_group",
    "customer_groups",
    document="A set of customers used as a filter; inactive, it gives nothing.",
    grants=True,
    elsewhere="who has a customer group is changed with the user",
    imported=False,
    display=Display(
        Area(key="4"),
        columns=(
            Shown("name", 18, grow=2, key="n"),
            Shown("active", 23, hide_below=30),
            Shown("customers", 9, align="right", style="quiet", hide_below=44),
            Shown("users", 5, align="right", style="quiet", hide_below=52),
            Shown("description", 20, grow=4, hide_below=84, style="quiet"),
        ),
        actions=("duplicate", "history", "delete", "activate"),
    ),
)
