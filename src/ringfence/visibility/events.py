"""What devices said once, as far as a viewer may open the device and reaches where it stood then: by one statement,
whether pages, counts or places are asked for.

A device stood, at a moment, where it stood up to the first hand-over after that; since the last one it is where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, text

from ringfence.domain.event import EVENTS
from ringfence.domain.kind import OWNERS
from ringfence.domain.registry import EDITED
from ringfence.domain.text import fold
from ringfence.visibility.column_values import saying
from ringfence.visibility.intervals import nested
from ringfence.visibility.matching import asked, hopeless
from ringfence.visibility.ordering import BETWEEN, Order, rows
from ringfence.visibility.page import Query, SortKey, Window
from ringfence.visibility.point import among
from ringfence.visibility.sizes import size
from ringfence.visibility.sql import on_sites, past, probe, tied
from ringfence.visibility.viewer import Sight

_FEW: Final = 2_000
"""What so many devices said is read from them, and not along the order of time."""
_COLUMNS: Final = ", ".join(f"k.{column}" for column in EVENTS.columns)
_ORDER: Final = ("k.at", "k.id")


class _Shape(NamedTuple):
    """What the statement is like: what of the scope is asked for, and how its events are found."""

    whole: bool
    sites: bool
    under: bool
    about: bool
    gathered: bool
    postgresql: bool


def page(sight: Sight, query: Query, window: Window) -> list[Any]:
    """The events of a window. Each has the columns that a list of them reads, and its ``sort_value``."""
    if query.sort != EVENTS.sort:
        order, found = _ordered(sight, query)
        return rows(EVENTS, order, found, order.span(window, descending=query.descending))
    key = window.before if window.before is not None else window.after
    turned = window.from_end or window.before is not None
    backwards = query.descending != turned
    binds = {"limit": window.limit, "skip": window.skip}
    told = _read(sight, query, f"{_COLUMNS}, k.at AS sort_value", key, backwards=backwards, binds=binds)
    return told[::-1] if turned else told


def count(sight: Sight, query: Query, before: SortKey | None = None) -> int:
    """How many events there are; or how many of them come before a place in the order of time."""
    (row,) = _read(sight, query, "count(*) AS number", before, backwards=not query.descending) or [None]
    return 0 if row is None else int(row.number)


def place(sight: Sight, query: Query, record: int) -> int | None:
    """How many events come before one, by its id; None where it is not among them."""
    if query.sort != EVENTS.sort:
        ids = _ordered(sight, query)[0].ids
        return None if record not in ids else (ids[::-1] if query.descending else ids).index(record)
    found = _read(sight, query, "k.at", extra=" AND k.id = :record", binds={"record": record})
    return count(sight, query, (found[0].at, record)) if found else None


def _ordered(sight: Sight, query: Query) -> tuple[Order, dict[int, Any]]:
    """All of the events in the order of what the query's column shows, upwards, and they themselves by id: read once in
    a transaction."""
    key = "events", replace(query, descending=False)
    if key not in sight.answers:
        found = {row.id: row for row in _read(sight, query, _COLUMNS)}
        shown = _shown(sight, query.sort, list(found.values()))
        pairs = sorted((f"{shown[own]}{BETWEEN}{row.at:020}", own) for own, row in found.items())
        order = Order([key for key, _ in pairs], [own for _, own in pairs])
        sight.answers[key] = [order, found]
    order, found = sight.answers[key]
    return order, found


def _shown(sight: Sight, name: str, found: Sequence[Any]) -> dict[int, str]:
    """What a column shows of events: of what they refer to the names, as far as the viewer may list that."""
    field = EVENTS.fields[name]
    values = {row.id: getattr(row, field.column) for row in found}
    if not field.refers:
        say = saying(EVENTS, field)
        return {own: say(value) for own, value in values.items()}
    to = EDITED[field.refers]
    names = {one.id: fold(one.name) for one in among(sight, to.permission, to, sorted({*values.values()} - {None}))}
    return {own: names.get(value, "") for own, value in values.items()}


def _read(
    sight: Sight,
    query: Query,
    columns: str,
    key: SortKey | None = None,
    *,
    backwards: bool = False,
    extra: str = "",
    binds: dict[str, Any] | None = None,
) -> list[Any]:
    """What the query finds: past a place, where one is given; a part of it in the order of time, where ``limit`` and
    ``skip`` are bound."""
    scope = sight.scope(EVENTS.permission)
    if scope.empty or hopeless(query.terms):
        return []
    given = {"tenant": sight.tenant_id, "scope": scope.records.id, **(binds or {})}
    if query.under is not None:
        given["low"], given["high"] = nested(query.under)
    if query.about is not None:
        given["device"] = query.about[1]
    wanted = asked(sight, EVENTS, query.terms, None, looked=False)
    if key is not None:
        extra += f" AND {past(_ORDER, 'key', '<' if backwards else '>')}"
        given.update(key=int(key[0]), key_id=key[1])
    devices = size(sight, scope.records, query.under)[1]
    shape = _Shape(
        scope.records.whole,
        scope.has_sites,
        query.under is not None,
        query.about is not None,
        query.about is None and devices <= _FEW and not (scope.records.whole and query.under is None),
        sight.postgresql,
    )
    order = ""
    if binds is not None and "limit" in binds:
        direction = " DESC" if backwards else ""
        # In memory, where the events of a few devices are read: what goes along the order would read all others too.
        first = "+k.at" if shape.gathered else "k.at"
        order = f" ORDER BY {first}{direction}, k.id{direction} LIMIT :limit OFFSET :skip"
    statement = _statement(shape, columns, wanted.condition + extra, order)
    return list(sight.connection.execute(statement, {**given, **wanted.binds}).all())


@lru_cache(maxsize=256)
def _statement(shape: _Shape, columns: str, asked_for: str, order: str) -> TextClause:
    """What is asked for of those events of the tenant that are in sight."""
    conditions = asked_for
    if shape.under:
        conditions += " AND k.path >= :low AND k.path < :high"
    if not shape.whole:
        now, then = _reached("k.now_path", "k.now_site", shape), _reached("k.path", "k.then_site", shape)
        conditions += f" AND {now} AND (k.until IS NULL OR {then})"
    return text(f"SELECT {columns} FROM ({_told(shape)}) k WHERE TRUE{conditions}{order}")


def _reached(path: str, site: str, shape: _Shape) -> str:
    """A condition: the scope reaches what stands at a customer, and perhaps on a site."""
    inside = probe(path)
    return f"({inside} OR {on_sites(site)})" if shape.sites else inside


def _told(shape: _Shape) -> str:
    """The events, or those of some devices, each with its device's place now (``now_path``, ``now_site``), and with the
    one then where that is another (``until`` is then not NULL). Of a customer who is gone the place stays, without a
    name."""
    join, its = _join(shape), _its(shape)
    about = ""
    if shape.about:
        about = " AND e.device_id = :device"
    elif shape.gathered:
        about = f" AND e.device_id IN ({_below(shape) if shape.under else _scoped(shape)})"
    return (
        "SELECT e.id, '' AS key, e.device_id, e.at, e.kind, e.name, e.severity, e.text, e.tenant_id, "
        "c.path AS now_path, d.site_id AS now_site, t.until, t.site_id AS then_site, "
        "CASE WHEN t.until IS NULL THEN c.id ELSE tc.id END AS customer_id, "
        "CASE WHEN t.until IS NULL THEN c.path ELSE COALESCE(tc.path, tf.path) END AS path "
        f"FROM event e {join} device d ON d.id = e.device_id{its('d')} "
        f"{join} customer c ON c.id = d.customer_id{its('c')} "
        "LEFT JOIN tenure t ON t.tenant_id = :tenant AND t.device_id = e.device_id AND t.until = "
        "(SELECT min(u.until) FROM tenure u WHERE u.tenant_id = :tenant AND u.device_id = e.device_id "
        "AND u.until > e.at) "
        f"LEFT JOIN customer tc ON tc.id = t.customer_id{its('tc')} "
        f"LEFT JOIN former_customer tf ON tf.id = t.customer_id{its('tf')} "
        f"WHERE e.tenant_id = :tenant{about}"
    )


def _scoped(shape: _Shape) -> str:
    """The devices that the scope reaches."""
    join, its = _join(shape), _its(shape)
    found = (
        f"SELECT d.id FROM scope_interval s {join} customer c ON c.tenant_id = :tenant AND c.path >= s.path "
        f"AND c.path < s.path_hi {join} device d ON d.customer_id = c.id{its('d')} "
        "WHERE s.scope_id = :scope AND s.tenant_id = :tenant"
    )
    there = (
        f"SELECT d.id FROM scope_site x {join} device d ON d.site_id = x.site_id{its('d')} "
        "WHERE x.scope_id = :scope AND x.tenant_id = :tenant"
    )
    return f"{found} UNION ALL {there}" if shape.sites else found


def _below(shape: _Shape) -> str:
    """The devices that stand at a customer or below it, or did."""
    join, below = _join(shape), "c.tenant_id = :tenant AND c.path >= :low AND c.path < :high"
    stand = f"SELECT d.id FROM customer c {join} device d ON d.customer_id = c.id{_its(shape)('d')} WHERE {below}"
    stood = (
        f"SELECT t.device_id FROM tenure t {join} {nodes} c ON c.id = t.customer_id "
        f"WHERE t.tenant_id = :tenant AND {below}"
        for nodes in OWNERS
    )
    return " UNION ALL ".join((stand, *stood))


def _its(shape: _Shape) -> Callable[[str], str]:
    return partial(tied, postgresql=shape.postgresql)


def _join(shape: _Shape) -> str:
    """On SQLite a CROSS JOIN is never turned round: what leads here does, whatever is known of how much there is."""
    return "JOIN" if shape.postgresql else "CROSS JOIN"
