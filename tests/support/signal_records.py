"""Records about signals, as the demo has none: an edge, a rule, a test mode and an alarm of a customer."""

from __future__ import annotations

from datetime import timedelta

from ringfence.domain import clock
from ringfence.domain.alarm import AlarmState
from ringfence.domain.alarm_rule import AlarmRuleState
from ringfence.domain.edge import EdgeState
from ringfence.domain.kind import State, kind_of
from ringfence.domain.test_mode import TestModeState
from ringfence.services.editing import Edit


def signal_edits(customer: int) -> list[Edit]:
    """What makes one of each there."""
    states: list[State] = [
        EdgeState(customer, "Source"),
        AlarmRuleState(customer, "Too warm", raise_when="temperature > 8"),
        TestModeState(customer, "Repair", until=clock.now() + timedelta(hours=2)),
        AlarmState(customer, "Too warm", severity="critical"),
    ]
    return [Edit(kind_of(state).noun, -100 - at, None, state) for at, state in enumerate(states)]
