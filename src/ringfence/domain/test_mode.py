"""A test mode: what is raised at a customer, a site or a device while somebody tries it out, and no operator sees."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from ringfence.domain import limits
from ringfence.domain.errors import Refused
from ringfence.domain.field import Flag, Moment, Ref, Text
from ringfence.domain.kind import Kind, State, altered
from ringfence.domain.shown import GAP, Display, Shown
from ringfence.domain.signal import A_KEY, KEY

LONGEST: Final = timedelta(hours=24)
LONGEST_OUT_OF_SERVICE: Final = timedelta(days=90)


def _alarms_fault(text: str) -> str:
    wrong = [one for one in kinds_in(text) if not KEY.fullmatch(one)]
    return f"{wrong[0]!r} is no kind of alarm: {A_KEY}" if wrong else ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TestModeState(State):
    """Of alarms of a customer with all that is nested in it, or of only a ``site`` or a ``device`` of it, nobody is
    told from ``since`` up to ``until``; its ``name`` says why. ``alarms`` are the kinds, with commas between them
    (empty: all but those of life safety). One that is ``out_of_service`` may last for longer."""

    customer: Annotated[int, Ref("customer", node=True, about="Whose alarms, with those nested in it.")]
    name: Annotated[str, Text(limits.NAME, filled=True, searched=True, about="Why.")]
    site: Annotated[int | None, Ref("site", stands=True, gone="delete", about="Only those of a site.")] = None
    device: Annotated[int | None, Ref("device", gone="delete", about="Only those of a device.")] = None
    alarms: Annotated[
        str, Text(limits.LONG_TEXT, fault=_alarms_fault, about="The kinds of alarm, with commas between them.")
    ] = ""
    since: Annotated[datetime | None, Moment(fixed=True)] = None
    until: Annotated[datetime | None, Moment(about="Up to when.")] = None
    out_of_service: Annotated[bool, Flag(about="Whether it is out of service, and may be for longer than a day.")] = (
        False
    )
    started_by: Annotated[int | None, Ref("user", gone="null", fixed=True)] = None
    key: Annotated[str, Text(limits.KEY, exact=True)] = ""


TEST_MODES: Final = Kind(
    TestModeState,
    "test_mode",
    "test_modes",
    document="A time in which nobody is told of alarms of a customer, a site or a device.",
    resource="alarm",
    rights={"view": "list", "create": "suppress", "edit": "suppress", "delete": "suppress"},
    moves="",
    imported=False,
    display=Display(
        area=None,
        tab=True,
        columns=(
            Shown("name", 16, grow=2, key="n", title="Why"),
            Shown("until", 16, hide_below=40),
            Shown("device", 12, grow=1, hide_below=54),
            Shown("site", 12, grow=1, hide_below=66, style="quiet"),
            Shown("customer", 14, grow=2, hide_below=30, style="quiet"),
        ),
        form=("name", "until", "alarms", "out_of_service", GAP, "customer", "site", "device"),
        actions=("history", "delete"),
    ),
)


def kinds_in(text: str) -> list[str]:
    """The kinds of alarm, or of device, in a text that has commas between them."""
    return [one.strip() for one in text.split(",") if one.strip()]


@TEST_MODES.stamps
def _stamped(before: TestModeState | None, after: TestModeState, at: datetime, editor: int) -> TestModeState:
    return altered(after, since=at, started_by=editor) if before is None else after


@TEST_MODES.checks(typed=True)
def _demand_end(before: TestModeState | None, after: TestModeState) -> None:
    if after.until is None:
        raise Refused("a test mode ends: say when", "until")
    if before is not None and any(
        getattr(before, name) != getattr(after, name) for name in ("customer", "site", "device")
    ):
        raise Refused("a test mode stays where it is: end it, and start another", "customer")
    if after.since is None or (before is not None and before.until == after.until):
        return
    most = LONGEST_OUT_OF_SERVICE if after.out_of_service else LONGEST
    if after.until - after.since > most:
        longer = "" if after.out_of_service else "; what is out of service may be for 90 days"
        raise Refused(
            f"a test mode is at most {'90 days' if after.out_of_service else '24 hours'} long{longer}", "until"
        )
    if after.until < after.since:
        raise Refused("a test mode ends after it begins", "until")
