"""A device as it is drawn on its own page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ringfence.console.moments import age
from ringfence.console.text import Cell
from ringfence.domain import display
from ringfence.domain.device import DEVICES

if TYPE_CHECKING:
    from ringfence.services.courses import Signals
    from ringfence.services.edited import Opened


def fields(opened: Opened, signals: Signals, now: datetime) -> list[tuple[str, Cell]]:
    """What it is, by its form, and when it was heard last: labels and values."""
    state, told = opened.state, []
    for name in display.form(DEVICES):
        field = DEVICES.fields.get(name)
        if field is None:
            told.append(("", Cell("")))
        elif field.refers:
            value = getattr(state, name)
            told.append((display.heading(DEVICES, name), _or(opened.names[name].get(value, ""), "none")))
        elif name != "attributes":  # these have a tab
            lines = str(getattr(state, name)).splitlines() or [""]
            style = "strong" if name == "name" else ""
            told.append((display.heading(DEVICES, name), _or(lines[0], "none", style)))
            told += [("", Cell(line)) for line in lines[1:]]
    return [*told, ("", Cell("")), ("Heard", _heard(signals, now))]


def heard(signals: Signals, now: datetime) -> str:
    """How long ago it was heard last, as far as that is seen; empty where it was not."""
    last = max((one.at for one in signals.series), default=None)
    return "" if last is None else f"{age(last, now)} ago"


def _heard(signals: Signals, now: datetime) -> Cell:
    return _or(heard(signals, now), "nothing yet")


def _or(text: str, nothing: str, style: str = "") -> Cell:
    return Cell(text, style) if text else Cell(nothing, "quiet")
