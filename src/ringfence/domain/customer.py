"""A customer: a node of the tenant's tree, nested to any depth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.attributes import ATTRIBUTES
from ringfence.domain.contact import email_fault, phone_fault
from ringfence.domain.field import LATER, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind, State
from ringfence.domain.shown import Area, Display, Shown

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CustomerState(State):
    """A customer below ``parent``: the tenant's root is the one without a parent and without a key. The limits (None:
    without one) count what is at it and below it.

    ``secured_by`` and ``grouped_by`` are the security and customer groups that name it, with whether those nested in it
    come along, and ``groups_made`` the security groups that were made for it: all three only where it is deleted or
    brought back, and ``former`` is the id that it had, only where it is brought back.
    """

    parent: Annotated[int, Ref("customer", node=True, absent=True, about="The customer that it is in.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    email: Annotated[str, Text(limits.SHORT_TEXT, fault=email_fault, about="Its e-mail address.", takes="ADDRESS")] = ""
    phone: Annotated[
        str, Text(limits.SHORT_TEXT, fault=phone_fault, about="Its telephone number, with +.", takes="NUMBER")
    ] = ""
    address: Annotated[str, Text(limits.LONG_TEXT, lines=True, about="Its postal address.")] = ""
    max_users: Annotated[
        int | None, Number("user", about="So many users at most, with those nested in it; none: no limit.")
    ] = None
    max_devices: Annotated[int | None, Number("device", about="So many devices at most, likewise; none: no limit.")] = (
        None
    )
    max_customers: Annotated[
        int | None, Number("customer", about="So many customers nested in it at most; none: no limit.")
    ] = None
    attributes: Annotated[str, ATTRIBUTES, LATER] = ""
    secured_by: Annotated[
        Mapping[int, bool], Ties("security_group_customer", "customer_id", "group_id", "security_group", whole=True)
    ] = field(default_factory=dict)
    grouped_by: Annotated[
        Mapping[int, bool], Ties("customer_group_customer", "customer_id", "group_id", "customer_group", whole=True)
    ] = field(default_factory=dict)
    groups_made: Annotated[
        frozenset[int], Ties("security_group", "made_for_id", "id", "security_group", whole=True, back=True)
    ] = frozenset()
    key: Annotated[str, Text(limits.KEY, exact=True, absent=True)] = ""
    former: int = 0


CUSTOMERS: Final = Kind(
    CustomerState,
    "customer",
    "customers",
    document=(
        "A customer; without a parent it stands below the tenant's root. "
        "The limits count what is at it and nested in it;\n"
        "null is none."
    ),
    node=True,
    more=("path", "device_count"),
    moves="move",
    elsewhere="which groups name a customer is changed with the group",
    exported=("key", "parent", "name", "email", "phone", "address", "attributes"),
    display=Display(
        Area(key="1"),
        columns=(Shown("name", 16, grow=3, key="n"),),  # the tree says by where it stands what a customer is in
    ),
)
LIMITS: Final = CUSTOMERS.limits
"""The fields of a customer that limit it."""


@CUSTOMERS.closes
def _provider(state: CustomerState) -> tuple[str, str]:
    return ("", "") if state.parent else ("this is the provider itself: it is changed by loading a snapshot", "")


def child_path(parent: str, customer_id: int) -> str:
    """The path of a customer below ``parent`` (the empty string for a tenant's root): the chain of ids from the root
    down, in base 36."""
    digits = ""
    while customer_id:
        customer_id, digit = divmod(customer_id, 36)
        digits = _DIGITS[digit] + digits
    return f"{parent or '/'}{digits}/"
