"""The options that commands share, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.storage.engine import Database
    from ringfence.visibility.viewer import Viewer

Db = Annotated[
    str | None,
    typer.Option("--db", metavar="URL", help="The path of an SQLite file, or a postgresql:// URL. [env: RINGFENCE_DB]"),
]
At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="Ask as of another moment (ISO 8601, with offset).")
]
AsUser = Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="The user whose view it is.")]


@dataclass(frozen=True)
class Settings:
    """What stands before a command, and may stand behind it too."""

    db: str | None = None
    at: datetime | None = None

    def open(self, *, create: bool = False) -> Database:
        """The database meant. Raises RingfenceError, with the advice, where it cannot be used."""
        from ringfence.storage.engine import open_database

        return open_database(self.db, create=create)

    @contextmanager
    def open_or_make(self) -> Iterator[Database]:
        """The database meant, made where there is none; one that was made for nothing is taken away again."""
        from ringfence.storage.engine import locate

        url = locate(self.db)
        path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        fresh = path is not None and not path.exists()
        database = self.open(create=True)
        try:
            yield database
        except BaseException:
            if fresh and path is not None:
                database.close()
                for companion in ("", "-wal", "-shm"):
                    Path(f"{path}{companion}").unlink(missing_ok=True)
            raise

    def viewer(self, login: str | None) -> Viewer:
        """The user meant by ``--as``, whether active or not."""
        from ringfence.visibility.viewer import Viewer

        return Viewer.sign_in(self.open(), required(login), self.at)


def settings(outer: object, db: str | None, at: str | None) -> Settings:
    """The outer settings, with what was given behind the command put over them."""
    base = outer if isinstance(outer, Settings) else Settings()
    return Settings(db or base.db, moment(at) if at else base.at)


def moment(text: str) -> datetime:
    """A moment as it is typed. Raises a usage error for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise typer.BadParameter(f"--at takes a time such as 2026-11-22T08:00:00+00:00, not {text!r}")
    return found


def required(login: str | None) -> str:
    """The login of ``--as``. Raises a usage error where it is missing."""
    if not login:
        raise typer.BadParameter("say whose view it is with --as LOGIN")
    try:
        login.encode()
    except UnicodeEncodeError:
        raise RingfenceError("nobody has that login") from None
    return login
