"""Statements are compiled once a process, not once a database, as they are in a program that keeps to one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

_made = Engine.__init__


class Compiled(LRUCache[Any, Any]):
    """What SQLAlchemy keeps of the statements it compiled, whichever of the engines of one kind asked for them."""

    __slots__ = ()

    def get(self, key: Any, default: Any = None) -> Any:
        """What was compiled. The first part of a key is the engine's own dialect; all of one kind speak alike here."""
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


_compiled: dict[type, Compiled] = {}


def _make(engine: Engine, *given: Any, **named: Any) -> None:
    _made(engine, *given, **named)
    engine._compiled_cache = _compiled.setdefault(type(engine.dialect), Compiled(5_000))


def compile_once() -> None:
    """Lets every engine that is made from now on use what others of its kind have compiled."""
    Engine.__init__ = _make  # type: ignore[method-assign, assignment]
