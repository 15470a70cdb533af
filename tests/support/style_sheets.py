"""Style sheets are read once a process, not once an application: they are what starting one costs most."""

from __future__ import annotations

from typing import Any

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

_read = Stylesheet._parse_rules
_known: dict[Any, list[RuleSet]] = {}


def parse_once(sheet: Stylesheet, css: str, *where: Any, **what: Any) -> list[RuleSet]:
    """The rules of a text, which nobody changes: Textual itself keeps them, as long as the application lives."""
    key = (css, where, frozenset(what.items()), frozenset(sheet._variables.items()))
    if key not in _known:
        _known[key] = _read(sheet, css, *where, **what)
    return _known[key]
