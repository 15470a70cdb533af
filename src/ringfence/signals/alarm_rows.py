"""Alarms as rows: what is written of one, and the statements that write and look for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, select

from ringfence.domain import clock
from ringfence.domain.clock import moment_of
from ringfence.domain.text import search_key
from ringfence.signals.happening import Entry
from ringfence.storage.bulk import Among
from ringfence.storage.signal_tables import Runaway
from ringfence.storage.tables import Alarm

CHANGING: Final = (
    *("id", "tenant_id", "severity", "text", "rule_id", "edge_id", "last_at", "count", "ended_at", "cleared_at"),
    *("outcome", "runaway", "revision"),
)
"""The columns of `changes`."""


def taken(among: Among) -> Select[Any]:
    """Those of some keys of a tenant that alarms have."""
    return select(Alarm.key).where(Alarm.tenant_id == bindparam("tenant"), among(Alarm.key, "keys", str))


def buckets(among: Among) -> Select[Any]:
    """How full the buckets of devices are."""
    query = select(Runaway.device_id, Runaway.kind, Runaway.full_at, Runaway.due_at)
    return query.where(Runaway.tenant_id == bindparam("tenant"), among(Runaway.device_id, "devices"))


def changes(tenant_id: int, entry: Entry) -> tuple[Any, ...]:
    """What is written of an alarm that was there: its id, its tenant's, and what it is now."""
    last_at, ended_at, cleared_at = map(_moment, (entry.last_at, entry.ended_at, entry.cleared_at))
    return (
        *(entry.id, tenant_id, entry.severity, entry.text, entry.rule, entry.edge, last_at, entry.count, ended_at),
        *(cleared_at, entry.outcome, entry.runaway, int(entry.revised)),
    )


def row(tenant_id: int, entry: Entry, key: str) -> dict[str, Any]:
    """A new alarm, with the key that it gets."""
    started_at = moment_of(entry.started_at)
    return {
        "id": entry.id,
        "tenant_id": tenant_id,
        "customer_id": entry.customer,
        "name": entry.name,
        "device_id": entry.device,
        "site_id": entry.site,
        "kind": entry.kind,
        "unit_id": entry.unit_id,
        "severity": entry.severity,
        "text": entry.text,
        "rule_id": entry.rule,
        "edge_id": entry.edge,
        "started_at": started_at,
        "last_at": _moment(entry.last_at),
        "count": entry.count,
        "ended_at": _moment(entry.ended_at),
        "cleared_at": _moment(entry.cleared_at),
        "outcome": entry.outcome,
        "runaway": entry.runaway,
        "notes": "",
        "key": key,
        "started_key": clock.in_order(started_at),
        "search_key": search_key(entry.name),
    }


def _moment(at: int | None) -> datetime | None:
    return None if at is None else moment_of(at)
