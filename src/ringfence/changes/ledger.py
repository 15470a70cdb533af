"""The records that are edited, read as states: with the snapshot and the rule, the only readers of grants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar
from typing import cast as typed

from sqlalchemy import Boolean, Connection, cast, literal_column, null, select, union_all

from ringfence.domain.field import Field, Ref, Text, Ties
from ringfence.domain.kind import Kind, State, StateKind, kind_with
from ringfence.domain.registry import EDITED
from ringfence.domain.text import fold
from ringfence.domain.user import USERS
from ringfence.storage.bulk import any_of, records_of
from ringfence.storage.columns import UtcDateTime, leads_to, of_tenant
from ringfence.storage.grants import Membership, entries
from ringfence.storage.tables import Customer, SecurityGroup, User, table_of

Known = dict[int, tuple[State, int]]
"""States and revisions by id."""


def table(kind: StateKind) -> Any:
    """The table of a kind, by its noun."""
    return table_of(EDITED[kind])


def read(
    connection: Connection, tenant_id: int, kind: StateKind, record: int, *, whole: bool = False
) -> tuple[State, int] | None:
    """A record's state and revision; None where it is not there. ``whole`` as in ``read_many``."""
    return read_many(connection, tenant_id, kind, [record], whole=whole).get(record)


def read_many(
    connection: Connection, tenant_id: int, kind: StateKind, records: Collection[int], *, whole: bool = False
) -> Known:
    """The states and revisions of those of the records that are there. ``whole`` reads besides what else refers to
    them: a group's members, the groups that name a customer, what stands on a site."""
    if not records:
        return {}
    of = EDITED[kind]
    mapped = table_of(of)
    everything = {name: ties.everything for name, (_, ties) in of.ties.items() if ties.everything}
    columns = [getattr(mapped, one.column) for one in of.stored.values()]
    columns += [getattr(mapped, column) for column in everything.values()]
    query = select(mapped.id, mapped.revision, *columns).where(records_of(connection, mapped, tenant_id, records))
    rows: Any = connection.execute(query).all()
    absent = {place: "" if one.name == "key" else 0 for place, one in enumerate(of.stored.values()) if _absent(one)}
    ties = {name: one for name, one in of.ties.items() if whole or name not in of.whole}
    plain = not ties and not absent and tuple(of.stored) == tuple(of.fields)[: len(of.stored)]
    if plain:  # of these there may be very many
        return {own: (of.state(*values), revision) for own, revision, *values in rows}
    tied = _tied(connection, tenant_id, ties, [row[0] for row in rows])
    found: Known = {}
    for own, revision, *values in rows:
        for place, empty in absent.items():
            values[place] = values[place] or empty
        fields = dict(zip(of.stored, values, strict=False))
        fields |= {name: held.get(own, _EMPTY[of.fields[name].form]) for name, held in tied.items()}
        fields |= {name: None for name, all_ in zip(everything, values[len(of.stored) :], strict=True) if all_}
        found[own] = (of.state(**fields), revision)
    return found


def _absent(field: Field) -> bool:
    return isinstance(field.spec, Text | Ref) and field.spec.absent


_EMPTY: Final[Mapping[str, Any]] = {"set": frozenset(), "windows": frozenset(), "mapping": {}}


def _tied(
    connection: Connection, tenant_id: int, ties: Mapping[str, tuple[Field, Ties]], ids: list[int]
) -> dict[str, dict[int, Any]]:
    """What is tied to each of the records, by field: in one statement, since a slow line waits for each."""
    found: dict[str, dict[int, Any]] = {name: {} for name in ties}

    def theirs(name: str) -> Any:
        return of_tenant(entries(ties[name][1].table), tenant_id)

    for parts in _alike(ties):
        query = union_all(*(_part(connection, name, *ties[name], ids).where(theirs(name)) for name in parts))
        for name, own, *values in connection.execute(query):
            held = found[name].setdefault(own, {} if ties[name][0].form == "mapping" else set())
            match ties[name][0].form:
                case "mapping":
                    held[values[0]] = bool(values[1])
                case "windows":
                    held.add((values[0], (values[2], values[3])))
                case _:
                    held.add(values[0])
    return {
        name: {own: held if isinstance(held, dict) else frozenset(held) for own, held in records.items()}
        for name, records in found.items()
    }


def _alike(ties: Mapping[str, tuple[Field, Ties]]) -> list[list[str]]:
    """The fields whose rows go into one statement: names of records, and plain values."""
    parts = [[name for name, (_, one) in ties.items() if bool(one.kind) is named] for named in (True, False)]
    return [part for part in parts if part]


def _part(connection: Connection, name: str, field: Field, ties: Ties, ids: list[int]) -> Any:
    rows = entries(ties.table)
    own = getattr(rows, ties.own)
    nested = rows.nested if field.form == "mapping" else cast(null(), Boolean)
    never = cast(null(), UtcDateTime)
    window = (rows.valid_from, rows.valid_until) if field.form == "windows" else (never, never)
    columns = (literal_column(f"'{name}'"), own, getattr(rows, ties.other), nested, *window)
    return select(*columns).where(any_of(connection, own, ids))


def referring(connection: Connection, tenant_id: int, kind: StateKind, records: Collection[int]) -> Iterator[str]:
    """What kinds of record, for people, still refer to any of these records of a kind, but for what lets go of them by
    itself."""
    if not records:
        return
    lets_go = {(ties.table, ties.own) for _, ties in EDITED[kind].ties.values() if ties.back}
    for other in EDITED.values():
        for field in other.stored.values():
            lets_it = (isinstance(field.spec, Ref) and field.spec.gone) or (other.table, field.column) in lets_go
            if field.refers == kind and field is not other.node and not lets_it:
                rows = table_of(other)
                theirs = any_of(connection, getattr(rows, field.column), records)
                there = select(rows.id).where(theirs, of_tenant(rows, tenant_id))
                if connection.execute(there.limit(1)).first() is not None:
                    yield other.several


def key_of(connection: Connection, kind: StateKind, tenant_id: int, key: str) -> int | None:
    """The id of the record with that key."""
    return keys_of(connection, kind, tenant_id, [key]).get(key)


def keys_of(connection: Connection, kind: StateKind, tenant_id: int, keys: Collection[str]) -> dict[str, int]:
    """The ids of those of the keys that are there."""
    if not keys:
        return {}
    mapped = table(kind)
    query = select(mapped.key, mapped.id).where(any_of(connection, mapped.key, keys), mapped.tenant_id == tenant_id)
    return dict(connection.execute(query).all())


def taken(connection: Connection, tenant_id: int, kind: Kind, field: str, text: str, but: int) -> bool:
    """Whether another record of a kind has that text in a tenant, without regard to case."""
    mapped = table_of(kind)
    held = getattr(mapped, kind.texts[field].folded)
    query = select(mapped.id).where(mapped.tenant_id == tenant_id, held == fold(text), mapped.id != but)
    return connection.execute(query).first() is not None


def groups_of_role(connection: Connection, tenant_id: int, role: int) -> list[int]:
    """The security groups that use a role."""
    query = select(SecurityGroup.id).where(SecurityGroup.role_id == role, of_tenant(SecurityGroup, tenant_id))
    return list(connection.execute(query).scalars())


def groups_of_user(connection: Connection, tenant_id: int, user: int) -> frozenset[int]:
    """The security groups that a user is in, whether they give anything or not."""
    query = select(Membership.group_id).where(Membership.user_id == user, of_tenant(Membership, tenant_id))
    return frozenset(connection.execute(query).scalars())


def homes(connection: Connection, tenant_id: int, users: Collection[int]) -> dict[int, str]:
    """The path of each user's home."""
    if not users:
        return {}
    query = select(User.id, Customer.path).join(Customer, leads_to(User.home_id, Customer))
    query = query.where(records_of(connection, User, tenant_id, users))
    return dict(connection.execute(query).all())


def users_of(connection: Connection, tenant_id: int, kind: StateKind, records: Iterable[int]) -> set[int]:
    """The users whose access stands on any of these records: on users themselves, on what is tied to them, and on what
    that refers to. Raises LookupError for another kind."""
    wanted = set(records)
    if not wanted or kind == USERS.noun:
        return wanted
    for ties in given_to_users():
        rows = entries(ties.table)
        query, held = select(getattr(rows, ties.own)).where(of_tenant(rows, tenant_id)), getattr(rows, ties.other)
        if ties.kind == kind:
            return set(connection.execute(query.where(any_of(connection, held, wanted))).scalars())
        for given, column in granting(EDITED[ties.kind]):
            if given == kind:
                through = table_of(EDITED[ties.kind])
                query = query.join(through, leads_to(held, through))
                theirs = any_of(connection, getattr(through, column), wanted)
                return set(connection.execute(query.where(theirs)).scalars())
    raise LookupError(f"nobody's access stands on a {kind}")


def given_to_users() -> list[Ties]:
    """What users are tied to that decides what they see and may do: not what refers to them."""
    return [ties for _, ties in USERS.ties.values() if not ties.back]


def granting(kind: Kind) -> Iterator[tuple[StateKind, str]]:
    """What a kind refers to that decides who sees what, each with the column."""
    yield from ((one.refers, one.column) for one in kind.stored.values() if one.refers and EDITED[one.refers].grants)


S = TypeVar("S", bound=State)


def states(connection: Connection, tenant_id: int, state: type[S], records: Collection[int]) -> dict[int, S]:
    """The states of those of the records that are there, by the class that the states of their kind have."""
    found = read_many(connection, tenant_id, kind_with(state).noun, records)
    return typed("dict[int, S]", {own: known for own, (known, _) in found.items()})
