"""What somebody gains and loses by a change, in numbers. Imports nothing but the standard library, so that whoever
draws it may hold it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Rights:
    """Rights that somebody gains, or loses: each is a permission over one place.

    ``count`` is how many there are, over how many ``customers`` (the tenant's root is none: ``provider`` says that it
    is among the places), single ``sites`` of other customers, and ``records`` (kind and number) that go to another
    place. ``permissions`` says of each permission how many of them it is; None where that is not to be told.
    """

    count: int = 0
    customers: int = 0
    provider: bool = False
    sites: int = 0
    records: tuple[tuple[str, int], ...] = ()
    permissions: tuple[tuple[str, int], ...] | None = ()

    def __bool__(self) -> bool:
        return bool(self.count)

    def unnamed(self) -> Rights:
        """The same without the names of permissions."""
        return replace(self, permissions=None) if self else self


NO_RIGHTS: Final = Rights()


@dataclass(frozen=True, slots=True)
class Difference:
    """What one user gains and loses: numbers of customers and of devices that appear and go, and rights."""

    customers_gained: int = 0
    customers_lost: int = 0
    devices_gained: int = 0
    devices_lost: int = 0
    rights_gained: Rights = NO_RIGHTS
    rights_lost: Rights = NO_RIGHTS

    def __bool__(self) -> bool:
        return any(
            (
                self.customers_gained,
                self.customers_lost,
                self.devices_gained,
                self.devices_lost,
                self.rights_gained,
                self.rights_lost,
            )
        )

    def unnamed(self) -> Difference:
        """The same without the names of permissions."""
        return replace(self, rights_gained=self.rights_gained.unnamed(), rights_lost=self.rights_lost.unnamed())


Later = tuple[tuple[str, Difference], ...]
"""What a change comes to from later moments on (ISO 8601, in UTC), where that is something else than just before: a
membership begins or ends then."""
