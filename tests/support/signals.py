"""Signals for tests: sent by an edge at a moment, and what of them is seen."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from support.documents import AT
from support.edits import provider

from ringfence.domain.clock import milliseconds
from ringfence.domain.errors import RingfenceError
from ringfence.domain.quick_signal import read
from ringfence.services import telemetry
from ringfence.signals.intake import Heard, Source, Taken, source, take, timely
from ringfence.storage.engine import Database
from ringfence.visibility.viewer import Viewer

NOW = milliseconds(AT)


def document() -> dict[str, Any]:
    """The small provider, whose devices have unit ids as they have keys, with an edge at acme."""
    made = provider()
    made["devices"] = [{**one, "unit_id": one["key"]} for one in made["devices"]]
    own = {"tenant": "t", "kind": "pipe"}
    made["edges"] = [
        {"key": "acme", "name": "Acme's", "customer": "acme", **own},
        {"key": "slow", "name": "Slow", "customer": "acme", "lines_a_minute": 10, **own},
        {"key": "off", "name": "Off", "customer": "acme", "active": False, **own},
    ]
    reader = {"key": "viewers", "tenant": "t", "name": "Viewers", "owner": None, "access_level": "service_provider"}
    made["roles"].append({**reader, "permissions": ["device.list", "device.view"]})
    group = {"key": "alone", "tenant": "t", "name": "Alone", "owner": None, "role": "viewers", "scope": "selected"}
    made["security_groups"].append({**group, "customers": [{"customer": "acme", "nested": False}]})
    user = {"key": "alone", "tenant": "t", "name": "Alone", "login": "alone"}
    made["users"].append({**user, "security_groups": [{"group": "alone"}]})
    return made


def edge(database: Database, key: str, tenant: str = "") -> Source:
    """An edge, as its signals are taken."""
    with database.reading() as connection:
        return source(connection, key, tenant)


def send(database: Database, of: Source, *lines: dict[str, Any], now: int = NOW) -> Taken:
    """Takes lines of an edge, in one batch."""
    return take(database, of, list(heard(lines, now)), now)


def heard(lines: Iterable[dict[str, Any]], now: int) -> Iterable[Heard]:
    """Lines as they are read."""
    for line in lines:
        said = json.dumps(line)
        yield timely(read(said), now), said


def at(minutes: float) -> datetime:
    """So many minutes after the moment of the tests."""
    return AT + timedelta(minutes=minutes)


def numbers(viewer: Viewer, device: str, name: str) -> list[float] | None:
    """The numbers that somebody sees of a series, all of them; None where they are told that there is none."""
    try:
        found = telemetry.history(viewer, device, name, AT - timedelta(days=40), AT + timedelta(days=40))
    except RingfenceError:
        return None
    return [one.number for one in found]


def latest(viewer: Viewer, device: str) -> dict[str, Any] | None:
    """The latest values that somebody sees of a device; None where there is no such device for them."""
    try:
        return {one.name: one.value for one in telemetry.latest(viewer, device)}
    except RingfenceError:
        return None
