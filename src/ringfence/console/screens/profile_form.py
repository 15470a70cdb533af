"""The user's own record: their name and e-mail address, which they may always change, and what else they are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult

from ringfence.console.commands.command import display
from ringfence.console.commands.everywhere import PALETTE
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, TextLine
from ringfence.domain.user import USERS

if TYPE_CHECKING:
    from ringfence.domain.user import UserState
    from ringfence.services.workspace import Session


class ProfileForm(RecordForm):
    """The form of oneself."""

    kind = USERS
    draft: UserState

    def __init__(self, user: int) -> None:
        super().__init__(user)
        self.AREA, self.title_here = "", "Profile"

    def compose_body(self) -> ComposeResult:
        yield Form()

    def load(self, session: Session) -> Any:
        return session.own_record()

    def first_draft(self) -> UserState:
        assert self.opened is not None
        state: UserState = self.opened.state
        return state

    def show_form(self) -> None:
        assert self.opened is not None
        draft = self.draft
        home = self.opened.names["home"].get(draft.home)
        theme = getattr(self.app.current_theme, "title", "") or self.app.theme
        self.form.set_title("Profile")
        self.form.set_fields(
            [
                self.line("name"),
                self.line("email"),
                TextLine(),
                PickSpec("login", "Login", draft.login, action=""),
                *([PickSpec("home", "Home", home, action="")] if home is not None else []),
                PickSpec("theme", "Theme", theme, action=""),
                TextLine(),
                TextLine(
                    "What else you are and may do, somebody else changes. Themes are in the palette "
                    f"({display(self.ringfence.keys_of(PALETTE))})."
                ),
            ]
        )
        self.form.focus()

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed into the draft."""
        message.stop()
        self.change(**{message.name: message.value})
