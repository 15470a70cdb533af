"""An alarm as a page: what it is, what happened, what there is to do about it, what else rings there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ringfence.console.cells.alarms import device_line, lately, who
from ringfence.console.moments import age
from ringfence.console.text import Cell, Said, capital, fit, many, number, width_of
from ringfence.domain import display, duration
from ringfence.domain.alarm import ALARMS, OPEN, standing

if TYPE_CHECKING:
    from ringfence.domain.alarm import AlarmState
    from ringfence.services.alarm_story import Step, Story
    from ringfence.services.alarms import Around

_STANDS: Final = ALARMS.label(ALARMS.stands.name) if ALARMS.stands is not None else ""
_LABEL: Final = 10
_WHAT: Final = 14
_TWO: Final = 72
"""So wide a page has two fields in a line."""
_NAMED: Final = 5


def title(story: Story) -> str:
    """What it is."""
    state: AlarmState = story.around.opened.state
    return f"{state.key}  {state.severity}  {state.name}"


def stands(story: Story, now: datetime) -> list[str]:
    """How it stands, and since when."""
    state: AlarmState = story.around.opened.state
    outcome = "active" if state.outcome == OPEN else f"cleared: {display.words(state.outcome)}"
    over = "over" if state.outcome == OPEN and state.ended_at is not None else ""
    since = age(state.started_at, now) if state.started_at is not None else ""
    return [one for one in (outcome, over, standing(state.outcome, acked=state.acked_at is not None), since) if one]


def page(story: Story, width: int) -> list[Said]:
    """All of it, for lines of so many cells."""
    around = story.around
    state: AlarmState = around.opened.state
    lines = list(_fields(_known(around), width))
    if state.text.strip():
        lines.append([Cell(fit("Text", _LABEL), "quiet"), Cell(" ".join(state.text.split()))])
    lines += [_GAP, _heading("What happened"), *_steps(story.steps, state)]
    lines += [_GAP, *_instructions(story)]
    notes = [Cell(f"  {one}") for one in state.notes.splitlines()]
    lines += [_GAP, *([_heading("Notes"), *notes] if notes else [_nothing("Notes")])]
    return [*lines, *_around(story)]


_GAP: Final = Cell("")


def _heading(text: str) -> Cell:
    return Cell(text, "strong")


def _nothing(heading: str) -> Said:
    return [_heading(heading), Cell(" (none)", "quiet")]


def _known(around: Around) -> list[tuple[str, str]]:
    state: AlarmState = around.opened.state
    names = around.opened.names

    def named(field: str) -> str:
        return names[field].get(getattr(state, field), "")

    stands_at = [field.name for field in (ALARMS.stands, ALARMS.node) if field is not None]
    signals = f"{number(state.count)}, first {lately(state.started_at)}, last {lately(state.last_at)}"
    has = "nobody" if state.assigned_at is None else f"{who(around, 'assignee')}, since {lately(state.assigned_at)}"
    return [
        ("Device", named("device")),
        *((capital(ALARMS.label(field)), named(field)) for field in reversed(stands_at)),
        ("Unit id", state.unit_id),
        ("Source", " · ".join(filter(None, (named("rule"), named("edge"))))),
        ("Signals", signals),
        ("Has it", has),
        ("Response", _response(around)),
    ]


def _response(around: Around) -> str:
    """How long it took until somebody had seen it, and who that was."""
    state: AlarmState = around.opened.state
    if state.acked_at is None or state.started_at is None:
        return ""
    took = duration.said(max(0, int((state.acked_at - state.started_at).total_seconds()))) or "0s"
    return f"{took}, by {who(around, 'acked_by')}"


def _fields(known: Sequence[tuple[str, str]], width: int) -> Iterator[Said]:
    if width < _TWO:
        for label, value in known:
            yield [Cell(fit(label, _LABEL), "quiet"), Cell(value or "–")]
        return
    half = width // 2
    for at in range(0, len(known), 2):
        line = []
        for label, value in known[at : at + 2]:
            line += [Cell(fit(label, _LABEL), "quiet"), Cell(fit(value or "–", half - _LABEL - 1)), Cell(" ")]
        yield line[:-1]


def _steps(steps: Sequence[Step], state: AlarmState) -> Iterator[Said]:
    """The steps; what was said several times alike, one after the other, once with their number."""
    for (what, text, by), alike in groupby(steps, key=lambda one: (one.what, one.text, one.who)):
        found = list(alike)
        times = f" (×{number(len(found))})" if len(found) > 1 else ""
        said = " ".join(" ".join(filter(None, (text, f"by {by}" if by else ""))).split())
        at = _exactly(found[0].at, state)
        yield [Cell(f"  {at}  ", "quiet"), Cell(what.ljust(max(_WHAT, width_of(what) + 1))), Cell(f"{said}{times}")]


def _exactly(at: datetime, state: AlarmState) -> str:
    """A moment to the second; where the alarm began on another day, with that day."""
    began = state.started_at or at
    same = at.astimezone(UTC).date() == began.astimezone(UTC).date()
    return f"{at.astimezone(UTC):%H:%M:%S}" if same else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _instructions(story: Story) -> list[Said]:
    found = story.around.instructions
    if found is None:
        return [_nothing("Instructions")]
    said = " ".join(str(found.value).split())
    return [[_heading("Instructions"), Cell(f" (from the {found.kind} {found.record})", "quiet")], Cell(f"  {said}")]


def _around(story: Story) -> list[Said]:
    """What is known around it; of what the viewer does not see, not that there is nothing."""
    tested = story.around.tested is not None
    told = [Cell(f"  {capital(one)}", "attention" if tested else "quiet") for one in device_line(story.around)]
    found = [*_others(story), *told]
    return [_GAP, _heading("Around it"), *found] if found else []


def _others(story: Story) -> Iterator[Cell]:
    others = story.others
    if others:
        more = f" and {number(len(others) - _NAMED)} more" if len(others) > _NAMED else ""
        hidden = ", and at something that you may not see" if story.unnamed else ""
        rings = f"{many(len(others), 'other device')} of this {_STANDS}: {', '.join(others[:_NAMED])}{more}{hidden}"
        yield Cell(f"  An alarm is open at {rings}", "attention")
    elif story.unnamed:
        yield Cell(f"  Another alarm is open at this {_STANDS}, at something that you may not see", "attention")
    elif others is not None:
        yield Cell(f"  No alarm is open at another device of this {_STANDS}", "quiet")
