"""The commands of alarm rules: those of every kind, and how often one would have raised an alarm."""

# ruff: noqa: PT028 - a command is called "test", and is none

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ringfence.cli.fields import flag_of, option, values, with_options
from ringfence.cli.nouns import commands_of
from ringfence.cli.options import AsUser, At, Counted, Db, SeeAs, Under
from ringfence.cli.settings import WrongUsage, settings
from ringfence.cli.telemetry import ago
from ringfence.domain import clock, duration
from ringfence.domain.alarm_rule import ALARM_RULES
from ringfence.domain.errors import Refused
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.services.backtesting import Backtest, Raised

_ASKED: Final = ("held_for", "times", "clear_when", "quiet", "missing", "device_kinds")
"""The fields that say upon what a rule raises an alarm, besides the condition."""

_SPELLED: Final = {name: flag_of(ALARM_RULES, name) for name in _ASKED} | {"raise_when": "CONDITION"}


@with_options({name: option(ALARM_RULES, name) for name in _ASKED}, before=("under",))
def test(
    context: typer.Context,
    raise_when: Annotated[
        str | None, typer.Argument(metavar="[CONDITION]", help="The condition, such as 'temperature > 8'.")
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option("--rule", metavar="ALARM-RULE-KEY", help="As this rule has it, but for what is said besides."),
    ] = None,
    under: Under = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="DEVICE-KEY", help="Only what this device reported.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="From a time on, or from so long ago: 90s, 1h30m, 2d.")
    ] = "7d",
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Counted = "text",
    db: Db = None,
    at: At = None,
    **fields: Any,
) -> None:
    """Say how often a rule would have raised an alarm, over what devices reported. Nothing is written.

    The rule is taken to be made when that begins, and to be the only one. Looked at is what the user sees of devices
    since they stand where they are, and attributes as they are now.
    """
    from ringfence.services import backtesting
    from ringfence.services.backtesting import Places

    if under is not None and device is not None:
        raise WrongUsage("say one of --under and --device")
    given = {name: value for name, value in (("raise_when", raise_when), *fields.items()) if value is not None}
    if rule is None and not (given.get("raise_when") or given.get("missing")):
        raise WrongUsage("say a CONDITION, --missing, or the key of a rule with --rule")
    chosen = settings(context.obj, db, at, login, see_as)
    viewer, now = chosen.viewer(), chosen.at or clock.now()
    state: Any = ALARM_RULES.blank if rule is None else backtesting.stored(viewer, rule)
    try:
        state = backtesting.altered(state, values(ALARM_RULES, given))
    except Refused as error:
        raise Refused(f"{_SPELLED[error.field]}: {error}", error.field) from None
    found = backtesting.backtest(viewer, state, Places(under, device), ago(since, now), now)
    if output == "json":
        typer.echo(as_json({"since": clock.iso(ago(since, now)), "until": clock.iso(now), **found.fields()}, indent=2))
        return
    _say(found)


def _say(found: Backtest) -> None:
    from ringfence.text import fit, literal

    width = max((len(literal(one.key)) for one in found.raised), default=0)
    for one in found.raised:
        typer.echo(f"{fit(literal(one.key), width)}  {_often(one)}")
    many, seconds = sum(one.times for one in found.raised), sum(one.seconds for one in found.raised)
    alarms = f"{many:,} {'alarm' if many == 1 else 'alarms'}"
    lasting = f", {duration.said(seconds)} in all" if many else ""
    typer.echo(f"{alarms} of {len(found.raised):,} of {found.devices:,} devices{lasting}: {found.values:,} values")
    if found.cut:
        typer.echo("there is more, which was not looked at: ask for less with --under, --device or --since")


def _often(one: Raised) -> str:
    times = "once" if one.times == 1 else f"{one.times:,} times"
    when = clock.iso(one.first) if one.times == 1 else f"{clock.iso(one.first)} to {clock.iso(one.last)}"
    return f"{times:<11}  {when}, {duration.said(one.seconds)}{' and on' if one.lasts else ''}"


app = commands_of(ALARM_RULES, test)
