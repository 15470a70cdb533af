"""``worker``: what comes of time alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli.options import At, Db
from ringfence.cli.settings import WrongUsage, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringfence.signals.working import Worker

_PAUSE = 1.0
"""Seconds between looking and looking again."""


def worker(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due, and end.")] = False,
    db: Db = None,
    at: At = None,
) -> None:
    """Keep the clocks of alarms and rules, and no more history than is to be kept, until it is interrupted.

    Works as the owner of the database. Alarms of devices that fall silent, conditions that hold for long enough, ends
    of test modes: nothing of that comes without it. There is one at a time of a database.
    """
    from ringfence.domain import clock
    from ringfence.domain.clock import milliseconds
    from ringfence.signals.working import WORKER, Worker
    from ringfence.storage.only_one import only_one

    chosen = settings(context.obj, db, at)
    if chosen.at is not None and not once:
        raise WrongUsage("--at is for a worker that ends: say --once too")

    def now() -> int:
        return milliseconds(chosen.at or clock.now())

    database = chosen.open()
    with only_one(database, WORKER) as held:
        own = Worker(database)
        if once:
            done = own.work(now())
            typer.echo(f"{done.raised:,} raised, {done.cleared:,} cleared")
            return
        _go_on(own, now, held, database.name)


def _go_on(own: Worker, now: Callable[[], int], held: Callable[[], None], name: str) -> None:
    from ringfence.cli.watching import Turns

    turns = Turns(_PAUSE)
    typer.echo(f"working on {name}")
    for _ in turns:
        held()
        with turns.patiently():
            own.work(now())
