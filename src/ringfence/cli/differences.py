"""Who gains and loses how much, a line a user."""

from __future__ import annotations


def gains(
    login: str, width: int, customers_gained: int, customers_lost: int, devices_gained: int, devices_lost: int
) -> str:
    """``olga  +2 customers  −1 device``, without what does not change; the login is as wide as ``width``, and drawn
    literally."""
    from ringfence.text import fit

    parts = [
        f"{sign}{number:,} {noun if number == 1 else noun + 's'}"
        for sign, number, noun in (
            ("+", customers_gained, "customer"),
            ("−", customers_lost, "customer"),
            ("+", devices_gained, "device"),
            ("−", devices_lost, "device"),
        )
        if number
    ]
    return "  ".join([fit(login, width), *parts])
