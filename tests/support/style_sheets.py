"""Style sheets are read once a process, not once an application: they are what starting one costs most."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

_read = Stylesheet._parse_rules
_known: dict[Any, list[RuleSet]] = {}
_variables: WeakKeyDictionary[Stylesheet, tuple[dict[str, str], frozenset[tuple[str, str]]]] = WeakKeyDictionary()
"""Those of a sheet, which are made anew and never changed, in a form that can be looked for."""


def parse_once(sheet: Stylesheet, css: str, *where: Any, **what: Any) -> list[RuleSet]:
    """The rules of a text, which nobody changes: Textual itself keeps them, as long as the application lives."""
    given = _variables.get(sheet)
    if given is None or given[0] is not sheet._variables:
        given = _variables[sheet] = sheet._variables, frozenset(sheet._variables.items())
    key = (css, where, frozenset(what.items()), given[1])
    if key not in _known:
        _known[key] = _read(sheet, css, *where, **what)
    return _known[key]
