"""One's own API tokens: what each stands for, making one that is shown this once, and revoking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import Asks
from ringfence.console.screens.ask_line import AskLine
from ringfence.console.screens.dialog import Dialog
from ringfence.console.screens.overlay import Overlay
from ringfence.console.text import Cell, content, fit, literal, number
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

if TYPE_CHECKING:
    from ringfence.services.api_tokens import Listed

_ROWS: Final = 12
_UNTIL, _USED = 18, 17
_LASTS: Final = (("90", "For 90 days", "9"), ("365", "For a year", "y"), ("0", "Until it is revoked", "u"))


class _Lines(LineList):
    """A line for each token."""

    DEFAULT_CSS = """
    _Lines, _Lines:focus, _Lines:ansi, _Lines:ansi:focus { border: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: Sequence[Listed] = ()

    def show(self, found: Sequence[Listed]) -> None:
        """Shows these."""
        self.shown = found
        self.begin(len(found), "You have no token: n makes one, for a program.")

    def line(self, index: int, width: int) -> Sequence[Part]:
        one = self.shown[index]
        room = max(2, width - _UNTIL - _USED)
        until = "expired" if one.expired else "" if one.expires is None else f"until {one.expires:%d %b %Y}"
        used = "never used" if one.used is None else f"used {one.used:%d %b %Y}"
        return [
            (fit(f" {one.name}", room // 2), ""),
            (fit(_stands(one), room - room // 2), "quiet"),
            (fit(until, _UNTIL), "attention" if one.expired else ""),
            (fit(used, _USED), "quiet"),
        ]


def _stands(one: Listed) -> str:
    held = "all that you may" if one.permissions is None else f"{number(len(one.permissions))} permissions"
    below = "something that you may not see" if one.hidden else one.under
    return f"{held}, below {below}" if below else held


class TokensScreen(Overlay[None], Asks):
    """Shows the tokens of whoever looks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("n", "make", "New", priority=True, show=False),
        Binding("D,delete", "revoke", "Revoke it", priority=True, show=False),
        Binding("ctrl+q", "app.quit", "Quit", show=False, priority=True, id="quit"),
    ]
    AUTO_FOCUS = "_Lines"
    DEFAULT_CSS = """
    TokensScreen #box { width: 110; height: auto; }
    """

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield _Lines()

    def on_mount(self) -> None:
        """Asks for them."""
        self.query_one("#box").border_title = content("Your API tokens")
        self.query_one(_Lines).styles.height = 1
        self._read()

    def _read(self) -> None:
        self.ask("tokens", lambda session: session.own_tokens(), self._show, self._failed)

    def _show(self, found: Sequence[Listed]) -> None:
        lines = self.query_one(_Lines)
        lines.styles.height = max(1, min(_ROWS, len(found)))
        lines.show(found)
        keys = "n makes one · D revokes it · Esc goes back" if found else "n makes one · Esc goes back"
        self.query_one("#box").border_subtitle = content(f"{number(len(found))} · {keys}" if found else keys)

    def _failed(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self.dismiss(None)

    def _refused(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self._read()

    def action_make(self) -> None:
        """Asks what a new one is for and how long it holds, and shows it."""

        def named(name: str | None) -> None:
            if name is None:
                return
            told = [
                Cell("It stands for all that you may, and no more, as that is when it is used."),
                Cell("For less: ringfence tokens create --permissions --under", "quiet"),
            ]
            options = [*(DialogOption(*one) for one in _LASTS), DialogOption(BACK, "Back")]
            dialog = Dialog(f"How long does “{literal(name)}” hold?", told, options)
            self.app.push_screen(dialog, lambda answer: self._make(name, answer))

        self.app.push_screen(AskLine("A new token", "What it is for"), named)

    def _make(self, name: str, answer: str | None) -> None:
        if answer is None or answer == BACK:
            return
        lasts = timedelta(days=int(answer)) or None
        self.ask("make", lambda session: session.make_token(name, lasts), self._made, self._refused)

    def _made(self, secret: str) -> None:
        self._read()

        def answered(answer: str | None) -> None:
            if answer == "copy":
                self.app.copy_to_clipboard(secret)
                self._made(secret)

        told = [
            Cell(secret, "strong"),
            "",
            Cell("It is not shown again: keep it where its program reads RINGFENCE_TOKEN, and nobody else."),
        ]
        options = [DialogOption("copy", "Copy it", "c"), DialogOption(BACK, "Done")]
        self.app.push_screen(Dialog("Your new token", told, options), answered)

    def action_revoke(self) -> None:
        """Revokes the one under the cursor; asks first."""
        lines = self.query_one(_Lines)
        if not lines.shown:
            return
        one = lines.shown[lines.cursor]

        def answered(answer: str | None) -> None:
            if answer == "revoke":
                self.ask(
                    "revoke", lambda session: session.revoke_tokens([one.name]), lambda _: self._read(), self._refused
                )

        told = [Cell("Whatever uses it is out at its next question, for good.")]
        options = [DialogOption("revoke", "Revoke it", "r"), DialogOption(BACK, "Back")]
        self.app.push_screen(Dialog(f"Revoke the token “{literal(one.name)}”?", told, options), answered)

    def action_cancel(self) -> None:
        """Goes back."""
        self.dismiss(None)
