"""``test-mode``: starting and ending times in which nobody is told of alarms."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import places
from ringfence.cli.changing import Change, DryRun, Editor, Format, find, keys_of, named, work
from ringfence.cli.options import Db, Group
from ringfence.domain import clock, duration
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import Refused
from ringfence.domain.kind import altered
from ringfence.domain.site import SITES
from ringfence.domain.test_mode import LONGEST_OUT_OF_SERVICE, TEST_MODES, TestModeState

if TYPE_CHECKING:
    from ringfence.visibility.viewer import Viewer

app = typer.Typer(
    cls=Group,
    help="Test modes: start, end. 'ringfence list test-modes' lists them.",
    rich_markup_mode=None,
)
_NEW = -1
_MOST = int(LONGEST_OUT_OF_SERVICE / timedelta(seconds=1))


@app.command()
def start(
    context: typer.Context,
    where: Annotated[
        str,
        typer.Argument(metavar=places.WHERE, help="Whose alarms; a customer's with those nested in it."),
    ],
    lasting: Annotated[str, typer.Option("--for", metavar="DURATION", help="For how long, such as 2h.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")],
    login: Editor = None,
    alarms: Annotated[
        list[str] | None,
        typer.Option(
            "--alarm",
            metavar="KIND",
            help="Only alarms of this kind; repeatable. Otherwise all but those of life safety.",
        ),
    ] = None,
    out_of_service: Annotated[
        bool, typer.Option("--out-of-service", help="For longer than a day, and for 90 at most.")
    ] = False,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """Start a test mode, and print its key: until it ends, no alarm from there is put before anybody."""
    from ringfence.services.editing import Edit

    until = clock.now() + timedelta(seconds=duration.read(lasting, _MOST))
    working = work(context, db, login, dry_run=dry_run, output=output)
    customer, site, device, name = _place(working.viewer, where)
    kinds = ", ".join(alarms or ())
    state = TestModeState(customer, reason, site, device, kinds, until=until, out_of_service=out_of_service)
    edits = [Edit(TEST_MODES.noun, _NEW, None, state)]
    working.make(Change("start", TEST_MODES.noun, edits, f"test mode “{reason}”", f"of “{name}”", new=_NEW))


@app.command()
def end(
    context: typer.Context,
    keys: Annotated[list[str], typer.Argument(metavar="KEY...", help="The test modes' keys.")],
    login: Editor = None,
    dry_run: DryRun = False,
    output: Format = "text",
    db: Db = None,
) -> None:
    """End test modes now: what is still true is raised."""
    from ringfence.services.editing import Edit

    working = work(context, db, login, dry_run=dry_run, output=output)
    opened = find(working.viewer, TEST_MODES.noun, list(dict.fromkeys(keys)))
    edits, now = [], clock.now()
    for one in opened:
        state: Any = one.state
        if state.until <= now:
            raise Refused(f"{state.key} has ended already")
        edits.append(Edit(one.kind, one.id, state, altered(state, until=now), one.revision))
    working.make(Change("end", TEST_MODES.noun, edits, named(TEST_MODES.noun, opened), keys=keys_of(opened)))


def _place(viewer: Viewer, where: str) -> tuple[int, int | None, int | None, str]:
    """The customer, the site and the device that are meant, and how that is called."""
    found = places.opened(viewer, where)
    state: Any = found.state
    if found.kind == CUSTOMERS.noun:
        return found.id, None, None, state.name
    return (
        state.customer,
        found.id if found.kind == SITES.noun else None,
        found.id if found.kind == DEVICES.noun else None,
        state.name,
    )
