"""What stands in the columns of a list, as statements say it of a row ``k``: folded, as far as it is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from ringfence.domain import display
from ringfence.domain.alarm import ALARMS, NEW, OPEN, SEEN
from ringfence.domain.audit import AUDIT, VERBS
from ringfence.domain.field import Choice, Flag, Ref, Text
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.domain.role import ROLES
from ringfence.domain.shown import Shown
from ringfence.domain.text import SEPARATOR, fold
from ringfence.domain.user import USERS


class Part(NamedTuple):
    """A text that is a part of the search key, by its place there."""

    place: int


class Plain(NamedTuple):
    """A column as the table has it, not folded; ``actor``: it is shown only of an actor whom the viewer may list."""

    column: str
    actor: bool = False


class Kept(NamedTuple):
    """A column that keeps a text folded; in an index that begins with the tenant, if it is ``listed`` there."""

    column: str
    listed: bool


class Made(NamedTuple):
    """A text that is put together, folded."""

    text: str


class Words(NamedTuple):
    """One of a few words, folded, each with the condition for it; none of them where nothing is said."""

    said: tuple[tuple[str, str], ...]


class Name(NamedTuple):
    """The name of what a column refers to, as far as the viewer may list that."""

    kind: Kind
    column: str


Cells = Part | Plain | Kept | Made | Words | Name


@lru_cache(maxsize=64)
def cells(kind: Kind, postgresql: bool) -> dict[str, Cells]:
    """What stands in each of the columns that a filter of its lists looks at, by the column's field."""
    return {one.field: _cells(kind, one, postgresql) for one in display.sought(kind)}


def _cells(kind: Kind, shown: Shown, postgresql: bool) -> Cells:
    made = _OF_ITS_OWN.get((kind.noun, shown.field))
    if made is not None:
        return made(postgresql)
    field = kind.fields[shown.field]
    match field.spec:
        case Text():
            if shown.field in kind.searched:
                return Part(kind.searched.index(shown.field))
            return Kept(field.spec.folded, field.spec.sorted) if field.spec.folded else Plain(field.column)
        case Choice():
            values = field.spec.values
            return Words(tuple((fold(display.words(one)), f"k.{field.column} = {literal(one)}") for one in values))
        case Flag():
            on, off = display.said_of(shown, field.spec)
            return _words((on, f"k.{field.column}"), (off, f"NOT k.{field.column}"))
        case Ref():
            return Name(EDITED[field.spec.kind], field.column)
        case _:
            raise TypeError(f"nothing can be sought in {kind.noun}.{shown.field}")


def _words(*said: tuple[str, str]) -> Words:
    return Words(tuple((fold(word), condition) for word, condition in said if word))


def _what(postgresql: bool) -> Cells:
    """What was done to which record, as it is said of an entry."""
    done = " ".join(f"WHEN {literal(action)} THEN {literal(verb)}" for action, verb in VERBS.items())
    name = part(0, last=False, postgresql=postgresql)
    return Made(
        f"(CASE k.action {done} ELSE k.action END || ' ' || replace(k.kind, '_', ' ') || ' “' || {name} || '”')"
    )


_TAKEN_BACK: Final = "EXISTS (SELECT 1 FROM audit_entry u WHERE u.tenant_id = :tenant AND u.undoes = k.change)"
_ACTIVE: Final = f"k.outcome = '{OPEN}' AND k.acked_at"
_OF_ITS_OWN: Final[dict[tuple[str, str], Callable[[bool], Cells]]] = {
    (AUDIT.noun, "who"): lambda _: Plain("actor_login", actor=True),
    (AUDIT.noun, "what"): _what,
    (AUDIT.noun, "note"): lambda _: _words(
        ("undone", _TAKEN_BACK), ("an undo", f"k.undoes IS NOT NULL AND NOT {_TAKEN_BACK}")
    ),
    (ALARMS.noun, "standing"): lambda _: _words((NEW, f"({_ACTIVE} IS NULL)"), (SEEN, f"({_ACTIVE} IS NOT NULL)")),
    (AUDIT.noun, "origin"): lambda _: Plain("origin"),
    (ROLES.noun, "mark"): lambda _: _words(("built in", "k.builtin"), ("private", "k.private AND NOT k.builtin")),
}
"""The columns that show something else than a field."""


def literal(text: str) -> str:
    """A text of ours, as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"


def separator(postgresql: bool) -> str:
    """What stands between the parts of a search key."""
    return f"{'chr' if postgresql else 'char'}({ord(SEPARATOR)})"


def part(place: int, *, last: bool, postgresql: bool, row: str = "k") -> str:
    """A part of the search key of a row."""
    key, between = f"{row}.search_key", separator(postgresql)
    if postgresql:
        return key if last and not place else f"split_part({key}, {between}, {place + 1})"
    for _ in range(place):
        key = f"substr({key}, instr({key}, {between}) + 1)"
    return key if last else f"substr({key}, 1, instr({key}, {between}) - 1)"


def seen_actor(whole: bool, scope: str, probe: Callable[[str, str], str], *, postgresql: bool) -> str:
    """A condition: whoever made the entry ``k`` may be listed, or was nobody of the tenant."""
    inside = "" if whole else f" AND {probe('uc.path', scope)}"
    its = " AND uc.tenant_id = :tenant" if postgresql else ""
    owner = f"JOIN customer uc ON uc.id = u.{USERS.owner}{its} "
    return (
        f"(k.actor_key IS NULL OR EXISTS (SELECT 1 FROM {USERS.table} u {'' if whole else owner}"
        f"WHERE u.tenant_id = :tenant AND u.key = k.actor_key{inside}))"
    )
