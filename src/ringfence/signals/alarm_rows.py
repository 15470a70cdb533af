"""Alarms as rows: what is written of one, and the statements that write and look for them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, Update, bindparam, select, update

from ringfence.domain import clock
from ringfence.domain.clock import moment_of
from ringfence.domain.text import search_key
from ringfence.signals.happening import Entry
from ringfence.storage.bulk import Among
from ringfence.storage.signal_tables import Runaway
from ringfence.storage.tables import Alarm

_CHANGING: Final = (
    *("severity", "text", "rule_id", "edge_id", "last_at", "count", "ended_at", "cleared_at", "outcome", "runaway"),
)


def changing(_among: Among) -> Update:
    """Brings alarms in line with what they are now."""
    rows: Any = Alarm.__table__
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _CHANGING}
    one = update(rows).where(rows.c.id == bindparam("own_id"))
    return one.values(revision=rows.c.revision + bindparam("step"), **values)


def taken(among: Among) -> Select[Any]:
    """Those of some keys of a tenant that alarms have."""
    return select(Alarm.key).where(Alarm.tenant_id == bindparam("tenant"), among(Alarm.key, "keys", str))


def buckets(among: Among) -> Select[Any]:
    """How full the buckets of devices are."""
    query = select(Runaway.device_id, Runaway.kind, Runaway.full_at, Runaway.due_at)
    return query.where(Runaway.tenant_id == bindparam("tenant"), among(Runaway.device_id, "devices"))


def changes(entry: Entry) -> dict[str, Any]:
    """What `changing` is given of an alarm that was there."""
    own = row(0, entry, "")
    return {"own_id": entry.id, "step": int(entry.revised), **{f"new_{name}": own[name] for name in _CHANGING}}


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
        "last_at": moment_of(entry.last_at),
        "count": entry.count,
        "ended_at": None if entry.ended_at is None else moment_of(entry.ended_at),
        "cleared_at": None if entry.cleared_at is None else moment_of(entry.cleared_at),
        "outcome": entry.outcome,
        "runaway": entry.runaway,
        "notes": "",
        "key": key,
        "started_key": clock.in_order(started_at),
        "search_key": search_key(entry.name),
    }
