"""How a kind of record is shown: what it says of that, and what follows from its fields where it says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, assert_never

from ringfence.domain.field import Choice, Field, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.shown import Area, Form, Shown

if TYPE_CHECKING:
    from ringfence.domain.kind import Kind

_AREAS: Final = 9
"""As many as there are number keys: 0 is that of a screen which is no kind's."""
_ALWAYS: Final = 40
_WIDER: Final = 12
"""In a list as wide as the one all of a new kind's first columns are shown, and a further one where it is wider."""


def title(kind: Kind) -> str:
    """What people call all of it, as a heading."""
    return kind.several.capitalize()


def heading(kind: Kind, name: str) -> str:
    """A field's label, as it stands over a column and before a value."""
    return kind.label(name).capitalize()


def columns(kind: Kind) -> tuple[Shown, ...]:
    """The columns of its lists. Where it says nothing: the name, whatever else fits into one line, where it belongs."""
    return kind.display.columns or tuple(_columns(kind))


def column_heading(kind: Kind, shown: Shown) -> str:
    """What stands over a column."""
    return shown.title or heading(kind, shown.field)


def is_sought(kind: Kind, shown: Shown) -> bool:
    """Whether a filter looks at a column: at whatever says words there, unless the column itself says otherwise."""
    if shown.sought is not None:
        return shown.sought
    field = kind.fields.get(shown.field)
    return field is not None and isinstance(field.spec, Text | Choice | Flag | Ref)


def is_counted(kind: Kind, shown: Shown) -> bool:
    """Whether a column holds numbers."""
    field = kind.fields.get(shown.field)
    return field is None or isinstance(field.spec, Number | Ties)


def sought(kind: Kind) -> tuple[Shown, ...]:
    """The columns that a filter of its lists looks at, whether or not there is room for them."""
    return tuple(one for one in columns(kind) if is_sought(kind, one))


def placeholder(kind: Kind) -> str:
    """What a filter of its lists says as long as nothing is typed: where it looks, and by which signs."""
    labels = [column_heading(kind, one).lower() for one in sought(kind)]
    where = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}"
    named = f" {labels[1].replace(' ', '-')}:word" if len(labels) > 1 else ""
    return f'{where.capitalize()} · -without ^beginning "a phrase"{named}'


def words(value: str) -> str:
    """One of a few values, for people."""
    return value.replace("_", " ")


def said_of(shown: Shown, flag: Flag) -> tuple[str, str]:
    """What is said of a flag that is on, and of one that is off and of what that comes to."""
    return shown.yes, shown.no or said_no(flag)


def said_no(flag: Flag) -> str:
    """What is said of a flag that is off, and of what that comes to."""
    return ": ".join(filter(None, (flag.otherwise or "no", flag.means)))


def form(kind: Kind) -> Form:
    """What its form asks for. Where it says nothing: the name, its other fields in their order, then long texts."""
    if kind.display.form:
        return kind.display.form
    asked = [one.name for one in kind.stored.values() if one.name != "key" and not one.fixed]
    return sorted(asked, key=lambda name: (name != "name", _is_long(kind.fields[name])))


def actions(kind: Kind) -> tuple[str, ...]:
    """The commands that a row of it takes. Where it says nothing: to be switched on and off if it can be active or
    not, its history, deletion. Whatever comes from sheets can be imported."""
    switched = ("activate",) if "active" in kind.fields else ()
    own = kind.display.actions or (*switched, "history", "delete")
    return own if "import" in own or not kind.imported else (*own, "import")


def areas(kinds: Iterable[Kind]) -> list[tuple[Kind, Area, str]]:
    """Those of the kinds that have a screen of their own, with its number, in that order. Whatever names none gets
    the next one after all that are named; where there are no more numbers, it has none."""
    having = [(kind, kind.display.area) for kind in kinds if kind.display.area is not None]
    named = sorted(((kind, area, area.key) for kind, area in having if area.key), key=lambda one: int(one[2]))
    last = int(named[-1][2]) if named else 0
    others = [(kind, area) for kind, area in having if not area.key]
    return [
        *named,
        *((kind, area, str(at) if at <= _AREAS else "") for at, (kind, area) in enumerate(others, last + 1)),
    ]


def tabs(kinds: Iterable[Kind]) -> list[Kind]:
    """Those of the kinds that are tabs of an opened customer: in the order of their screens, then those without one."""
    every = list(kinds)
    ordered = dict.fromkeys([*(kind for kind, _, _ in areas(every)), *every])
    return [kind for kind in ordered if kind.display.tab]


def _columns(kind: Kind) -> Iterator[Shown]:
    yield Shown("name", 16, grow=3, key="n")
    hidden = _ALWAYS
    for one in kind.stored.values():
        if one.name in ("name", "key", kind.node.name) or _is_long(one):
            continue
        hidden += _WIDER
        yield _column(one, len(kind.label(one.name)), hidden)
    yield Shown(kind.node.name, 14, grow=2, hide_below=_ALWAYS, style="quiet")


def _column(one: Field, least: int, hidden: int) -> Shown:
    match one.spec:
        case Text():
            return Shown(one.name, max(least, 12), grow=1, hide_below=hidden)
        case Number():
            return Shown(one.name, max(least, 6), hide_below=hidden, align="right")
        case Flag():
            no = one.spec.otherwise or "no"
            return Shown(one.name, max(least, len(no), 3), hide_below=hidden, no=no)
        case Moment():
            return Shown(one.name, max(least, 16), hide_below=hidden, style="quiet")
        case Choice():
            return Shown(one.name, max(least, *map(len, one.spec.values)), hide_below=hidden)
        case Ref():
            return Shown(one.name, max(least, 12), grow=1, hide_below=hidden, style="quiet")
        case Ties():
            raise TypeError(f"{one.name} is no column of a table")
        case _:
            assert_never(one.spec)


def _is_long(one: Field) -> bool:
    return isinstance(one.spec, Text) and one.spec.lines
