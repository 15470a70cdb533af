"""Whoever comes by a token: RINGFENCE_TOKEN says it, and nothing else that a process list would show."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal, NoReturn

from ringfence.cli.settings import Identity, WrongUsage
from ringfence.domain.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.cli.settings import Settings

VARIABLE: Final = "RINGFENCE_TOKEN"


class Bearing:
    """A token that a command line was given. Whose it is, the database says that is meant, once that is asked. Its text
    is in no error and in nothing that says what this is."""

    how: Literal["token"] = "token"
    confined = False

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._known: dict[str | None, Identity] = {}

    def __repr__(self) -> str:
        return "Bearing(…)"

    def demand_none(self, **given: object) -> None:
        """Raises WrongUsage where one of these options was given that are for the owner of a database."""
        for name in ("at", "login"):
            if given.get(name) is not None:
                option = "--as" if name == "login" else f"--{name}"
                raise WrongUsage(f"{option} is for the owner of the database: {VARIABLE} says who you are")

    def demand_owner(self) -> NoReturn:
        """Raises RingfenceError: this is the owner's."""
        raise RingfenceError(f"this is for the owner of the database: {VARIABLE} says who you are")

    def proven(self, chosen: Settings) -> Identity:
        """Whose it is in the database that is meant, asked once. Raises RingfenceError where it is nobody's."""
        named = chosen.database
        if named not in self._known:
            from ringfence.services.bearers import bearer

            found = bearer(chosen.opened(), self._secret)
            self._known[named] = Identity(found.login, found.viewer, self.how, f"token “{found.token}”")
        return self._known[named]


def bearing() -> Bearing | None:
    """The token of the environment, if there is one. Raises WrongUsage for an empty one: it comes from a secret that is
    not there, and must not mean somebody else."""
    secret = os.environ.get(VARIABLE)
    if secret is None:
        return None
    if not secret.strip():
        raise WrongUsage(f"{VARIABLE} is empty: set it to a token, or unset it")
    return Bearing(secret.strip())
