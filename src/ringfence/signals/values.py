"""What the values of a batch are upon the latest ones: newer than those, older, or the first of their name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ringfence.domain.signal import Signal
from ringfence.signals import events
from ringfence.signals.events import Said
from ringfence.signals.telemetry import Kept, Latest, Number, Renewed, said

_NONE: Final = frozenset[str]()


class Values:
    """The latest values of a tenant's devices by their names, ``known`` of each device of which any are taken; and what
    is to be written of those that were: series that are ``fresh``, those whose latest value is ``renewed`` (some of
    them more than once), the history, which is ``numbers`` of those that are fresh and ``points`` of the others, and
    ``changes`` of what is no number."""

    def __init__(self, tenant_id: int, known: Mapping[int, dict[str, Latest]]) -> None:
        self.tenant = tenant_id
        self.known = known
        self.fresh: list[Latest] = []
        self.renewed: list[Renewed] = []
        self.numbers: list[Number] = []
        self.points: list[Kept] = []
        self.changes: list[Said] = []

    def take(self, device: int, signal: Signal) -> Collection[str]:
        """Takes the values of a signal, which has its moment, of a device; those of a device come in the order of their
        moments. Returns the names of those that are older than what was known."""
        known, tenant, points, renewed = self.known[device], self.tenant, self.points, self.renewed
        at = signal.at
        assert at is not None
        older: Collection[str] = _NONE
        for name, value in signal.values.items():
            latest = known.get(name)
            if latest is None:
                latest = known[name] = Latest(0, device, name, at, value)
                self.fresh.append(latest)
                if value.__class__ is float:
                    self.numbers.append((latest, at, value))
                continue
            series = latest.series
            if value.__class__ is float:
                if series:
                    points.append((tenant, series, at, value))
                else:
                    self.numbers.append((latest, at, value))
                if at < latest.at:
                    older = {*older, name}
                    continue
                if series:
                    renewed.append((series, at, value, None))
            else:
                if at < latest.at:
                    older = {*older, name}
                    continue
                was = latest.value
                if value != was or value.__class__ is not was.__class__:
                    self.changes.append(events.of_change(device, at, name, value))
                if series:
                    renewed.append((series, at, None, said(value)))
            latest.at = at
            latest.value = value
        return older
