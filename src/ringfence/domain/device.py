"""A device: owned by one customer, standing on at most one site of that customer."""

from dataclasses import dataclass
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.attributes import ATTRIBUTES
from ringfence.domain.field import LATER, Ref, Text, referred_by
from ringfence.domain.kind import Kind, State
from ringfence.domain.shown import GAP, Area, Display, Shown


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DeviceState(State):
    """A device or another asset, on a site of its customer or on none. ``unit_id`` is unique within the tenant where it
    is not empty. ``raised`` alarms of it are filled in only where it is deleted or brought back."""

    customer: Annotated[int, Ref("customer", node=True, about="Whose it is.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    unit_id: Annotated[str, Text(limits.SHORT_TEXT, searched=True, exact=True, sorted=True, unique=True)] = ""
    kind: Annotated[
        str, Text(limits.SHORT_TEXT, sorted=True, folded="kind_key", about="What it is, such as camera.")
    ] = ""
    site: Annotated[int | None, Ref("site", stands=True, follows=True, about="The site that it stands on.")] = None
    notes: Annotated[str, Text(limits.LONG_TEXT, lines=True, about="What else there is to know."), LATER] = ""
    attributes: Annotated[str, ATTRIBUTES._replace(left=True), LATER] = ""
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""
    raised: Annotated[frozenset[int], referred_by("alarm", "device_id")] = frozenset()


DEVICES: Final = Kind(
    DeviceState,
    "device",
    "devices",
    document="A device, standing on at most one site of its own customer.",
    indexed=True,
    keyed="unit_id",
    moves="assign",
    exported=("key", "customer", "site", "name", "unit_id", "kind", "notes", "attributes"),
    display=Display(
        Area(key="2"),
        tab=True,
        columns=(
            Shown("name", 16, grow=3, key="n"),
            Shown("unit_id", 10, grow=1, key="u"),
            Shown("kind", 10, grow=1, hide_below=38, style="quiet"),
            Shown("site", 12, grow=2, hide_below=62, style="quiet"),
            Shown("customer", 14, grow=2, hide_below=50, style="quiet"),
        ),
        form=("name", "kind", "unit_id", GAP, "customer", "site", GAP, "notes", "attributes"),
        actions=("show", "assign", "bulk_edit", "import", "history", "delete"),
    ),
)
