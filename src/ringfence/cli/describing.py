"""``help``: what a kind of record holds, as it is declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING
from typing import Annotated, assert_never

import typer

from ringfence.cli.fields import about_of
from ringfence.domain.errors import RingfenceError
from ringfence.domain.field import Choice, Field, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED, kind_named


def describe(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="customers, sites, devices, users, security-groups, customer-groups or roles."
        ),
    ],
) -> None:
    """Say what fields a kind of record has, and what each may hold."""
    found = kind_named(kind)
    if found.noun not in EDITED:
        raise RingfenceError(f"nobody fills the {kind} in: 'ringfence list {kind}' lists it")
    typer.echo("\n".join(_lines(found)))


def _lines(kind: Kind) -> Iterator[str]:
    rows = [
        (one.name, _holds(one), "" if one.name == "key" else about_of(kind, one))
        for one in kind.fields.values()
        if one.name not in kind.whole
    ]
    rows.sort(key=lambda row: row[0] != "key")
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, holds, about in rows:
        yield f"{name:<{widths[0]}}  {holds:<{widths[1]}}  {about}".rstrip()


def _holds(one: Field) -> str:
    """What a field may hold, in a few words."""
    required = ", required" if one.default is MISSING and one.name != "key" else ""
    match one.spec:
        case Text() as text:
            lines = "lines of text" if text.lines else "text"
            return f"{lines}, at most {text.longest:,} characters{', required' if text.filled else ''}"
        case Number() as number:
            return f"number {number.range}{', or none' if one.optional else ''}"
        case Flag():
            return "yes or no"
        case Moment():
            return "time"
        case Choice() as choice:
            return " or ".join(choice.values)
        case Ref() as ref:
            return f"{EDITED[ref.kind].said}{', or none' if one.optional else required}"
        case Ties() as ties:
            many = EDITED[ties.kind].several if ties.kind else one.name
            nested = {"mapping": ", each with or without those nested in it", "windows": ", each from and until when"}
            return f"{many}{nested.get(one.form, '')}{', or all' if ties.everything else ''}"
        case _:
            assert_never(one.spec)
