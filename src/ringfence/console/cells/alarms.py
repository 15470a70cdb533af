"""An alarm in a few lines, for below its list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringfence.console.text import Cell, Said, fit, many, number
from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, OPEN
from ringfence.domain.display import words

if TYPE_CHECKING:
    from ringfence.domain.alarm import AlarmState
    from ringfence.services.alarms import Around


def title(around: Around) -> str:
    """What it is, and of which device."""
    return " · ".join(filter(None, (around.opened.state.name, _named(around, "device"))))


def lines(around: Around, width: int, most: int) -> list[Said]:
    """At most so many lines, each of one row in ``width`` cells: what was said, what there is to do, how often it came
    and where that is, who has it and has seen it, what else is known of the device, the last note."""
    state: AlarmState = around.opened.state
    told = around.instructions
    said = [
        Cell(" ".join(state.text.split()) or state.name),
        *([Cell(f"Do: {' '.join(str(told.value).split())}", "accent")] if told is not None else []),
        Cell(" · ".join(filter(None, (_counted(state), state.unit_id, *_place(around)))), "quiet"),
        Cell(" · ".join(_handled(around))),
        *(Cell(one, "attention" if around.tested is not None else "quiet") for one in device_line(around)),
    ]
    if state.notes:
        said.append(Cell(state.notes.splitlines()[-1]))
    return [Cell(fit(text, width), style) for text, style in said[:most]]


def _place(around: Around) -> list[str]:
    return [_named(around, field.name) for field in (ALARMS.stands, ALARMS.node) if field is not None]


def _named(around: Around, field: str) -> str:
    return around.opened.names[field].get(getattr(around.opened.state, field), "")


def _counted(state: AlarmState) -> str:
    since = f"since {lately(state.started_at)}"
    if state.count < 2:
        return since
    return f"{many(state.count, 'signal')} {since}, the last {lately(state.last_at)}"


def _handled(around: Around) -> list[str]:
    state: AlarmState = around.opened.state
    has = "nobody has it" if state.assigned_at is None else _has(who(around, "assignee"))
    seen = "new" if state.acked_at is None else f"acknowledged by {who(around, 'acked_by')}"
    over = f"over since {_moment(state.ended_at)}" if state.ended_at is not None else ""
    cleared = f"cleared: {words(state.outcome)}" if state.outcome != OPEN else ""
    return [one for one in (has, seen, over, cleared) if one]


def _has(who: str) -> str:
    return f"{who} {'have' if who == 'you' else 'has'} it"


def device_line(around: Around) -> list[str]:
    """What else is known of its device, in a line; none where the viewer sees none."""
    if around.opened.state.device is None:
        return []
    tested = "no test mode" if around.tested is None else f"test mode until {_moment(around.tested)}"
    outcomes = [f"{number(count)} {words(one)}" for one, count in sorted(around.outcomes.items())]
    return [f"{tested} · last 7 days: {', '.join(outcomes) or 'no others'}"]


def who(around: Around, field: str) -> str:
    """Whom a field names, for people."""
    if getattr(around.opened.state, field) == around.me:
        return "you"
    return _named(around, field) or "somebody"


def lately(at: datetime | None) -> str:
    """A moment; of today's the time alone."""
    day, _, time = _moment(at).partition(" ")
    return time if day == _moment(clock.now()).partition(" ")[0] else _moment(at)


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at is not None else "ever"
