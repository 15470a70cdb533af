"""The options that commands share, and what they come to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from ringfence.cli.settings import Settings, WrongUsage, checked

Db = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help="The path of an SQLite file, or a postgresql:// URL. [env: RINGFENCE_DB]"),
]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="Ask as of another moment (ISO 8601, with offset).")
]
AsUser = Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="The user whose view it is.")]


def settings(outer: object, db: str | None, at: str | None, login: str | None = None) -> Settings:
    """The outer settings, with what was given behind the command put over them.

    An option that is given empty is wrong usage: it comes from a variable that was never set, and must not mean "the
    default database", "now" or "everybody".
    """
    base = outer if isinstance(outer, Settings) else Settings()
    if db == "":
        raise WrongUsage("--db is empty: name a database")
    return Settings(
        base.db if db is None else db,
        base.at if at is None else moment(at),
        base.login if login is None else checked(login),
    )


def moment(text: str) -> datetime:
    """A moment as it is typed. Raises WrongUsage for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise WrongUsage(f"--at takes a time such as 2026-11-22T08:00:00+00:00, not {text!r}")
    return found
