"""Customers, sites and devices as one argument names any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringfence.cli.changing import find
from ringfence.cli.settings import WrongUsage
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.registry import PLACE

if TYPE_CHECKING:
    from ringfence.domain.kind import StateKind
    from ringfence.services.edited import Opened
    from ringfence.visibility.viewer import Viewer

_NOUNS: Final = [kind.noun for kind in (CUSTOMERS, PLACE, DEVICES)]
_WAYS: Final = [f"{noun}:KEY" for noun in _NOUNS]
WHERE: Final = "|".join(_WAYS)
"""What is typed."""


def named(where: str) -> tuple[StateKind, str]:
    """The kind and the key of what is meant. Raises WrongUsage for what is no such argument."""
    noun, _, key = where.partition(":")
    if noun not in _NOUNS or not key:
        raise WrongUsage(f"{where!r} names no place: name one as {', '.join(_WAYS[:-1])} or {_WAYS[-1]}")
    return noun, key


def opened(viewer: Viewer, where: str) -> Opened:
    """What is meant, opened. Raises RingfenceError alike where it is hidden and where it is not there."""
    noun, key = named(where)
    (found,) = find(viewer, noun, [key])
    return found
