"""What the values of a batch are upon the latest ones: newer than those, older, or the first of their name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ringfence.domain.signal import MOST_VALUES, Signal, Value
from ringfence.signals import events
from ringfence.signals.events import Said
from ringfence.signals.latest import MOST_SERIES, Known
from ringfence.signals.telemetry import Points

_NONE: Final = frozenset[str]()


class Values:
    """What is ``known`` of each of a tenant's devices of which any values are taken; and what is to be written of those
    that were: series that are ``fresh``, the devices whose latest values are ``renewed``, the history, which is
    ``points`` and, of series that are fresh, ``numbers``, and ``changes`` of what is no number. ``refused`` were so
    many for which a device has too many series already. All of it ``may_wait`` where each was later than all of its
    series before, and no device has more of those than a line says: all that it said last is written again."""

    def __init__(self, known: Mapping[int, Known]) -> None:
        self.known = known
        self.fresh: list[tuple[int, str, Known]] = []
        self.renewed: dict[int, Known] = {}
        self.numbers: list[tuple[Known, int, int, float]] = []
        self.points: Points = []
        self.changes: list[Said] = []
        self.refused = 0
        self.may_wait = True

    def take(self, device: int, signal: Signal) -> Collection[str]:
        """Takes the values of a signal, which has its moment, of a device; those of a device come in the order of their
        moments. Returns the names of those that are older than what was known, or refused."""
        known, values, at = self.known[device], signal.values, signal.at
        assert at is not None
        ids, shape = known.ids, known.shape
        if at <= known.at or known.older or not values or values.keys() != shape.keys() or len(ids) != len(shape):
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
        latest, taken = dict(known.values), list[str]()
        fresh = [name for name in values if name not in known.shape]
        room = max(0, MOST_SERIES - len(known.shape))
        older = set(fresh[room:])
        self.refused += len(older)
        if fresh:
            self.fresh += ((device, name, known) for name in fresh[:room])
            known.also(fresh[:room])
        if len(known.shape) > MOST_VALUES:
            self.may_wait = False
        for name, value in values.items():
            place = known.shape.get(name)
            if place is None:
                continue
            if isinstance(value, float):
                if place < len(known.ids):
                    self.points += (known.ids[place], at, value)
                else:
                    self.numbers.append((known, place, at, value))
            if name in latest:
                if at <= (moment := known.moment(name)):
                    self.may_wait = False
                    if at < moment:
                        older.add(name)
                        continue
                was = latest[name]
                if not isinstance(value, float) and (value != was or value.__class__ is not was.__class__):
                    self.changes.append(events.of_change(device, at, name, value))
            latest[name] = value
            taken.append(name)
        if taken:
            self._renew(device, known, latest, taken, at)
        return older

    def _renew(self, device: int, known: Known, latest: Mapping[str, Value], taken: Collection[str], at: int) -> None:
        """Has it known what is the latest now, of which those were ``taken`` that were so at that moment."""
        older = dict(known.older) if at <= known.at else {**dict.fromkeys(known.values, known.at), **known.older}
        known.at = max(at, known.at)
        for name in taken:
            if at < known.at:
                older[name] = at
            else:
                older.pop(name, None)
        known.values, known.older = latest, older
        self.renewed[device] = known
