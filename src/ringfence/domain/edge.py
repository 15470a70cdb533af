"""An edge: a source of signals that belongs to a customer and speaks for the devices there, and for no others."""

from dataclasses import dataclass
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.field import Choice, Flag, Number, Ref, Text, referred_by
from ringfence.domain.kind import EDITING, Kind, State
from ringfence.domain.shown import GAP, Display, Shown

PIPE: Final = "pipe"
DC09: Final = "dc09"
_KINDS: Final = (PIPE, "mqtt", DC09)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EdgeState(State):
    """A source of signals, which may speak for the devices of its customer and of those nested in it; what it says of
    any other is kept as unmatched. ``lines_a_minute`` is how many it
    may send (None: without a limit). The alarms that it ``raised`` are filled in only where it is deleted or brought
    back."""

    customer: Annotated[int, Ref("customer", node=True, about="Whose it is: it speaks for devices there and nested.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    kind: Annotated[
        str, Choice(_KINDS, f"choose one of {', '.join(_KINDS)}", about="By which way its signals come in.")
    ] = PIPE
    active: Annotated[bool, Flag("inactive", "what it sends is refused", about="Whether it is heard, or refused.")] = (
        True
    )
    lines_a_minute: Annotated[int | None, Number(about="So many it may send at most; none: no limit.")] = None
    notes: Annotated[str, Text(limits.LONG_TEXT, lines=True, about="What else there is to know.")] = ""
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""
    raised: Annotated[frozenset[int], referred_by("alarm", "edge_id")] = frozenset()


EDGES: Final = Kind(
    EdgeState,
    "edge",
    "edges",
    document="A source of signals: it speaks for the devices of its customer and of those nested in it.",
    rights=EDITING,
    display=Display(
        area=None,
        tab=True,
        columns=(
            Shown("name", 16, grow=3, key="n"),
            Shown("kind", 6, hide_below=34, style="quiet"),
            Shown("active", 8, hide_below=44),
            Shown("customer", 14, grow=2, hide_below=54, style="quiet"),
            Shown("key", 12, grow=1, hide_below=72, style="quiet"),
        ),
        form=("name", "kind", "active", "lines_a_minute", GAP, "customer", GAP, "notes"),
    ),
)
