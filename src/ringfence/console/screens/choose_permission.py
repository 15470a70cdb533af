"""Choosing a permission, by what it lets its holders do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ringfence.console.cells.permissions import does_anywhere
from ringfence.console.screens.choose_one import ChooseOne
from ringfence.console.text import fit, width_of


class ChoosePermission(ChooseOne):
    """The permissions of these ``keys``, the cursor on the one of ``now``. Ends with the place of one among them, or
    None."""

    PLACEHOLDER: ClassVar[str] = "Search by what it lets one do, or by its key"
    DEFAULT_CSS = """
    ChoosePermission #box { width: 72; }
    """

    def __init__(self, title: str, keys: Sequence[str], now: str) -> None:
        said = [does_anywhere(one) for one in keys]
        widest = max(map(width_of, said), default=0)
        rows = [(at, f"{fit(text, widest)}  {key}") for at, (text, key) in enumerate(zip(said, keys, strict=True))]
        super().__init__(title, rows, now=keys.index(now) if now in keys else 0, noun="permission")
