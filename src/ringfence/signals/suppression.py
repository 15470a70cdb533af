"""Test modes: of which alarms nobody is told, and what is remembered of those."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, bindparam, or_, select, update

from ringfence.domain.alarm import LIFE_SAFETY
from ringfence.domain.clock import milliseconds, moment_of
from ringfence.domain.test_mode import TEST_MODES, kinds_in
from ringfence.signals.units import Unit
from ringfence.storage.bulk import Among, prepared
from ringfence.storage.columns import leads_to
from ringfence.storage.signal_tables import Suppressed
from ringfence.storage.tables import Customer, table_of

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Mode(NamedTuple):
    id: int
    path: str
    site: int | None
    device: int | None
    kinds: frozenset[str]
    since: int
    until: int

    def covers(self, unit: Unit, kind: str, at: int) -> bool:
        return (
            self.since <= at < self.until
            and (kind in self.kinds if self.kinds else kind not in LIFE_SAFETY)
            and unit.path.startswith(self.path)
            and self.site in (None, unit.site)
            and self.device in (None, unit.id)
        )


class Modes:
    """The test modes of a tenant that are in force at any of the moments from ``since`` to ``until``, in milliseconds
    since 1970; one that has no beginning began long ago. Of one with a site or a device, or with both, an alarm is
    covered that is of all of them."""

    def __init__(self, connection: Connection, tenant_id: int, since: int, until: int) -> None:
        given = {"tenant": tenant_id, "first": moment_of(since), "last": moment_of(until)}
        rows = connection.execute(prepared(connection, _in_force), given)
        self._modes = [
            _Mode(own, path, site, device, frozenset(kinds_in(alarms)), milliseconds(begin or _EVER), milliseconds(end))
            for own, path, site, device, alarms, begin, end in rows
        ]

    def until(self, unit: Unit, kind: str, at: int) -> int | None:
        """Up to when an alarm of this kind is covered at that moment; None where it is not."""
        return max(self.covering(unit, kind, at).values(), default=None)

    def covering(self, unit: Unit, kind: str, at: int) -> dict[int, int]:
        """Those that cover it, by id, each with its end."""
        return {mode.id: mode.until for mode in self._modes if mode.covers(unit, kind, at)}


def _in_force(_among: Among) -> Select[Any]:
    mode = table_of(TEST_MODES)
    columns = (mode.id, Customer.path, mode.site_id, mode.device_id, mode.alarms, mode.since, mode.until)
    query = select(*columns).join(Customer, leads_to(mode.customer_id, Customer))
    begun = or_(mode.since.is_(None), mode.since <= bindparam("last"))
    return query.where(mode.tenant_id == bindparam("tenant"), mode.until > bindparam("first"), begun)


def look_again(connection: Connection, tenant_id: int, at: int) -> None:
    """Has the clocks look, from ``at`` on, at whatever is suppressed: its test mode may have been changed or taken
    away."""
    sooner = (Suppressed.tenant_id == tenant_id) & (Suppressed.due_at > at)
    connection.execute(update(Suppressed).where(sooner).values(due_at=at))
