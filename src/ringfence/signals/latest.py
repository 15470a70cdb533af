"""The latest values of devices, a row each: mostly a device says all that it does at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, bindparam, select

from ringfence.domain.errors import Damaged
from ringfence.domain.signal import Value
from ringfence.storage.bulk import Among, append_flat, insert_rows, listed, prepared, take_ids, upsert_rows
from ringfence.storage.signal_tables import LATEST, DeviceLatest, Series, waiting

MOST_SERIES: Final = 1000
"""Under so many names at most a device reports values: a row grows with them, and is written whole."""
_COLUMNS: Final = {"tenant_id": "int", "device_id": "int", "at": "bigint", "said": "text", "older": "text"}
_LAST: Final = f"SELECT max(rowid) FROM {LATEST}"  # noqa: S608 - our own
_WAITING: Final = (
    f"SELECT device_id, at, said, older FROM {LATEST} WHERE rowid IN ({_LAST} WHERE tenant_id = ? AND "  # noqa: S608
    "device_id IN (SELECT value FROM json_each(?)) GROUP BY device_id)"
)
_SETTLE: Final = (
    f"INSERT INTO device_latest SELECT * FROM {LATEST} WHERE rowid IN ({_LAST} GROUP BY device_id) "  # noqa: S608
    "AND device_id IN (SELECT id FROM device) ORDER BY device_id ON CONFLICT (tenant_id, device_id) "
    "DO UPDATE SET at = excluded.at, said = excluded.said, older = excluded.older"
)
_NONE: Final[Mapping[str, Any]] = MappingProxyType({})
_SERIES: Final = ("id", "tenant_id", "device_id", "name")


class Latest(NamedTuple):
    """The latest value of a series (its id) of a name, and when it was so, in milliseconds since 1970."""

    series: int
    name: str
    at: int
    value: Value


Shape = dict[str, int]
"""The names of a device's series, each with its place among them: most devices of a kind share one."""


class Known:
    """What is known of a device: its latest ``values`` by name, which were so ``at`` a moment in milliseconds since
    1970, but for those that were so earlier (``older``); the names of its series (``shape``), and the ids of these in
    their order, as far as they are written. Whoever changes anything puts another one in the place of the whole."""

    __slots__ = ("at", "ids", "older", "shape", "values")

    def __init__(self) -> None:
        self.at = 0
        self.ids: tuple[int, ...] = ()
        self.older: Mapping[str, int] = _NONE
        self.shape: Shape = _shape(())
        self.values: Mapping[str, Value] = _NONE

    def moment(self, name: str) -> int:
        """When the latest value of that name was so, in milliseconds since 1970."""
        return self.older.get(name, self.at)

    def also(self, names: Iterable[str]) -> None:
        """It has series of these names, too, which are not written yet."""
        self.shape = _shape((*self.shape, *names))

    def each(self) -> Iterator[Latest]:
        """Each of its latest values."""
        for own, name in zip(self.ids, self.shape, strict=True):
            if name in self.values:
                yield Latest(own, name, self.moment(name), self.values[name])


@lru_cache(maxsize=256)
def _shape(names: tuple[str, ...]) -> Shape:
    return {name: place for place, name in enumerate(names)}


def latest_of(connection: Connection, tenant_id: int, device: int) -> list[Latest]:
    """The latest values of a device, in no order."""
    return list(known_of(connection, tenant_id, [device])[device].each())


def last_at(connection: Connection, tenant_id: int, device: int) -> int | None:
    """When a device reported the last of its values, in milliseconds since 1970, if any."""
    own = {"tenant": tenant_id, "devices": listed(connection, [device])}
    found = [row.at for row in connection.execute(prepared(connection, _latest), own)]
    if waiting(connection, LATEST):
        found += [row.at for row in connection.exec_driver_sql(_WAITING, (tenant_id, own["devices"]))]
    return max(found, default=None)


def known_of(connection: Connection, tenant_id: int, devices: Collection[int]) -> dict[int, Known]:
    """What is known of each of these devices."""
    found = {device: Known() for device in devices}
    if not found:
        return found
    given = {"tenant": tenant_id, "devices": listed(connection, devices)}
    series: dict[int, list[tuple[int, str]]] = {}
    for own, device, name in connection.execute(prepared(connection, _series), given):
        series.setdefault(device, []).append((own, name))
    for device, theirs in series.items():
        ids, names = zip(*theirs, strict=True)
        found[device].ids, found[device].shape = ids, _shape(names)
    rows = {row[0]: row for row in connection.execute(prepared(connection, _latest), given)}
    if waiting(connection, LATEST):
        rows |= {row[0]: row for row in connection.exec_driver_sql(_WAITING, (tenant_id, given["devices"]))}
    for device, at, said, older in rows.values():
        known = found[device]
        known.at, known.values = at, _read(said, known.shape, Value)
        if older is not None:
            moments = _read(older, known.shape, int)
            known.older = {name: moment for name, moment in moments.items() if moment != at}
    return found


def write(connection: Connection, tenant_id: int, devices: Mapping[int, Known], *, put_off: bool = False) -> None:
    """Writes the latest values of devices, by their ids. On SQLite they may be ``put_off``."""
    from msgspec.json import encode  # where nothing is written it would be in the way of the first data

    rows: list[Any] = []
    for own, known in devices.items() if put_off else sorted(devices.items()):
        values = known.values
        said = encode(list(map(values.__getitem__, known.shape))).decode()
        older = encode([known.moment(name) for name in known.shape]).decode() if known.older else None
        if put_off:
            rows += (own, known.at, said, older)
        else:
            rows.append((tenant_id, own, known.at, said, older))
    if put_off:
        append_flat(connection, LATEST, tenant_id, len(_COLUMNS) - 1, rows)
    else:
        upsert_rows(connection, DeviceLatest.__tablename__, _COLUMNS, 2, rows)


def settle(connection: Connection) -> None:
    """Puts latest values that were put off where they belong. Devices may be gone by now."""
    connection.exec_driver_sql(_SETTLE)
    connection.exec_driver_sql(f"DELETE FROM {LATEST}")  # noqa: S608 - our own


def add_series(connection: Connection, tenant_id: int, fresh: Sequence[tuple[int, str, Known]]) -> None:
    """Adds series of devices (their ids) by their names, and has it known what their ids are: those of a device in the
    order of their places. Nobody else does meanwhile."""
    if fresh:
        ids = take_ids(connection, Series.__table__, len(fresh))
        rows = [(own, tenant_id, device, name) for own, (device, name, _) in zip(ids, fresh, strict=True)]
        insert_rows(connection, Series.__table__, _SERIES, rows)
        for own, (_, _, known) in zip(ids, fresh, strict=True):
            known.ids += (own,)


def _series(among: Among) -> Select[Any]:
    query = select(Series.id, Series.device_id, Series.name)
    theirs = query.where(among(Series.device_id, "devices"), Series.tenant_id == bindparam("tenant"))
    return theirs.order_by(Series.id)


def _latest(among: Among) -> Select[Any]:
    query = select(DeviceLatest.device_id, DeviceLatest.at, DeviceLatest.said, DeviceLatest.older)
    return query.where(among(DeviceLatest.device_id, "devices"), DeviceLatest.tenant_id == bindparam("tenant"))


def _read(kept: str, series: Iterable[str], kind: Any) -> dict[str, Any]:
    """What is kept of each of these series, all of a kind."""
    try:
        found = dict(zip(series, json.loads(kept), strict=True))
    except (ValueError, TypeError) as error:
        raise Damaged("what devices said last is not what it should be") from error
    if not all(isinstance(one, kind) for one in found.values()):
        raise Damaged("what devices said last is not what it should be")
    return found
