"""An event: what a device said once. It is no record of its own: whoever may open the device reads it, as far as they
reach where that stood then."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.field import Choice, Moment, Ref, Text
from ringfence.domain.kind import Kind, State
from ringfence.domain.shown import Display, Shown

ON: Final = "on"
OFF: Final = "off"
CHANGED: Final = "changed"
_SHORT: Final = Text(limits.SHORT_TEXT)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EventState(State):
    """An alarm that began (``on``) or ended (``off``), by its kind, or a text that ``changed``, by the name of its
    series. The ``customer`` is the one where the device stood then, and may be gone."""

    device: Annotated[int, Ref("device", gone="delete")]
    customer: Annotated[int | None, Ref("customer", node=True, kept=True)]
    at: Annotated[datetime, Moment()]
    kind: Annotated[str, Choice((ON, OFF, CHANGED), "")]
    name: Annotated[str, _SHORT]
    severity: Annotated[str, _SHORT]
    text: Annotated[str, Text(limits.LONG_TEXT)]


EVENTS: Final = Kind(
    EventState,
    "event",
    "events",
    resource="device",
    view="view",
    sort="at",
    order="at",
    imported=False,
    exported=("at", "device", "customer", "kind", "name", "severity", "text"),
    display=Display(
        area=None,
        tab=True,
        columns=(
            Shown("at", 19, title="When", style="quiet", precise=True),
            Shown("kind", 7, title="What"),
            Shown("name", 12, grow=1, key="n"),
            Shown("severity", 8, hide_below=84),
            Shown("text", 12, grow=3, hide_below=48),
            Shown("device", 14, grow=2, hide_below=62),
            Shown("customer", 12, grow=1, hide_below=96, style="quiet"),
        ),
    ),
)
