"""Writing states back, many records of a kind at once, with what is tied to them: what writes grants beside the
snapshot."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, partial
from operator import attrgetter
from typing import Any, Final, cast

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from ringfence.changes.edits import Edit, edits_of
from ringfence.changes.ledger import keys_of, table
from ringfence.domain import limits
from ringfence.domain.clock import in_order
from ringfence.domain.customer import CustomerState, child_path
from ringfence.domain.device import DeviceState
from ringfence.domain.errors import Refused
from ringfence.domain.field import Moment, Ref, Text, Ties
from ringfence.domain.ids import drawn
from ringfence.domain.kind import Kind, State, StateKind, altered, kind_of
from ringfence.domain.registry import EDITED, node_of, standing_on
from ringfence.domain.text import fold, search_key
from ringfence.storage.bulk import any_of, insert_rows, records_of, take_ids
from ringfence.storage.columns import of_tenant
from ringfence.storage.grants import entries
from ringfence.storage.tables import Customer, FormerCustomer, table_of
from ringfence.storage.wall_signs import is_shared_out

_STEM: Final = limits.KEY - 12
_TOGETHER: Final = 20
"""Records that get the same values are written by one statement from so many on; fewer cost less one by one."""


def new_ids(connection: Connection, tenant_id: int, kind: StateKind, states: Sequence[State]) -> list[int]:
    """An id for each record that comes; a customer that is brought back gets its own again where nobody has it."""
    fresh = take_ids(connection, table(kind).__table__, len(states))
    if not EDITED[kind].is_customer:
        return fresh
    former: list[int] = [state.former for state in cast("Sequence[CustomerState]", states)]
    if not any(former):
        return fresh
    query = select(Customer.id).where(records_of(connection, Customer, tenant_id, [one for one in former if one]))
    taken = set(connection.execute(query).scalars())
    return [was if was and was not in taken else own for own, was in zip(fresh, former, strict=True)]


def brought_back(made: Mapping[int, State]) -> list[int]:
    """Those of the new records of a kind, by id, that are customers under the id that they had."""
    if not any(kind_of(state).is_customer for state in made.values()):
        return []
    return [own for own, state in cast("Mapping[int, CustomerState]", made).items() if state.former == own]


def new_keys(connection: Connection, kind: StateKind, tenant_id: int, states: Sequence[State]) -> list[str]:
    """A key for each record that comes: its own where it has one, else one made of what its kind says, or of its
    name."""
    if EDITED[kind].drawn:
        states = [state if state.key else altered(state, key=_drawn(connection, kind, tenant_id)) for state in states]
    stems = [state.key or _stem(state) for state in states]
    taken = set(keys_of(connection, kind, tenant_id, stems))
    keys = []
    for state, stem in zip(states, stems, strict=True):
        key = stem
        if not state.key and key in taken:
            key = _numbered(connection, kind, tenant_id, stem, taken)
        taken.add(key)
        keys.append(key)
    return keys


def _drawn(connection: Connection, kind: StateKind, tenant_id: int) -> str:
    while keys_of(connection, kind, tenant_id, [key := drawn(EDITED[kind].drawn)]):
        pass
    return key


def _stem(state: State) -> str:
    text: str = getattr(state, kind_of(state).keyed) or state.name
    plain = unicodedata.normalize("NFKD", fold(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9.]+", "-", plain).strip("-.")[:_STEM] or "record"


def _numbered(connection: Connection, kind: StateKind, tenant_id: int, stem: str, taken: Collection[str]) -> str:
    """The stem with a number that is free, found in a few steps however many are taken."""
    step, number = 1, 2
    while True:
        names = [f"{stem}-{one}" for one in range(number, number + step)]
        known = keys_of(connection, kind, tenant_id, names)
        for name in names:
            if name not in known and name not in taken:
                return name
        number += step
        step = min(step * 4, 10_000)


def create(
    connection: Connection,
    tenant_id: int,
    kind: StateKind,
    made: Mapping[int, State],
    paths: dict[int, str],
    revision: int,
) -> None:
    """Writes new records by id, their ties left out. ``paths`` holds the paths of their nodes, and gets those of new
    customers. Some ids are given out again: with a ``revision`` that no earlier record had, none is taken for it."""
    if not made:
        return
    rows_of = table(kind).__table__
    if kind == "customer":
        _grow(made, paths)
    rows = [
        {"id": own, "tenant_id": tenant_id, "key": state.key, "revision": revision, **_values(state)}
        for own, state in made.items()
    ]
    if kind == "customer":
        for row in rows:
            row["path"], row["device_count"] = paths[row["id"]], 0
        rows.sort(key=lambda row: row["path"].count("/"))  # a parent before those below it
    columns = tuple(rows[0])
    insert_rows(connection, rows_of, columns, (tuple(row.values()) for row in rows))


def _grow(made: Mapping[int, State], paths: dict[int, str]) -> None:
    """Works out the paths of new customers, whatever the order that they come in."""
    for own in made:
        waiting = [own]
        while waiting:
            parent = node_of(made[waiting[-1]])
            if parent in paths:
                customer = waiting.pop()
                paths[customer] = child_path(paths[parent], customer)
            else:
                waiting.append(parent)


def tie(connection: Connection, tenant_id: int, record: int, before: State, after: State) -> None:
    """Writes what differs in what is tied to a record."""
    for name, (field, ties) in kind_of(after).ties.items():
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        rows = entries(ties.table)
        own = {"tenant_id": tenant_id, ties.own: record}
        match field.form:
            case _ if ties.back:
                _refer_back(connection, rows, ties, own, after, new)
            case "mapping":
                _write_mapping(connection, rows, ties, own, old, new)
            case "windows":
                _write_windows(connection, rows, ties, own, old, new)
            case _:
                held, wanted = old or frozenset(), new or frozenset()
                _exchange(connection, rows, ties, own, held - wanted, wanted - held)


def _refer_back(
    connection: Connection, rows: Any, ties: Ties, own: Mapping[str, int], state: State, others: Collection[int]
) -> None:
    """Has records refer to one that is brought back: those that refer to nothing by now, and still belong where it
    does."""
    free = records_of(connection, rows, own["tenant_id"], others) & getattr(rows, ties.own).is_(None)
    if ties.kind in standing_on(kind_of(state)).values():
        free &= getattr(rows, EDITED[ties.kind].owner) == node_of(state)
    connection.execute(update(rows).where(free).values({ties.own: own[ties.own], "revision": rows.revision + 1}))


def take_places(connection: Connection, tenant_id: int, customers: Mapping[int, str]) -> None:
    """Puts customers that were brought back under their own ids, with the paths that they have now, where they were:
    what is gone from below them comes along, and its history with it."""
    if not customers:
        return
    former = records_of(connection, FormerCustomer, tenant_id, list(customers))
    places: dict[int, str] = dict(
        connection.execute(select(FormerCustomer.id, FormerCustomer.path).where(former)).all()
    )
    connection.execute(delete(FormerCustomer).where(former))
    for own in sorted(places, key=lambda place: len(places[place])):
        old, new = places[own], customers[own]
        if old != new:
            _shift(connection, FormerCustomer, tenant_id, old, new)
            places.update((one, new + path[len(old) :]) for one, path in places.items() if path.startswith(old))


def free_unique(connection: Connection, tenant_id: int, kind: Kind, edits: Iterable[Edit]) -> None:
    """Takes their unit ids, or whatever is unique of a kind, from records that get others or go, where others may be
    given them: each is set aside before any is given out."""
    if not kind.unique or kind.texts[kind.unique].folded:
        return
    read = attrgetter(kind.unique)
    freed: list[int] = []
    given = 0
    for edit in edits:
        if edit.of is not kind:
            continue
        old, new = ("" if state is None else read(state) for state in (edit.before, edit.after))
        if old != new:
            given += new != ""
            if old:
                freed.append(edit.id)
    if freed and given:
        mapped = table_of(kind)
        aside = {kind.fields[kind.unique].column: ""}
        connection.execute(update(mapped).where(records_of(connection, mapped, tenant_id, freed)).values(aside))


def change(connection: Connection, tenant_id: int, kind: StateKind, edits: Iterable[Edit]) -> None:
    """Writes what the edits of records of a kind that stay change, their ties left out, and their next revisions."""
    mapped = table(kind)
    groups: defaultdict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for edit in edits:
        groups[_changed_values(edit)].append(edit.id)
    single: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for values, records in groups.items():
        if len(records) < _TOGETHER:
            names = tuple(name for name, _ in values)
            single[names] += ({"own_id": record, **dict(values)} for record in records)
            continue
        together = update(mapped).where(records_of(connection, mapped, tenant_id, records))
        connection.execute(together.values(revision=mapped.revision + 1, **dict(values)))
    rows_of = mapped.__table__
    for names, rows in single.items():
        one = update(rows_of).where(rows_of.c.id == bindparam("own_id"), of_tenant(mapped, tenant_id))
        columns: dict[str, Any] = {name: bindparam(name) for name in names}
        connection.execute(one.values(revision=rows_of.c.revision + 1, **columns), rows)


def move(connection: Connection, tenant_id: int, moved: Mapping[int, int]) -> list[tuple[str, str]]:
    """Rewrites the paths of customers that go below others (``moved`` by id), with all that is nested in them.

    Returns the former path and the new one of each, in the order in which they went: each starts where those before
    left it. Raises Refused where one would come to stand below itself.
    """
    shifts: list[tuple[str, str]] = []
    waiting = dict(moved)
    while waiting:
        standing = dict(waiting)
        for record, parent in standing.items():
            query = select(Customer.id, Customer.path).where(
                records_of(connection, Customer, tenant_id, (record, parent))
            )
            paths: dict[int, str] = dict(connection.execute(query).all())
            old = paths[record]
            if paths[parent].startswith(old):
                continue  # it may be that the other leaves first
            new = child_path(paths[parent], record)
            for mapped in (Customer, FormerCustomer):
                _shift(connection, mapped, tenant_id, old, new)
            shifts.append((old, new))
            del waiting[record]
        if len(waiting) == len(standing):
            raise Refused("a customer cannot be put below itself", "parent")
    return shifts


def deepest(connection: Connection, tenant_id: int, path: str) -> int:
    """The length of the longest path at one and below it, of customers and of what is gone."""
    found = [len(path)]
    for mapped in (Customer, FormerCustomer):
        below = (mapped.tenant_id == tenant_id) & (mapped.path >= path) & (mapped.path < path + "~")
        found.append(connection.execute(select(func.max(func.length(mapped.path))).where(below)).scalar() or 0)
    return max(found)


def _shift(connection: Connection, mapped: Any, tenant_id: int, old: str, new: str) -> None:
    """Puts what stands at a path and below it somewhere else."""
    below = (mapped.tenant_id == tenant_id) & (mapped.path >= old) & (mapped.path < old + "~")
    tail = func.substr(mapped.path, len(old) + 1)
    connection.execute(update(mapped).where(below).values(path=literal(new).concat(tail)))


def remove(connection: Connection, tenant_id: int, kind: StateKind, records: Collection[int]) -> None:
    """Deletes records with their ties. What belongs to them or refers to a role must have gone before."""
    if not records:
        return
    of = EDITED[kind]
    for _, ties in of.ties.values():
        rows = entries(ties.table)
        own = any_of(connection, getattr(rows, ties.own), records) & of_tenant(rows, tenant_id)
        if not ties.back:
            connection.execute(delete(rows).where(own))
            continue
        connection.execute(update(rows).where(own).values({ties.own: None, "revision": rows.revision + 1}))
    if of.is_customer:
        leaving = select(Customer.id, Customer.tenant_id, Customer.path)
        leaving = leaving.where(records_of(connection, Customer, tenant_id, records))
        connection.execute(insert(FormerCustomer).from_select(["id", "tenant_id", "path"], leaving))
    mapped = table(kind)
    if is_shared_out(connection):
        _let_go(connection, tenant_id, mapped, records)
    connection.execute(delete(mapped).where(records_of(connection, mapped, tenant_id, records)))


def _let_go(connection: Connection, tenant_id: int, mapped: Any, records: Collection[int]) -> None:
    """Takes records out of what stays without them: references do that by themselves, but not those of tables that are
    shared out over servers."""
    from ringfence.storage.spreading import letting_go  # all tables, of which nothing else here has need

    for rows, column in letting_go(mapped.__table__.name):
        theirs = any_of(connection, column, records) & of_tenant(rows.c, tenant_id)
        connection.execute(update(rows).where(theirs).values({column: None}))


def count_devices(connection: Connection, tenant_id: int, more: Mapping[int, int]) -> None:
    """Keeps the counts of devices of customers that have got more (or fewer)."""
    by_step: defaultdict[int, list[int]] = defaultdict(list)
    for customer, step in more.items():
        if step:
            by_step[step].append(customer)
    for step, customers in by_step.items():
        counted = update(Customer).where(records_of(connection, Customer, tenant_id, customers))
        connection.execute(counted.values(device_count=Customer.device_count + step))


def device_steps(edits: Iterable[Edit]) -> Counter[int]:
    """How many devices more (or fewer) each customer has by these changes."""
    steps: Counter[int] = Counter()
    for _, before, after in edits_of(edits, DeviceState):
        if before is not None:
            steps[before.customer] -= 1
        if after is not None:
            steps[after.customer] += 1
    return steps


def _changed_values(edit: Edit) -> tuple[tuple[str, Any], ...]:
    """The columns that an edit changes, with their new values."""
    return tuple([(column, value(edit.after)) for column, value in _columns(edit.of, edit.changed)])


@cache
def _columns(kind: Kind, names: tuple[str, ...]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """The columns that come of these fields of a state, each with what it holds."""
    found: dict[str, Callable[[Any], Any]] = {}
    for name in names:
        field = kind.fields.get(name)
        if field is None:
            continue
        value: Callable[[Any], Any] = attrgetter(name)
        match field.spec:
            case Ref(absent=True):
                found[field.column] = partial(_or_nothing, value)
            case Ties(everything=everything):
                if everything:
                    found[everything] = partial(_is_nothing, value)
            case Text(folded=folded) if folded:
                found[field.column] = value
                found[folded] = partial(_folded, value)
            case Moment(sorted=key) if key:
                found[field.column] = value
                found[key] = partial(_in_order, value)
            case _:
                found[field.column] = value
    if not set(kind.searched).isdisjoint(names):
        found["search_key"] = partial(_search_key, kind.searched)
    return tuple(found.items())


def _or_nothing(value: Callable[[Any], Any], state: State) -> Any:
    return value(state) or None


def _is_nothing(value: Callable[[Any], Any], state: State) -> bool:
    return value(state) is None


def _folded(value: Callable[[Any], Any], state: State) -> str:
    return fold(value(state))


def _in_order(value: Callable[[Any], Any], state: State) -> str:
    return in_order(value(state))


def _search_key(names: Sequence[str], state: State) -> str:
    return search_key(*(getattr(state, name) for name in names))


def _values(state: State) -> dict[str, Any]:
    """A state as columns, but for its key."""
    kind = kind_of(state)
    return {column: value(state) for column, value in _columns(kind, tuple(n for n in kind.fields if n != "key"))}


def _write_mapping(
    connection: Connection,
    rows: Any,
    ties: Ties,
    own: Mapping[str, int],
    before: Mapping[int, bool],
    after: Mapping[int, bool],
) -> None:
    old, new = set(before.items()), set(after.items())
    _exchange(connection, rows, ties, own, {other for other, _ in old - new}, ())
    if new - old:
        made = [{**own, ties.other: other, "nested": nested} for other, nested in new - old]
        connection.execute(insert(rows), made)


def _write_windows(
    connection: Connection, rows: Any, ties: Ties, own: Mapping[str, int], before: frozenset[Any], after: frozenset[Any]
) -> None:
    for other, (since, until) in before - after:
        query = delete(rows).filter_by(**own).where(getattr(rows, ties.other) == other)
        for column, value in ((rows.valid_from, since), (rows.valid_until, until)):
            query = query.where(column.is_(None) if value is None else column == value)
        connection.execute(query)
    if after - before:
        made = [
            {**own, ties.other: other, "valid_from": since, "valid_until": until}
            for other, (since, until) in after - before
        ]
        connection.execute(insert(rows), made)


def _exchange(
    connection: Connection, rows: Any, ties: Ties, own: Mapping[str, int], gone: Iterable[Any], come: Iterable[Any]
) -> None:
    """Takes the ties to some records away and puts others there."""
    leaving = list(gone)
    if leaving:
        left = any_of(connection, getattr(rows, ties.other), leaving)
        connection.execute(delete(rows).filter_by(**own).where(left))
    made = [{**own, ties.other: other} for other in come]
    if made:
        connection.execute(insert(rows), made)
