"""What a kind of record can say of how it is shown: where it is listed, by which columns, what its form asks for, and
what can be done to a row of it. What it does not say follows from its fields, in ``display``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

GAP: Final = ""
"""An empty line in a form."""
LONG: Final = ("notes", "attributes")
"""The fields that are no column of a table: they have lines of their own."""


OVER: Final = "·"
"""The sign of what is over, though it is listed yet."""


class Shown(NamedTuple):
    """A column of a kind's lists: one of its ``field``s, or something that its lists count besides.

    It is ``width`` terminal cells wide, or no less than that where it grows; ``grow`` is its share of what is left, and
    where a list is narrower than ``hide_below``, it is left out. ``style`` says how its cells are drawn, or each value
    of a choice is. ``key`` is the letter that sorts by it. ``title`` is its heading, where that is not the field's
    label; ``yes`` and ``no`` are what is said of a flag, and ``none`` of a reference where there is none to be seen.
    ``sought`` says whether a filter looks at it, where its field does not: what it says instead,
    ``ringfence.visibility.cells`` knows. Before each value of a choice stands its sign of ``signs``, or ``OVER`` once
    one of the moments ``over`` is there. Behind a text stands the number of the field ``times``, where that is more
    than one. Of a moment ``age`` says how long ago it was, and not when; ``precise`` says it
    to the second.
    """

    field: str
    width: int
    grow: int = 0
    hide_below: int = 0
    style: str | Mapping[str, str] = ""
    key: str = ""
    title: str = ""
    align: Literal["left", "right"] = "left"
    yes: str = "yes"
    no: str = ""
    none: str = ""
    sought: bool | None = None
    signs: Mapping[str, str] = MappingProxyType({})
    over: tuple[str, ...] = ()
    times: str = ""
    age: bool = False
    precise: bool = False


class Area(NamedTuple):
    """A screen of a kind's own among the numbered ones. ``label`` is what it is called there, where that is not the
    kind's title; ``key`` its number, where that is not the next one that is free. Kinds of one number are tabs of one
    area, which is called what the first of them says. ``about`` goes on after the title where that says too little."""

    label: str = ""
    key: str = ""
    about: str = ""


Form: TypeAlias = Sequence[str]
"""The fields of a form from the top, with `GAP` for an empty line."""


class Display(NamedTuple):
    """What a kind says of how it is shown. ``area`` None: it has no screen of its own; ``tab``: it is a tab of an
    opened customer. ``actions`` are the commands that a row takes besides being opened and made, in their order.
    ``current`` is the filter by which its screen, and lists on the command line, leave out what is done with, and
    before it the word for what they show then; all are shown where that is asked for. ``page``: what is opened is a
    page of its own, and from that the form."""

    area: Area | None = Area()
    tab: bool = False
    columns: tuple[Shown, ...] = ()
    form: Form = ()
    actions: tuple[str, ...] = ()
    current: tuple[str, str] | None = None
    page: bool = False
