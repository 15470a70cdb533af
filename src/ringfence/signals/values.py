"""What the values of a batch are upon the latest ones: newer than those, older, or the first of their name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ringfence.domain.signal import Signal, Value
from ringfence.signals import events
from ringfence.signals.events import Said
from ringfence.signals.latest import MOST_SERIES, Known
from ringfence.signals.telemetry import Points

_NONE: Final = frozenset[str]()


class Values:
    """What is ``known`` of each of a tenant's devices of which any values are taken; and what is to be written of those
    that were: series that are ``fresh``, the devices whose latest values are ``renewed``, the history, which is
    ``points`` and, of series that are fresh, ``numbers``, and ``changes`` of what is no number. ``refused`` were so
    many for which a device has too many series already. ``in_order``: each was later than all of its series before."""

    def __init__(self, known: Mapping[int, Known]) -> None:
        self.known = known
        self.fresh: list[tuple[int, str, Known]] = []
        self.renewed: dict[int, Known] = {}
        self.numbers: list[tuple[Known, int, int, float]] = []
        self.points: Points = []
        self.changes: list[Said] = []
        self.refused = 0
        self.in_order = True

    def take(self, device: int, signal: Signal) -> Collection[str]:
        """Takes the values of a signal, which has its moment, of a device; those of a device come in the order of their
        moments. Returns the names of those that are older than what was known, or refused."""
        known, values, at = self.known[device], signal.values, signal.at
        assert at is not None
        ids, shape = known.ids, known.shape
        if at <= known.at or known.older or values.keys() != shape.keys() or len(ids) != len(shape):
            return self._take_some(device, known, values, at) if values else _NONE
        points = self.points
        for name, value in values.items():
            if value.__class__ is float:
                points += (ids[shape[name]], at, value)
            else:
                was = known.values.get(name, value)
                if value != was or value.__class__ is not was.__class__:
                    self.changes.append(events.of_change(device, at, name, value))
        known.at = at
        known.values = values
        self.renewed[device] = known
        return _NONE

    def _take_some(self, device: int, known: Known, values: Mapping[str, Value], at: int) -> Collection[str]:
        """The same, whatever was said before and when."""
        latest, moments = dict(known.values), {name: known.moment(name) for name in known.values}
        fresh = [name for name in values if name not in known.shape]
        room = max(0, MOST_SERIES - len(known.shape))
        older = set(fresh[room:])
        self.refused += len(older)
        if fresh:
            self.fresh += ((device, name, known) for name in fresh[:room])
            known.also(fresh[:room])
        for name, value in values.items():
            place = known.shape.get(name)
            if place is None:
                continue
            if isinstance(value, float):
                if place < len(known.ids):
                    self.points += (known.ids[place], at, value)
                else:
                    self.numbers.append((known, place, at, value))
            if name in moments and at <= moments[name]:
                self.in_order = False
                if at < moments[name]:
                    older.add(name)
                    continue
            if name in latest and not isinstance(value, float):
                was = latest[name]
                if value != was or value.__class__ is not was.__class__:
                    self.changes.append(events.of_change(device, at, name, value))
            latest[name], moments[name] = value, at
        known.at = max(moments.values())
        known.values = latest
        known.older = {name: moment for name, moment in moments.items() if moment != known.at}
        self.renewed[device] = known
        return older
