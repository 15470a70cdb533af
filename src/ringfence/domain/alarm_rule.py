"""An alarm rule: which values of a device are an alarm, at a customer and below it."""

from dataclasses import dataclass
from typing import Annotated, Final

from ringfence.domain import duration, limits
from ringfence.domain.errors import Refused, RingfenceError, WrongCondition
from ringfence.domain.field import Choice, Flag, Number, Ref, Text, referred_by
from ringfence.domain.kind import EDITING, Kind, State
from ringfence.domain.shown import GAP, Display, Shown
from ringfence.domain.signal import A_KEY, KEY, SEVERITIES
from ringfence.domain.text import fold


def _condition_fault(text: str) -> str:
    if not text:
        return ""
    from ringfence.domain import condition  # the first data wait for no grammar

    try:
        condition.parse(text)
    except WrongCondition as error:
        return str(error)
    return ""


def _duration_fault(text: str) -> str:
    if not text:
        return ""
    try:
        if not duration.read(text):
            return "this takes no time: leave it empty"
    except RingfenceError as error:
        return str(error)
    return ""


def _alarm_fault(text: str) -> str:
    return "" if not text or KEY.fullmatch(text) else f"this is no kind of alarm: {A_KEY}"


_CONDITION: Final = Text(limits.CONDITION, exact=True, fault=_condition_fault, takes="CONDITION")
_DURATION: Final = Text(limits.SHORT_TEXT, exact=True, fault=_duration_fault, takes="DURATION")
_ALARM: Final = Text(limits.SHORT_TEXT, exact=True, fault=_alarm_fault, takes="ALARM")
SEVERITY: Final = Choice(SEVERITIES, f"choose one of {', '.join(SEVERITIES)}", about="How bad that is.", ordered=True)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AlarmRuleState(State):
    """What raises and clears alarms of devices of a customer and of those nested in it. ``device_kinds`` are those of
    the devices that it looks at, with commas between them (empty: all).

    There is an alarm once ``raise_when`` has held for so long (``held_for``), and so often in a row (``times``). It is
    over when ``clear_when`` holds (empty: when ``raise_when`` does not), or once there was no value for so long
    (``quiet``). ``missing`` raises one when there was no value for so long. ``alarm`` is the kind of alarm (empty: by
    the rule's name). Of rules for one kind of alarm the one nearest to the device counts, unless one above is
    ``fixed``. An alarm that nobody has acknowledged for so long (``escalate_after``) becomes more severe. The alarms
    that it ``raised`` are filled in only where it is deleted or brought back.
    """

    customer: Annotated[int, Ref("customer", node=True, about="Whose devices it looks at, with those nested in it.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True)]
    device_kinds: Annotated[
        str, Text(limits.SHORT_TEXT, about="The kinds of device, with commas between them; none: all.")
    ] = ""
    raise_when: Annotated[
        str, _CONDITION._replace(about="The condition, such as 'temperature > 8'.", option="when")
    ] = ""
    held_for: Annotated[str, _DURATION._replace(about="So long it has to hold.", option="for")] = ""
    times: Annotated[int, Number(about="So many times in a row it has to hold.")] = 1
    clear_when: Annotated[
        str, _CONDITION._replace(about="The condition upon which it is over; none: when it fails.")
    ] = ""
    quiet: Annotated[str, _DURATION._replace(about="It is over after so long without a value.")] = ""
    missing: Annotated[str, _DURATION._replace(about="An alarm, after so long without a value.")] = ""
    alarm: Annotated[str, _ALARM._replace(about="The kind of alarm; none: by the rule's name.")] = ""
    severity: Annotated[str, SEVERITY] = "warning"
    escalate_after: Annotated[str, _DURATION._replace(about="More severe after so long unacknowledged.")] = ""
    fixed: Annotated[bool, Flag("overridable", about="Whether none nested below it counts in its place.")] = False
    active: Annotated[bool, Flag("inactive", "raises nothing", about="Whether it raises anything.")] = True
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""
    raised: Annotated[frozenset[int], referred_by("alarm", "rule_id")] = frozenset()

    @property
    def raises(self) -> str:
        """The kind of alarm that it raises."""
        return self.alarm or kind_of_alarm(self.name)


def kind_of_alarm(name: str) -> str:
    """A kind of alarm made of a name: ``too_warm`` of “Too warm”."""
    signs = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in fold(name))
    found = "_".join(signs.split())
    return (found if found[:1].isalpha() else f"alarm_{found}".rstrip("_"))[:64]


ALARM_RULES: Final = Kind(
    AlarmRuleState,
    "alarm_rule",
    "alarm_rules",
    document="What raises and clears alarms of the devices of its customer and of those nested in it.",
    rights=EDITING,
    display=Display(
        area=None,
        tab=True,
        columns=(
            Shown("name", 16, grow=2, key="n"),
            Shown("severity", 8, hide_below=40),
            Shown("raise_when", 16, grow=3, hide_below=52),
            Shown("active", 8, hide_below=64),
            Shown("customer", 14, grow=2, hide_below=76, style="quiet"),
        ),
        form=(
            *("name", "raise_when", "held_for", "times", "clear_when", "quiet", "missing", GAP),
            *("alarm", "severity", "escalate_after", GAP, "customer", "device_kinds", "fixed", "active"),
        ),
    ),
)


@ALARM_RULES.checks()
def _demand_something(before: AlarmRuleState | None, after: AlarmRuleState) -> None:
    if not after.raise_when and not after.missing:
        raise Refused("say when it is an alarm, or after how long without a value", "raise_when")
    if not after.times:
        raise Refused("once is the fewest", "times")
