"""What operators do about alarms: at the cursor, on all that are marked, or in the form of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from ringfence.console.changing import MANY, make_change
from ringfence.console.commands.command import Command, Edited, Host, unless_signed_in
from ringfence.console.commands.records import RecordCommand, edited, named, open_all
from ringfence.console.options import BACK, DialogOption
from ringfence.console.text import capital, many, number
from ringfence.domain.errors import Refused

if TYPE_CHECKING:
    from ringfence.domain.alarm import AlarmState
    from ringfence.services.edited import Opened

_TAKE: Final = "take"
_TESTED: Final = timedelta(hours=1)
"""So long a test mode lasts where nobody says otherwise."""
Altered = Callable[["AlarmState"], "AlarmState"]
"""What makes of an alarm what it will be; raises Refused where that cannot be."""


def _acknowledge(host: Host) -> None:
    from ringfence.domain import clock

    _open(host, lambda opened: _change(host, "Acknowledging", opened, lambda state: state.acknowledged(clock.now())))


def _own(host: Host) -> None:
    profile = host.ringfence.profile
    if profile is None:
        return
    me = profile.user_id

    def take(opened: Sequence[Opened], answer: str | None = _TAKE) -> None:
        if answer == _TAKE:
            _change(host, "Taking", opened, lambda state: state.taken(me))

    def confirm(opened: Sequence[Opened]) -> None:
        others = [one for one in opened if one.state.had_by_another(me)]
        if not others:
            take(opened)
            return
        if len(opened) == 1:
            whose = others[0].names["assignee"].get(others[0].state.assignee, "somebody else")
            title = f"Take “{opened[0].state.name}” over from {whose}?"
        else:
            title = f"Somebody else has {number(len(others))} of {many(len(opened), 'alarm')}: take them over?"
        options = [DialogOption(BACK, "Leave it"), DialogOption(_TAKE, "Take over", "t")]
        host.ringfence.open("dialog", title, (), options, then=partial(take, opened))

    _open(host, confirm)


def _clear(host: Host) -> None:
    from ringfence.domain.alarm import OPEN, OUTCOMES

    def cleared(opened: Sequence[Opened], outcome: str | None) -> None:
        if outcome in OUTCOMES:
            _change(host, "Clearing", opened, lambda state: state.cleared(outcome))

    def ask(opened: Sequence[Opened]) -> None:
        if over := [one for one in opened if one.state.outcome != OPEN]:
            _change(host, "Clearing", over, lambda state: state.cleared(OUTCOMES[0]))  # which is refused, and says why
            return
        what = named(edited(host)[1], opened)
        options = [*(DialogOption(one, capital(one), one[0]) for one in OUTCOMES), DialogOption(BACK, "Leave it")]
        host.ringfence.open("dialog", f"Clear {what}: what was it?", (), options, then=partial(cleared, opened))

    _open(host, ask)


def _note(host: Host) -> None:
    from ringfence.domain import clock

    profile = host.ringfence.profile
    if profile is None:
        return
    login = profile.login

    def noted(opened: Sequence[Opened], text: str | None) -> None:
        if text is not None:
            _change(host, "Noting it", opened, lambda state: state.noted(clock.now(), login, text))

    def ask(opened: Sequence[Opened]) -> None:
        title = f"Note about {named(edited(host)[1], opened)}"
        host.ringfence.open("ask line", title, "What there is to note", then=partial(noted, opened))

    _open(host, ask)


def _test(host: Host) -> None:
    from ringfence.domain import clock
    from ringfence.domain.alarm import ALARMS
    from ringfence.domain.test_mode import TEST_MODES

    node = ALARMS.node.name
    places = [one.name for one in ALARMS.stored.values() if one.name in TEST_MODES.refs]
    places.sort(key=node.__eq__)  # what is nested in it comes last

    def began(one: Opened, field: str | None) -> None:
        if field not in places:
            return
        names = one.names
        until = clock.now().replace(second=0, microsecond=0) + _TESTED
        given = {"until": (until, "")}
        if field != node:
            given[field] = getattr(one.state, field), names[field][getattr(one.state, field)]
        customer = one.state.customer, names[node].get(one.state.customer, "")
        host.ringfence.open(f"{TEST_MODES.noun} form", None, home=customer, given=given)

    def ask(opened: Sequence[Opened]) -> None:
        one = opened[0]
        named = {field: one.names[field].get(getattr(one.state, field), "") for field in places}
        options = [
            DialogOption(
                field, f"{capital(field)} “{name}”{' with all that is nested in it' if field == node else ''}", field[0]
            )
            for field, name in named.items()
            if name
        ]
        title = "Test mode: of whose alarms is nobody told?"
        host.ringfence.open("dialog", title, (), [*options, DialogOption(BACK, "Leave it")], then=partial(began, one))

    _open(host, ask)


def _unless_one(shown: Edited) -> str:
    return "" if len(shown.chosen) == 1 else "it begins at one alarm: take the marks away"


def _open(host: Host, then: Callable[[Sequence[Opened]], None]) -> None:
    """Opens all that is chosen as it is now; where that is not all there any more, none of it."""
    wanted = len(edited(host)[0].chosen)

    def opened(found: Sequence[Opened]) -> None:
        if len(found) < wanted:
            gone = f"{number(wanted - len(found))} of these {number(wanted)} alarms"
            host.ringfence.tell_failure(f"you may not open {gone} any more: nothing was changed")
        else:
            then(found)

    open_all(host, opened)


def _change(host: Host, doing: str, opened: Sequence[Opened], altered: Altered) -> None:
    """Makes one change of all of them, or says why none."""
    from ringfence.services.editing import Edit

    try:
        edits = [Edit(one.kind, one.id, one.state, altered(one.state), one.revision) for one in opened]
    except Refused as refused:
        host.ringfence.tell_failure(f"{refused}: nothing was changed")
        return
    make_change(host, doing, edits, edited(host)[0].changed, watched=len(edits) >= MANY)


def _unless_active(shown: Edited) -> str:
    from ringfence.domain.alarm import OPEN

    over = len(shown.chosen) == 1 and shown.row.shown("outcome") != OPEN
    return "it is cleared already" if over else ""


OWN: Final = RecordCommand(
    "own",
    "i",
    "I have it: the others see who has the marked ones or this one.",
    _own,
    footer="I have it",
    brief="mine",
    changes=True,
    label="I have it",
    right="edit",
    why_not=_unless_active,
    in_form=True,
)
ACKNOWLEDGE: Final = RecordCommand(
    "acknowledge",
    "a",
    "Acknowledge the marked ones or this one: somebody has seen it.",
    _acknowledge,
    footer="acknowledge",
    brief="ack",
    changes=True,
    label="Acknowledge",
    right="edit",
    why_not=_unless_active,
    in_form=True,
)
CLEAR: Final = RecordCommand(
    "clear_alarm",
    "c",
    "Clear the marked ones or this one; asks what it was.",
    _clear,
    footer="clear",
    changes=True,
    label="Clear",
    right="edit",
    why_not=_unless_active,
    in_form=True,
)
NOTE: Final = RecordCommand(
    "note",
    "w",
    "Write a note about the marked ones or this one.",
    _note,
    footer="note",
    changes=True,
    label="Write a note",
    right="edit",
    in_form=True,
)
TEST: Final = RecordCommand(
    "test_mode",
    "t",
    "Try something out there: for a while nobody is told of alarms.",
    _test,
    footer="test mode",
    brief="test",
    changes=True,
    label="Test mode",
    right="suppress",
    why_not=_unless_one,
    in_form=True,
)
QUEUE: Final = (OWN, ACKNOWLEDGE, CLEAR, NOTE, TEST)


class Queue(Host, Protocol):
    """The screen of the queue."""

    def narrow(self) -> None:
        """Shows other ones of the alarms."""


NARROW: Final[Command[Queue]] = Command(
    "narrow",
    "s",
    "Show the new ones alone, then your own, then all again.",
    lambda screen: screen.narrow(),
    footer="new ones",
    brief="new",
    unless=unless_signed_in,
)
