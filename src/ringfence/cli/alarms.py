"""The commands of alarms: those of every kind, and what operators do about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from ringfence.cli.changing import Change, DryRun, Editor, Format, Work, find, keys_of, named, work
from ringfence.cli.nouns import commands_of
from ringfence.cli.options import Db
from ringfence.domain import clock
from ringfence.domain.alarm import ALARMS, OUTCOMES, REAL, AlarmState
from ringfence.domain.errors import Refused

Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="The alarms' keys.")]


def ack(
    context: typer.Context,
    keys: Keys,
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Acknowledge alarms: somebody has seen them. One that is over is cleared by that."""
    working = work(context, db, login, dry_run=dry_run, output=output)
    _change(working, "acknowledge", keys, lambda state: state.acknowledged(clock.now()))


def own(
    context: typer.Context,
    keys: Keys,
    login: Editor = None,
    take_over: Annotated[bool, typer.Option("--take-over", help="Even where somebody else has one.")] = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Take alarms: the others see who has them."""
    working = work(context, db, login, dry_run=dry_run, output=output)
    me = working.viewer.user_id

    def taken(state: AlarmState) -> AlarmState:
        if state.had_by_another(me) and not take_over:
            raise Refused(f"somebody else has {state.key}: say --take-over to take it from them")
        return state.taken(me)

    _change(working, "take", keys, taken)


def note(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The alarm's key.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What there is to note.")],
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Note something about an alarm, with who noted it and when."""
    working = work(context, db, login, dry_run=dry_run, output=output)
    _change(working, "note", [key], lambda state: state.noted(clock.now(), working.login, text))


def clear(
    context: typer.Context,
    keys: Keys,
    login: Editor = None,
    outcome: Annotated[Literal[OUTCOMES], typer.Option("--outcome", help="What they were.")] = REAL,  # type: ignore[valid-type]
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Clear alarms: they leave the queue."""
    working = work(context, db, login, dry_run=dry_run, output=output)
    _change(working, "clear", keys, lambda state: state.cleared(outcome))


def _change(working: Work, verb: str, keys: list[str], changed: Callable[[AlarmState], AlarmState]) -> None:
    from ringfence.services.editing import Edit

    opened = find(working.viewer, ALARMS.noun, list(dict.fromkeys(keys)))
    edits = []
    for one in opened:
        state: Any = one.state
        edits.append(Edit(one.kind, one.id, state, changed(state), one.revision))
    working.make(Change(verb, ALARMS.noun, edits, named(ALARMS.noun, opened), keys=keys_of(opened)))


app = commands_of(ALARMS, ack, own, note, clear)
