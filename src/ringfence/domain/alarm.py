"""An alarm: something that a device, a rule or somebody raised, until it is cleared."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Self

from ringfence.domain import limits
from ringfence.domain.alarm_rule import SEVERITY
from ringfence.domain.errors import Refused
from ringfence.domain.field import Choice, Flag, Moment, Number, Ref, Text
from ringfence.domain.kind import Kind, State, altered
from ringfence.domain.shown import GAP, Area, Display, Shown
from ringfence.domain.signal import SEVERITIES

OPEN: Final = "open"
REAL: Final = "real"
TEST: Final = "test"
HANDED_OVER: Final = "handed_over"
BY_ITSELF: Final = "by_itself"
OUTCOMES: Final = (REAL, "false", TEST, "duplicate")
"""What somebody can say that an alarm was, who clears it."""
EVERY_OUTCOME: Final = (OPEN, *OUTCOMES, HANDED_OVER, BY_ITSELF)
INSTRUCTIONS: Final = "instructions"
"""The attribute of a site or a customer that says what to do about alarms there."""
NEW: Final = "new"
SEEN: Final = "seen"
LASTING: Final = frozenset(("critical", "major"))
"""Of these severities one that is over waits for somebody to acknowledge it."""
LIFE_SAFETY: Final = frozenset(("fire", "panic", "hold_up", "medical"))
"""Kinds of alarm that a test mode spares unless it names them."""
_ONCE: Final = Moment(fixed=True)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AlarmState(State):
    """An alarm of a customer, at the site where its device stood: it stays where it was raised. ``kind`` is its kind,
    of which a device has no two that are open; ``unit_id`` the device's, ``count`` the signals, of which the last came
    at ``last_at``. It is over since ``ended_at``, acknowledged since ``acked_at``, and cleared since ``cleared_at``,
    with the ``outcome`` that it is not ``open`` any more. ``assignee`` has it. ``runaway``: it came so often that this
    one stands for all that follow."""

    customer: Annotated[int, Ref("customer", node=True, about="Where it happened, for good.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True, about="What it is, such as too warm.")]
    device: Annotated[int | None, Ref("device", gone="null", about="The device that it is about.")] = None
    site: Annotated[int | None, Ref("site", stands=True, gone="null", about="The site where it happened.")] = None
    kind: Annotated[str, Text(limits.SHORT_TEXT, exact=True, fixed=True)] = ""
    unit_id: Annotated[str, Text(limits.SHORT_TEXT, exact=True, fixed=True)] = ""
    severity: Annotated[str, SEVERITY] = "warning"
    text: Annotated[str, Text(limits.LONG_TEXT, lines=True, about="What was said of it.")] = ""
    rule: Annotated[int | None, Ref("alarm_rule", gone="null", fixed=True)] = None
    edge: Annotated[int | None, Ref("edge", gone="null", fixed=True)] = None
    started_at: Annotated[datetime | None, _ONCE._replace(sorted="started_key")] = None
    last_at: Annotated[datetime | None, _ONCE] = None
    count: Annotated[int, Number(fixed=True)] = 1
    ended_at: Annotated[datetime | None, _ONCE] = None
    acked_at: Annotated[datetime | None, _ONCE] = None
    acked_by: Annotated[int | None, Ref("user", gone="null", fixed=True)] = None
    assignee: Annotated[int | None, Ref("user", gone="null", about="Who has it.")] = None
    assigned_at: Annotated[datetime | None, _ONCE] = None
    cleared_at: Annotated[datetime | None, _ONCE] = None
    cleared_by: Annotated[int | None, Ref("user", gone="null", fixed=True)] = None
    outcome: Annotated[
        str,
        Choice(
            *(EVERY_OUTCOME, f"choose one of {', '.join(OUTCOMES)}", "What it was; it is cleared by that."),
            unsaid=(HANDED_OVER, BY_ITSELF),
        ),
    ] = OPEN
    runaway: Annotated[bool, Flag(fixed=True)] = False
    notes: Annotated[str, Text(limits.LONG_TEXT, lines=True, about="What was noted about it.")] = ""
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""

    def acknowledged(self, at: datetime) -> Self:
        """The alarm as somebody has seen it, at a moment. Raises Refused where somebody had before."""
        if self.acked_at is not None:
            raise Refused(f"{self.key} is acknowledged already")
        self._demand_active()
        return altered(self, acked_at=at)

    def taken(self, user: int) -> Self:
        """The alarm as a user has it, whoever had it before. Raises Refused where they have it already."""
        if self.assignee == user:
            raise Refused(f"you have {self.key} already")
        self._demand_active()
        return altered(self, assignee=user)

    def had_by_another(self, user: int) -> bool:
        """Whether somebody else has it than this user, who may not even see who that is."""
        return self.assigned_at is not None and self.assignee != user

    def cleared(self, outcome: str) -> Self:
        """The alarm as it was one of ``OUTCOMES``, with which it leaves the queue. Raises Refused where it has."""
        self._demand_active()
        return altered(self, outcome=outcome)

    def noted(self, at: datetime, login: str, text: str) -> Self:
        """The alarm with something noted about it at a moment, by somebody. Raises Refused where that is nothing, or
        too much."""
        if not text.strip():
            raise Refused("say what there is to note", "notes")
        line = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} {login}: {text.strip()}"
        notes = f"{self.notes}\n{line}" if self.notes else line
        if len(notes) > limits.LONG_TEXT:
            raise Refused(f"its notes are {limits.LONG_TEXT:,} characters long by now: no more fits", "notes")
        return altered(self, notes=notes)

    def _demand_active(self) -> None:
        if self.outcome != OPEN:
            raise Refused(f"{self.key} is cleared already")

    @property
    def opens(self) -> bool:
        """Whether it is one of those of which a device has no two of a kind."""
        return self.cleared_at is None and self.device is not None and bool(self.kind)

    @property
    def waits(self) -> bool:
        """Whether it stays, once it is over, until somebody acknowledges it."""
        return self.severity in LASTING and self.acked_at is None


ALARMS: Final = Kind(
    AlarmState,
    "alarm",
    "alarms",
    document="Something that a device, a rule or somebody raised, until it is cleared.",
    rights={"view": "list", "edit": "manage"},
    signalled=True,
    sort="started_at",
    order="started_key",
    drawn="A",
    moves="",
    exported=(
        *("key", "customer", "name", "device", "site", "kind", "unit_id", "severity", "text", "started_at", "last_at"),
        *("count", "ended_at", "acked_at", "assignee", "cleared_at", "outcome", "notes"),
    ),
    imported=False,
    display=Display(
        Area(key="5"),
        tab=True,
        columns=(
            Shown("started_at", 5, title="Age", align="right", age=True),
            Shown(
                "severity",
                11,
                style={"critical": "bad", "major": "attention"},
                signs={"critical": "!!", "major": "!", "minor": "+", "warning": "~"},
                over=("ended_at", "cleared_at"),
            ),
            Shown("name", 12, grow=2, key="n", title="Kind", times="count"),
            Shown("device", 12, grow=2, hide_below=50),
            Shown("customer", 12, grow=1, hide_below=62, style="quiet"),
            Shown("assignee", 8, grow=1, hide_below=70, title="Has it"),
            Shown("standing", 5, hide_below=88, title="State", style={NEW: "attention", SEEN: "quiet"}, sought=True),
            Shown("outcome", 8, hide_below=98, style="quiet"),
        ),
        form=(
            *("severity", "outcome", "assignee", "acked_by", GAP, "customer", "device", "site", GAP),
            *("name", "text", "notes"),
        ),
        actions=("own", "acknowledge", "clear_alarm", "note", "test_mode", "history", "delete"),
        current=("active", f"outcome:{OPEN}"),
        page=True,
    ),
)


@ALARMS.stamps
def _stamped(before: AlarmState | None, after: AlarmState, at: datetime, editor: int) -> AlarmState:
    """When it was raised, acknowledged, taken and cleared, and by whom, is what the change itself says."""
    if before is None:
        after = altered(after, started_at=at, last_at=at)
    was = before or ALARMS.blank
    assert isinstance(was, AlarmState)
    if after.acked_at != was.acked_at:
        by = None if after.acked_at is None else editor
        after = altered(after, acked_at=None if by is None else at, acked_by=by)
    if after.assignee != was.assignee:
        after = altered(after, assigned_at=None if after.assignee is None else at)
    if after.outcome != was.outcome and was.outcome == OPEN:
        return altered(after, cleared_at=at, cleared_by=editor)
    if after.outcome == OPEN and after.ended_at is not None and was.waits and not after.waits:
        return altered(after, outcome=BY_ITSELF, cleared_at=at)  # it was over, and waited for this alone
    return after


@ALARMS.checks(typed=True)
def _demand_order(before: AlarmState | None, after: AlarmState) -> None:
    if before is None:
        if after.outcome != OPEN:
            raise Refused("raise it first, and then clear it", "outcome")
        return
    for name in ("customer", "device", "site"):
        if getattr(before, name) != getattr(after, name):
            raise Refused("an alarm stays where it was raised", name)
    if before.outcome != OPEN:
        if after.outcome != before.outcome:
            raise Refused("it is cleared already: undo that first", "outcome")
        if after.acked_at != before.acked_at or after.assignee != before.assignee:
            raise Refused("it is cleared already: undo that first")
    elif after.outcome not in (OPEN, *OUTCOMES) and not (after.outcome == BY_ITSELF and _over(after)):
        raise Refused(f"choose one of {', '.join(OUTCOMES)}", "outcome")


def _over(state: AlarmState) -> bool:
    return state.ended_at is not None and not state.waits


def standing(outcome: str, *, acked: bool) -> str:
    """Whether somebody has seen an alarm that nobody has cleared; empty for one that is."""
    return "" if outcome != OPEN else SEEN if acked else NEW


def more_severe(one: str, other: str) -> bool:
    """Whether a severity is above another."""
    return SEVERITIES.index(one) < SEVERITIES.index(other)
