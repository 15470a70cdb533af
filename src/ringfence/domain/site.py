"""A site: a place of one customer, on which devices stand."""

from dataclasses import dataclass
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.attributes import ATTRIBUTES
from ringfence.domain.errors import Refused
from ringfence.domain.field import LATER, Ref, Text, Ties, referred_by
from ringfence.domain.kind import Kind, State
from ringfence.domain.shown import Display, Shown


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SiteState(State):
    """A site of a customer. ``devices`` that stand on it, ``users`` who were given it and the alarms that were
    ``raised`` there are filled in only where it is deleted or brought back."""

    customer: Annotated[int, Ref("customer", node=True, about="Whose it is, for good.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    devices: Annotated[
        frozenset[int],
        Ties(
            *("device", "site_id", "id", "device"),
            whole=True,
            back=True,
            about="What stands on it stays with the customer, on none.",
        ),
    ] = frozenset()
    users: Annotated[frozenset[int], Ties("user_site", "site_id", "user_id", "user", whole=True)] = frozenset()
    attributes: Annotated[str, ATTRIBUTES, LATER] = ""
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""
    raised: Annotated[frozenset[int], referred_by("alarm", "site_id")] = frozenset()


SITES: Final = Kind(
    SiteState,
    "site",
    "sites",
    document="A place of one customer (or of the tenant's root).",
    place=True,
    moves="",
    elsewhere="what stands on a site is changed with the device",
    display=Display(
        area=None,
        tab=True,
        columns=(
            Shown("name", 16, grow=2, key="n"),
            Shown("customer", 14, grow=2, hide_below=36, style="quiet"),
            Shown("key", 12, grow=1, hide_below=56, style="quiet"),
        ),
    ),
)


@SITES.checks()
def _demand_staying(before: SiteState | None, after: SiteState) -> None:
    if before is not None and before.customer != after.customer:
        raise Refused("a site stays with its customer: make one at the other customer", "customer")
