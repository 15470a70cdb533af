"""What a change does to whom, in words: for the console and the command line alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringfence.text import many

if TYPE_CHECKING:
    from ringfence.services.edited import Difference, Preview, Rights

HIDDEN = "and something that you may not see"
"""What is said of all that goes along and is hidden."""


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
