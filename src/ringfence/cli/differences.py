"""Who gains and loses how much, a line a user, and the whole of it for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.services.edited import Difference, Later, Rights, UserDifference


def people(users: Sequence[UserDifference]) -> Iterator[str]:
    """``olga  +2 customers  −1 device``, a line for each, and one for each later moment at which that changes."""
    from ringfence.text import literal, width_of

    width = max((width_of(literal(one.login)) for one in users), default=0)
    for one in users:
        yield from person(one.login, width, one.now, one.later)
    if not users:
        yield "Nobody gains or loses anything."


def person(login: str, width: int, now: Difference, later: Later) -> Iterator[str]:
    """The same of one; the login is as wide as ``width``, and drawn literally."""
    from ringfence.text import fit
    from ringfence.wording import day, gained, lost

    said = "  ".join((*gained(now), *lost(now)))
    yield f"{fit(login, width)}  {said or 'nothing now'}"
    for moment, then in later:
        said = "  ".join((*gained(then), *lost(then))) or "nothing"
        yield f"{' ' * width}  from {day(moment)}: {said}"


def data(users: Sequence[UserDifference]) -> list[dict[str, Any]]:
    """The whole of it: permissions by name."""
    return [{"login": one.login, "name": one.name, **numbers(one.now), "later": later(one.later)} for one in users]


def later(moments: Later) -> list[dict[str, Any]]:
    """What it comes to from later moments on."""
    return [{"from": moment, **numbers(then)} for moment, then in moments]


def numbers(one: Difference) -> dict[str, Any]:
    """The numbers of a difference."""
    return {
        "customers_gained": one.customers_gained,
        "customers_lost": one.customers_lost,
        "devices_gained": one.devices_gained,
        "devices_lost": one.devices_lost,
        "rights_gained": rights(one.rights_gained),
        "rights_lost": rights(one.rights_lost),
    }


def rights(some: Rights) -> dict[str, Any]:
    """Rights by permission; without the names where these are not to be told."""
    return {
        "count": some.count,
        "customers": some.customers,
        "provider": some.provider,
        "sites": some.sites,
        "records": dict(some.records),
        "permissions": None if some.permissions is None else dict(some.permissions),
    }
