"""``listen``: servers that devices report to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.cli.options import Db, Group
from ringfence.cli.settings import say, settings

if TYPE_CHECKING:
    from ringfence.domain.signal import Signal

app = typer.Typer(cls=Group, help="Servers that devices report to.", rich_markup_mode=None)


@app.callback()
def listen() -> None:
    """Servers that devices report to."""


@app.command()
def dc09(
    context: typer.Context,
    edge: Annotated[str, typer.Option("--edge", metavar="EDGE-KEY", help="The edge that the panels stand for.")],
    tenant: Annotated[
        str, typer.Option("--tenant", metavar="TENANT-KEY", help="Whose edge that is, where several have one of it.")
    ] = "",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 for any, which is printed.")
    ] = 9009,
    host: Annotated[str, typer.Option("--host", help="The address that it listens at.")] = "127.0.0.1",
    db: Db = None,
) -> None:
    """Take frames of alarm panels over TCP, by SIA DC-09 (ADM-CID and SIA-DCS), until it is interrupted.

    Works as the owner of the database. Frames are not encrypted and prove nobody: whoever reaches the port can speak
    for any panel at and below the edge's customer. A frame is acknowledged once what it says is kept.
    """
    from ringfence.domain import clock
    from ringfence.domain.clock import milliseconds
    from ringfence.domain.errors import RingfenceError
    from ringfence.domain.signal import WrongSignal
    from ringfence.signals import intake
    from ringfence.signals.dc09 import serve

    database = settings(context.obj, db, None).open()
    with database.reading() as connection:
        source = intake.source(connection, edge, tenant)

    def keep(signals: Sequence[Signal]) -> None:
        now = milliseconds(clock.now())
        heard = []
        for signal in signals:
            try:
                heard.append((intake.timely(signal, now), f"{signal.alarm} {signal.text}".strip()))
            except WrongSignal as error:
                say(f"{signal.unit!a}: {error}")
        try:
            taken = intake.take(database, source, heard, now)
        except RingfenceError as error:
            say(str(error))
            raise
        if taken.over:
            raise RingfenceError("more than the edge may send a minute")

    async def take(signals: Sequence[Signal]) -> None:
        await asyncio.to_thread(keep, signals)

    asyncio.run(serve(host, port, take, opened=lambda opened: typer.echo(f"listening at {host}:{opened}")))
