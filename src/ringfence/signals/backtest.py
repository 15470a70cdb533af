"""What an alarm rule would have made of what devices reported: the same looking and the same clocks as when it came,
over what is kept of it.

Kept are numbers, and of what is none its latest value and when it changed: a text that was said again counts no
further time. When something arrived is not kept either: it came when it was so.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, text

from ringfence.domain.event import CHANGED
from ringfence.domain.signal import Value
from ringfence.signals import events, rules
from ringfence.signals.latest import Latest
from ringfence.signals.rules import Rule, State
from ringfence.signals.telemetry import rows_of

Signals = Mapping[int, Mapping[str, Value]]
"""Values by name that devices reported at moments, in milliseconds since 1970."""


class Episode(NamedTuple):
    """Since when there was an alarm, and until when; None: it is not over. In milliseconds since 1970."""

    began: int
    ended: int | None


class Reported(NamedTuple):
    """What is kept of a device within a time: the latest values before it, and those of its moments. ``many`` of them
    were read; there are no more before ``until``, in milliseconds since 1970."""

    before: Mapping[str, Value]
    signals: Signals
    many: int
    until: int


def replay(rule: Rule, attributes: Mapping[str, Value], reported: Reported) -> list[Episode]:
    """The alarms that a rule would have raised which looked at a device from the first of these moments on."""
    state, found = State(), list[Episode]()
    values = {**attributes, **reported.before}

    def take(steps: Iterable[rules.Step]) -> None:
        for on, at in steps:
            if on:
                found.append(Episode(at, None))
            else:
                # One that was held for longer than it may be quiet is over when it begins.
                found[-1] = found[-1]._replace(ended=max(at, found[-1].began))

    for at in sorted(reported.signals):
        said = reported.signals[at]
        take(rules.elapse(rule, state, at - 1))
        values.update(said)
        if rule.asks(said.keys()):
            step = rules.heed(rule, state, values, at, at)
            take(() if step is None else (step,))
    take(rules.elapse(rule, state, reported.until))
    return found


class History:
    """The history of a tenant between two moments, of which no more than ``most`` values are read of any device."""

    def __init__(self, connection: Connection, tenant_id: int, days: Iterable[str], since: int, until: int) -> None:
        self._connection, self._tenant = connection, tenant_id
        self._since, self._until = since, until
        self._days = sorted(days)

    def of(self, device: int, stood: int, series: Mapping[str, Latest], most: int) -> Reported:
        """What a device reported, of these of its series, since it ``stood`` where it is."""
        since = max(self._since, stood)
        names = {one.series: name for name, one in series.items()}
        before: dict[str, Value] = {}
        signals: defaultdict[int, dict[str, Value]] = defaultdict(dict)
        rows = self._points(names, since, most + 1)
        until = self._until
        if len(rows) > most:
            until = rows[most][0]
            rows = [row for row in rows[:most] if row[0] < until]
        for at, own, number in rows:
            signals[at][names[own]] = number
        for own, number in self._last(names, stood, since).items():
            before[names[own]] = number
        plain = {name: one for name, one in series.items() if not isinstance(one.value, float)}
        self._texts(device, plain, (stood, since, until), before, signals, most)
        return Reported(before, signals, sum(map(len, signals.values())), until)

    def _points(self, names: Mapping[int, str], since: int, most: int) -> list[tuple[int, int, float]]:
        each = rows_of(self._connection, self._days, since, self._until)
        if not each or not names:
            return []
        every = " UNION ALL ".join(
            f"SELECT at, series_id, number FROM {rows} p "  # noqa: S608 - of tables of ours
            "WHERE tenant_id = :tenant AND series_id IN :series AND at >= :since AND at < :until"
            for rows in each
        )
        binds = self._binds(names, since) | {"until": self._until, "most": most}
        found = self._connection.execute(_listing(f"{every} ORDER BY at LIMIT :most"), binds)
        return [(at, own, number) for at, own, number in found]

    def _last(self, names: Mapping[int, str], stood: int, since: int) -> dict[int, float]:
        """The last number of each series before a moment."""
        found: dict[int, float] = {}
        left = set(names)
        for points in reversed(rows_of(self._connection, self._days, stood, since)):
            if not left:
                break
            query = (
                f"SELECT p.series_id, p.number FROM {points} p JOIN (SELECT series_id, max(at) AS at "  # noqa: S608
                f"FROM {points} d WHERE tenant_id = :tenant AND series_id IN :series AND at >= :stood "
                "AND at < :since GROUP BY series_id) last ON p.series_id = last.series_id AND p.at = last.at "
                "WHERE p.tenant_id = :tenant"
            )
            last = self._connection.execute(_listing(query), self._binds(left, since) | {"stood": stood})
            found.update((own, number) for own, number in last)
            left -= found.keys()
        return found

    def _binds(self, series: Iterable[int], since: int) -> dict[str, Any]:
        return {"tenant": self._tenant, "series": sorted(series), "since": since}

    def _texts(
        self,
        device: int,
        series: Mapping[str, Latest],
        times: tuple[int, int, int],
        before: dict[str, Value],
        signals: defaultdict[int, dict[str, Value]],
        most: int,
    ) -> None:
        """Adds what is no number, as far as it is kept."""
        if not series:
            return
        stood, since, until = times
        told = events.of_device(self._connection, self._tenant, device, stood, until, most)
        changes = [
            (one.at, one.name, _meant(one.text, series[one.name].value))
            for one in reversed(told)
            if one.kind == CHANGED and one.name in series
        ]
        latest = [(one.at, name, one.value) for name, one in series.items()]
        for at, name, value in [*changes, *(one for one in latest if stood <= one[0] < until)]:
            if at < since:
                before[name] = value
            else:
                signals[at][name] = value


def _listing(query: str) -> Any:
    return text(query).bindparams(bindparam("series", expanding=True))


_TRUTHS: Final = ("true", "false")


def _meant(said: str, latest: Value) -> Value:
    """What an event says that something changed to, which writes truth values as texts: they are what the latest
    value is."""
    return json.loads(said) if isinstance(latest, bool) and said in _TRUTHS else said
