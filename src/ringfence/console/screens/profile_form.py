"""The user's own record: their name and e-mail address, which they may always change, how they prove who they are, and
what else they are here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult

from ringfence.console import ssh_keys
from ringfence.console.asked_about import AskedAbout
from ringfence.console.commands.command import display
from ringfence.console.commands.everywhere import PALETTE
from ringfence.console.proving import demand_same, own_password, set_up, told_of_password
from ringfence.console.rights import DEMO
from ringfence.console.screens.credentials import Asked, Entry
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import Cell, capital, many
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, TextLine
from ringfence.domain.user import USERS

if TYPE_CHECKING:
    from ringfence.domain.user import UserState
    from ringfence.services.edited import Opened
    from ringfence.services.own_credentials import Standing
    from ringfence.services.workspace import Session

_CODE: Final = (Entry("code", "Code", secret=False),)
_TELL_CODE: Final = (Cell("The code that your authenticator app shows now; a recovery code will do, too."),)


class ProfileForm(RecordForm):
    """The form of oneself."""

    kind = USERS
    draft: UserState

    def __init__(self, user: int) -> None:
        super().__init__(user)
        self.AREA, self.title_here = "", "Profile"
        self._standing: Standing | None = None
        self._signed_in = 0

    def compose_body(self) -> ComposeResult:
        yield Form()

    @property
    def asked_about(self) -> AskedAbout | None:
        """Nothing: everybody may change their own profile, by no permission."""
        return None

    def load(self, session: Session) -> Any:
        return session.own_record(), self._read(session)

    def _read(self, session: Session) -> tuple[Standing | None, int]:
        """How the user proves who they are, and how often they are signed in, in a thread; nobody does in the demo."""
        return (None, 0) if self.ringfence.demo else (session.credentials(), len(session.own_sign_ins()))

    def take(self, found: Any) -> Opened | None:
        opened: Opened
        opened, (self._standing, self._signed_in) = found
        return opened

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
                PickSpec("keys", "SSH keys", "by which you come in", action="show"),
                TextLine(),
                *self._proofs(),
                TextLine(),
                TextLine(
                    "What else you are and may do, somebody else changes. Themes are in the palette "
                    f"({display(self.ringfence.keys_of(PALETTE))})."
                ),
            ]
        )
        self.form.focus()

    def _proofs(self) -> list[PickSpec]:
        """How the user proves who they are, and what they may change of that."""
        known = self._standing
        if known is None:
            labels = {"password": "Password", "second_factor": "Second factor", "sign_ins": "Signed in"}
            return [PickSpec(name, label, DEMO, action="") for name, label in labels.items()]
        since = f"since {known.since:%Y-%m-%d}" if known.since is not None else ""
        left = many(known.recovery, "recovery code")
        return [
            PickSpec(
                "password", "Password", since if known.password else "none", "change" if known.password else "set"
            ),
            PickSpec(
                "second_factor", "Second factor", *(("on", "turn off") if known.second_factor else ("off", "set up"))
            ),
            *([PickSpec("recovery", "Recovery", f"{left} left", "make new")] if known.second_factor else []),
            PickSpec("sign_ins", "Signed in", many(self._signed_in, "session"), "show"),
        ]

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens what changes it."""
        message.stop()
        known, session = self._standing, self.ringfence.session
        if message.name == "keys":
            ssh_keys.show(self)
        elif known is None or session is None:
            self.notify(f"{capital(DEMO)}.", severity="warning")
        elif message.name == "password":
            self._ask(self._password(session, had=known.password), "Your password is changed; other sessions ended.")
        elif message.name == "second_factor" and known.second_factor:
            self._ask(self._turn_off(session), "Your second factor is off.")
        elif message.name == "second_factor":
            self.ask("second factor", lambda own: own.begin_second_factor(), self._set_up)
        elif message.name == "recovery":
            self._ask(self._recovery(session))
        else:
            self.ringfence.open("sign-ins of a user", None, "you", then=lambda _: self._again())

    def _ask(self, asked: Asked, said: str = "") -> None:
        def answered(found: Any) -> None:
            if found is None:
                return
            self._again()
            if said:
                self.ringfence.notify(said, timeout=6)
            else:
                self.ringfence.show_recovery(found)

        self.ringfence.open("credentials", asked, stays=False, then=answered)

    def _password(self, session: Session, *, had: bool) -> Asked:
        def take(typed: Mapping[str, str]) -> object:
            demand_same(typed)
            session.change_password(typed.get("old", ""), typed["new"])
            return True

        old = (Entry("old", "The present one"),) if had else ()
        return Asked("Your password", (*old, *own_password()), take, tuple(told_of_password()))

    def _set_up(self, found: tuple[str, str]) -> None:
        session = self.ringfence.session
        secret, uri = found
        if session is not None:
            self._ask(set_up(uri, "", lambda typed: session.set_up_second_factor(secret, typed["code"])))

    def _turn_off(self, session: Session) -> Asked:
        def take(typed: Mapping[str, str]) -> object:
            session.turn_off_second_factor(typed["code"])
            return True

        return Asked("Turn off the second factor", _CODE, take, _TELL_CODE)

    def _recovery(self, session: Session) -> Asked:
        return Asked("New recovery codes", _CODE, lambda typed: session.new_recovery_codes(typed["code"]), _TELL_CODE)

    def _again(self) -> None:
        """Shows how the user proves who they are by now."""

        def show(found: tuple[Standing | None, int]) -> None:
            at, _ = self.form.current
            self._standing, self._signed_in = found
            self.show_form()
            if at in self.form.values:
                self.form.go_to(at)

        self.ask("credentials", self._read, show)

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed into the draft."""
        message.stop()
        self.change(**{message.name: message.value})
