"""What the columns of a list show to a viewer, as text by which rows are put into order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, assert_never

from ringfence.domain import clock, display
from ringfence.domain.alarm import ALARMS, standing
from ringfence.domain.audit import AUDIT, note, what
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.field import Choice, Field, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED
from ringfence.domain.role import ROLES, mark
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.domain.shown import Shown
from ringfence.domain.text import fold
from ringfence.visibility import overview
from ringfence.visibility.point import among
from ringfence.visibility.viewer import Sight

Values = dict[int, str]
"""By id: empty for what shows nothing, which comes first. Numbers are filled up with zeros, to compare as they do."""
_DIGITS: Final = 12


def permissions(kind: Kind) -> tuple[str, ...]:
    """What a sight needs for the columns of a kind's lists."""
    if kind is AUDIT or any(noun == kind.noun for noun, _ in _COUNTED):
        return overview.LISTING
    referred = (EDITED[one.refers].permission for one in kind.stored.values() if one.refers)
    return tuple(dict.fromkeys((kind.permission, CUSTOMERS.permission, *referred)))


def values(sight: Sight, kind: Kind, name: str, ids: Sequence[int]) -> Values:
    """What a column shows of these records, which are in sight."""
    counted = _COUNTED.get((kind.noun, name))
    if counted is not None:
        return counted(sight, ids)
    field = kind.fields[name]
    if field.refers:
        return _named(sight, kind, field, ids)
    rows = among(sight, kind.permission, kind, ids, ("id", field.column, *(("path",) if kind.is_customer else ())))
    say, read = saying(kind, field), attrgetter(field.column)
    if kind is CUSTOMERS and name not in _ALWAYS_TOLD:
        more = overview.more_than_named(sight)
        return {row.id: say(read(row)) if more(row.path) else "" for row in rows}
    return {row.id: say(read(row)) for row in rows}


_ALWAYS_TOLD: Final = ("name", "key")
"""What is known even of a customer that is seen only for a site of it."""


def saying(kind: Kind, field: Field) -> Callable[[Any], str]:
    """What makes text of a value as a column shows it."""
    match field.spec:
        case Text(exact=exact):
            return str if exact else fold
        case Number():
            return _numbered
        case Choice(ordered=True, values=words):
            return lambda value: _numbered(words.index(value))
        case Choice():
            return lambda value: fold(display.words(value))
        case Flag():
            shown = next((one for one in display.columns(kind) if one.field == field.name), Shown(field.name, 0))
            yes, no = map(fold, display.said_of(shown, field.spec))
            return lambda value: yes if value else no
        case Moment():
            return _moment
        case Ref() | Ties():
            raise TypeError(f"{kind.noun}.{field.name} is no text of its own")
        case _:
            assert_never(field.spec)


def _numbered(value: int | None) -> str:
    return "" if value is None else f"{value:0{_DIGITS}}"


def _moment(value: Any) -> str:
    return "" if value is None else clock.kept(value).isoformat(timespec="microseconds")


def _named(sight: Sight, kind: Kind, field: Field, ids: Sequence[int]) -> Values:
    """The names of what records refer to, of that which the viewer may list."""
    to = EDITED[field.refers]
    read = attrgetter(field.column)
    others = {row.id: read(row) for row in among(sight, kind.permission, kind, ids, ("id", field.column))}
    seen = among(sight, to.permission, to, sorted({*others.values()} - {None}))
    names = {row.id: fold(row.name) for row in seen}
    return {own: names.get(other, "") for own, other in others.items()}


def _users(kind: Kind) -> Callable[[Sight, Sequence[int]], Values]:
    def counted(sight: Sight, ids: Sequence[int]) -> Values:
        users = overview.users_of(sight, kind, ids)
        return {own: _numbered(len(users.get(own, ()))) for own in ids}

    return counted


def _customers(kind: Kind) -> Callable[[Sight, Sequence[int]], Values]:
    """How many a group names; in words, where it names none because it is over all."""

    def counted(sight: Sight, ids: Sequence[int]) -> Values:
        found = {own: _numbered(number) for own, number in overview.customers_of(sight, kind, ids).items()}
        field, ties = kind.ties["customers"]
        if ties.when is not None:
            name, value = ties.when
            read = attrgetter(kind.fields[name].column)
            for row in among(sight, kind.permission, kind, ids, ("id", kind.fields[name].column)):
                if read(row) != value:
                    found[row.id] = fold(f"{display.words(read(row))} {kind.label(field.name)}")
        return found

    return counted


def _permissions(sight: Sight, ids: Sequence[int]) -> Values:
    return {own: _numbered(number) for own, number in overview.permission_counts(sight, ids).items()}


def _groups(sight: Sight, ids: Sequence[int]) -> Values:
    groups = overview.groups_of(sight, ids)
    return {own: _numbered(len(groups.get(own, ()))) for own in ids}


def _mark(sight: Sight, ids: Sequence[int]) -> Values:
    rows = among(sight, ROLES.permission, ROLES, ids, ("id", "builtin", "private"))
    return {row.id: mark(builtin=bool(row.builtin), private=bool(row.private)) for row in rows}


def _standing(sight: Sight, ids: Sequence[int]) -> Values:
    rows = among(sight, ALARMS.permission, ALARMS, ids, ("id", "outcome", "acked_at"))
    return {row.id: standing(row.outcome, acked=row.acked_at is not None) for row in rows}


def _of_entries(*columns: str) -> Callable[[Callable[..., str]], Callable[[Sight, Sequence[int]], Values]]:
    """What is said of an entry of the audit by some of its columns."""

    def deciding(say: Callable[..., str]) -> Callable[[Sight, Sequence[int]], Values]:
        def told(sight: Sight, ids: Sequence[int]) -> Values:
            rows = among(sight, AUDIT.permission, AUDIT, ids, ("id", *columns))
            return {row.id: fold(say(*(getattr(row, column) for column in columns))) for row in rows}

        return told

    return deciding


@_of_entries("action", "kind", "name")
def _what(action: str, kind: str, name: str) -> str:
    return what(action, kind, name)


@_of_entries("key")
def _record(key: str) -> str:
    return key


def _note(sight: Sight, ids: Sequence[int]) -> Values:
    gone = overview.undone(sight)
    rows = among(sight, AUDIT.permission, AUDIT, ids, ("id", "change", "undoes"))
    return {row.id: note(undone=row.change in gone, undoes=row.undoes) for row in rows}


def _who(sight: Sight, ids: Sequence[int]) -> Values:
    rows = among(sight, AUDIT.permission, AUDIT, ids, ("id", "actor_key", "actor_login"))
    seen = {*overview.actors_seen(sight, (row.actor_key for row in rows)), None}
    return {row.id: fold(row.actor_login) if row.actor_key in seen else "" for row in rows}


def _os_user(sight: Sight, ids: Sequence[int]) -> Values:
    rows = among(sight, AUDIT.permission, AUDIT, ids, ("id", "actor_key", "os_user"))
    seen = overview.actors_seen(sight, (row.actor_key for row in rows))
    return {row.id: fold(row.os_user) if row.actor_key in seen else "" for row in rows}


_COUNTED: Final[dict[tuple[str, str], Callable[[Sight, Sequence[int]], Values]]] = {
    (SECURITY_GROUPS.noun, "customers"): _customers(SECURITY_GROUPS),
    (SECURITY_GROUPS.noun, "users"): _users(SECURITY_GROUPS),
    (CUSTOMER_GROUPS.noun, "customers"): _customers(CUSTOMER_GROUPS),
    (CUSTOMER_GROUPS.noun, "users"): _users(CUSTOMER_GROUPS),
    (ROLES.noun, "permissions"): _permissions,
    (ROLES.noun, "groups"): _groups,
    (ROLES.noun, "users"): _users(ROLES),
    (ROLES.noun, "mark"): _mark,
    (ALARMS.noun, "standing"): _standing,
    (AUDIT.noun, "what"): _what,
    (AUDIT.noun, "record"): _record,
    (AUDIT.noun, "note"): _note,
    (AUDIT.noun, "who"): _who,
    (AUDIT.noun, "actor"): _who,
    (AUDIT.noun, "os_user"): _os_user,
}
"""The columns that show more than a field of the record, or less."""
