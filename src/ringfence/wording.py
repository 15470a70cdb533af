"""What a change does to whom, and why somebody may or may not, in words: for the console and the command line alike.

What comes of data is in them as it is: whoever draws them makes it safe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringfence.services.explained import ABOVE, HIDDEN, LAST_RESORT
from ringfence.text import many

if TYPE_CHECKING:
    from ringfence.services.edited import Difference, Preview, Rights
    from ringfence.services.explained import Fixes, Gate, Path


def along(preview: Preview) -> list[str]:
    """What goes with a customer, in a sentence; and that something hidden does."""
    found = []
    parts = [many(count, kind.replace("_", " ")) for kind, count in preview.along if count]
    if parts:
        one = sum(count for _, count in preview.along) == 1
        found.append(f"With it {'goes' if one else 'go'} {listed(parts)}.")
    if preview.hidden:
        found.append(HIDDEN)
    return found


def gained(one: Difference) -> list[str]:
    """``+2 customers``, ``+1 device``, ``+12 rights over 3 customers``: what somebody gains, if anything."""
    return _parts("+", one.customers_gained, one.devices_gained, one.rights_gained)


def lost(one: Difference) -> list[str]:
    """The same of what somebody loses."""
    return _parts("−", one.customers_lost, one.devices_lost, one.rights_lost)


def day(moment: str) -> str:
    """``29 Nov 2026``, and the time of day unless it is midnight, UTC."""
    at = datetime.fromisoformat(moment).astimezone(UTC)
    return f"{at.day} {at:%b %Y}" + (f"{at: %H:%M} UTC" if (at.hour, at.minute, at.second) != (0, 0, 0) else "")


def listed(parts: Sequence[str]) -> str:
    """``a, b and c``."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _parts(sign: str, customers: int, devices: int, rights: Rights) -> list[str]:
    found = [f"{sign}{many(count, noun)}" for count, noun in ((customers, "customer"), (devices, "device")) if count]
    if rights:
        found.append(f"{sign}{many(rights.count, 'right')} over {listed(places(rights))}")
    return found


def places(rights: Rights) -> list[str]:
    found = [many(rights.customers, "customer")] if rights.customers else []
    if rights.provider:
        found.append("the provider")
    if rights.sites:
        found.append(many(rights.sites, "site"))
    return found + [many(count, kind.replace("_", " ")) for kind, count in rights.records]


# Why.


NOT_YOURS = "not yours to make"
"""What is said of a change that whoever asks may not make."""
WINDOW = "window"
"""The gate that a membership has when it is in force."""


def how(path: Path) -> str:
    """By what of its security group a path names the record: ``nested: Northwind``, ``Rotterdam alone``."""
    if path.scope == "all":
        return "all customers"
    if path.entry is None:
        return "selected customers"
    if path.entry.customer is None:
        return ABOVE
    name = path.entry.customer.name
    return f"nested: {name}" if path.entry.nested else f"{name} alone"


def window(path: Path) -> str:
    """When a membership is in force: ``until 19 Nov 2026 18:00 UTC``."""
    parts = [f"{word} {day(at)}" for word, at in (("from", path.valid_from), ("until", path.valid_until)) if at]
    return " ".join(parts) or "always"


def gate_said(path: Path, gate: Gate) -> str:
    """What one of the gates of a path is about, its moments as people read them."""
    return window(path) if gate.name == WINDOW else gate.said


def wall(path: Path, *, exact: bool = False) -> str:
    """Where a path that is closed ends: ``closed at filter: Production only does not name Internal``. Moments are as
    people read them or, where it is ``exact``, as they are typed."""
    gate = next(one for one in path.gates if not one.open)
    return gate.wall if exact else replace(gate, said=gate_said(path, gate)).wall


def fixes_said(found: Fixes) -> str:
    """What there is to say below the changes that would open a record."""
    return f"counts as far as you may see{'' if found.complete else '; there may be others, and better ones'}"


def no_small_change(found: Fixes) -> str:
    """What is said where there are none."""
    return f"no small change of access opens it{f': {LAST_RESORT} does' if found.last_resort else ''}"
