"""What is asked of whoever signs in, step by step, and of whoever changes how they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from ringfence.console.options import DialogOption
from ringfence.console.screens.credentials import Asked, Entry
from ringfence.console.text import Cell, capital
from ringfence.domain.errors import Refused, RingfenceError

if TYPE_CHECKING:
    from ringfence.services.workspace import Session, SignedIn, Workspace

_CODE: Final = Entry("code", "Code", secret=False)
_GROUP: Final = 4
"""A secret is read, and typed elsewhere, so many letters at a time."""
_IN_A_LINE: Final = 4


class Steps:
    """What is asked of whoever signs in, step by step; it ends with a `SignedIn`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def sign_in(self) -> Asked:
        """First the login and the password of anybody."""
        entries = (
            Entry("login", "Login", secret=False),
            Entry("password", "Password", hint="or the invitation that you were given"),
        )
        return Asked("◎ ringfence · Sign in", entries, lambda typed: self._begin(typed["login"], typed["password"]))

    def unlock(self, login: str, own: Session) -> Asked:
        """First the password of whoever has locked the console; the session goes on, if it may."""

        def begin(typed: Mapping[str, str]) -> object:
            return self._of(own, self._begin(login, typed["password"]))

        lines = ([Cell("Signed in: "), Cell(login, "strong")], Cell("The password goes on where you were.", "quiet"))
        return Asked("◎ ringfence · Locked", (Entry("password", "Password"),), begin, lines)

    def _of(self, own: Session, found: object) -> object:
        """The next step, for nobody but the user of a session."""
        if isinstance(found, Asked):
            take = found.take
            return found._replace(take=lambda typed: self._of(own, take(typed)))
        proven: SignedIn = found  # type: ignore[assignment]  # by _next
        with suppress(RingfenceError):  # it would end by itself
            proven.session.leave()
        if proven.session.viewer.user_id != own.viewer.user_id:
            raise Refused("this is not who locked it: sign out, and sign in as somebody else")
        own.check()
        return found

    def _begin(self, login: str, password: str) -> object:
        return self._next(self._workspace.begin(login, password))

    def _next(self, step: Any) -> object:
        from ringfence.services import signing_in
        from ringfence.services.workspace import SignedIn

        def with_code(typed: Mapping[str, str]) -> object:
            return self._next(self._workspace.with_code(step.ticket, typed["code"]))

        def with_password(typed: Mapping[str, str]) -> object:
            demand_same(typed)
            return self._next(self._workspace.with_new_password(step.ticket, typed["new"]))

        match step:
            case SignedIn():
                return step
            case signing_in.CodeWanted():
                said = "Your authenticator app shows a code now; a recovery code will do, too."
                return Asked("Second factor", (_CODE,), with_code, (Cell(said),))
            case signing_in.CodeToSetUp():
                return set_up(step.uri, "A role of yours demands a second factor.", with_code)
            case signing_in.ChangeWanted():
                return Asked("A password of your own", own_password(), with_password, (*told_of_password(step.why),))
        raise TypeError(f"{step} is no step of signing in")


def own_password() -> tuple[Entry, ...]:
    """What a new password is typed into."""
    return Entry("new", "New password"), Entry("again", "Once more")


def told_of_password(why: str = "") -> list[Cell]:
    """What makes a password a good one."""
    rule = Cell("At least 12 characters that nobody guesses: several words that have nothing to do with you.", "quiet")
    return [Cell(f"{capital(why)}."), rule] if why else [rule]


def demand_same(typed: Mapping[str, str]) -> None:
    """Raises Refused where a new password was typed in two ways."""
    if typed["new"] != typed["again"]:
        raise Refused("the two are not the same: type it once more")


def set_up(uri: str, why: str, take: Callable[[Mapping[str, str]], object]) -> Asked:
    """Asks for the first code of a second factor that is set up, beside a picture of what codes are made of."""
    secret = parse_qs(urlsplit(uri).query).get("secret", [""])[0]
    groups = [secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP)]
    rows = [groups[start : start + _IN_A_LINE] for start in range(0, len(groups), _IN_A_LINE)]
    lines = (
        *([Cell(why)] if why else []),
        Cell("Have an authenticator app read the picture, or type this there:"),
        *(Cell(f"  {' '.join(row)}", "strong") for row in rows),
        Cell("Then type the code that it shows."),
    )
    return Asked("Set up the second factor", (_CODE,), take, lines, _briefly(uri))


def _briefly(uri: str) -> str:
    """The same without the issuer's name in front of the login, where it is said besides: a smaller picture fits."""
    head, sign, query = uri.partition("?")
    path, slash, label = head.rpartition("/")
    said = parse_qs(query).get("issuer")
    return f"{path}{slash}{label.rpartition(':')[2]}{sign}{query}" if said else uri


def recovery_dialog(codes: tuple[str, ...]) -> tuple[str, list[Any], list[DialogOption]]:
    """What shows new recovery codes, this once: the title, the lines and the answers of a dialog."""
    half = (len(codes) + 1) // 2
    pairs = [(codes[at], codes[at + half] if at + half < len(codes) else "") for at in range(half)]
    lines: list[Any] = [
        "Each of these stands once for a code, where your telephone is lost. Keep them elsewhere: they are not shown "
        "again, and any made before hold no more.",
        "",
        *(Cell(f"   {left}     {right}".rstrip(), "strong") for left, right in pairs),
    ]
    options = [DialogOption("copy", "Copy them", "c"), DialogOption("kept", "I have them", "h")]
    return "Your recovery codes", lines, options
