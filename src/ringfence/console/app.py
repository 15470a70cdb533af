"""The application: whose view it is, which screens there are, and what goes on beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.theme import Theme

from ringfence.console import jobs
from ringfence.console.application import Application
from ringfence.console.commands.everywhere import QUIT, leaves
from ringfence.console.looking import Looking, Summary, summary
from ringfence.console.notices import keep_counts_free, take_notice_away
from ringfence.console.opening import Awaited, Opening
from ringfence.console.painting import OneFrame, Painting
from ringfence.console.questions import Answered, going
from ringfence.console.remembering import Remembering
from ringfence.console.rights import SEEING_AS
from ringfence.console.rooms import numbered, prepare, room, together
from ringfence.console.screens.area import AreaScreen, CommandScreen
from ringfence.console.signing_in import SigningIn
from ringfence.console.text import literal, number
from ringfence.console.themes import load_themes
from ringfence.console.travelling import Travelling

if TYPE_CHECKING:
    from ringfence.console.commands.command import Go
    from ringfence.preferences.configuration import Configuration
    from ringfence.preferences.layout import Layout, Memory
    from ringfence.services.records import Profile
    from ringfence.services.workspace import Session, Workspace

_LOOK_SECONDS = 1.0
"""How often it is looked whether anything has changed: twice as often as it must be seen."""
_UNHURRIED_SECONDS = 0.5
"""By then the first data are there: what the next keys need is read and imported, and takes no time from them."""
_NEXT = ("audit", "choose user", "dialog", "help", "palette", "side by side")
"""What the next keys may open."""


class RingfenceApp(Painting, Remembering, SigningIn, Looking, Travelling):
    """The console. ``connect`` opens the database; it is called in a thread, once the first screen is painted.
    ``configuration`` is what the user has set, ``memory`` what keeps where they left it; ``awaited`` is where
    ``connect`` says what it waits for.

    ``run`` returns a line for people where the console could not go on, else None.
    """

    TITLE = "ringfence"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False  # ours is a command like any other
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+q", "quit", "quit", key_display="^q", priority=True, id="quit"),
        Binding("ctrl+z", "suspend_job", show=False, priority=True, id="suspend"),
    ]

    def __init__(
        self,
        connect: Callable[[], Workspace],
        login: str | None = None,
        *,
        demo: bool = False,
        configuration: Configuration | None = None,
        memory: Memory | None = None,
        awaited: Awaited | None = None,
    ) -> None:
        super().__init__(configuration)
        self.opening = Opening(self, awaited or Awaited())
        self.memory = memory
        self.animation_level = "none"
        self._connect = connect
        self._login = login
        self.demo = demo
        self.workspace: Workspace | None = None
        self.session: Session | None = None
        self.real: Session | None = None
        self.profile: Profile | None = None
        self.view = 0
        self.changes = 0
        self.rights: frozenset[str] = frozenset()
        self.read_only = ""
        self._begun = False
        self.console_themes: list[Theme] = []
        self._for_themes: list[Callable[[], object]] = []

    @property
    def ringfence(self) -> Application:
        return self

    @property
    def available_themes(self) -> dict[str, Theme]:
        """The themes by name. Textual asks twice for each line that is drawn, and would copy them each time."""
        return self._registered_themes

    def get_default_screen(self) -> Screen[Any]:
        """The first screen. An empty one below it would be laid out and styled before it."""
        first = self.get_screen(self._area("customers"))
        first._push_result_callback(self, None)  # Textual takes that back when another screen takes its place
        return first

    def post_display_hook(self) -> None:
        """Opens the database once the first frame is on its way, whatever is still to be laid out anew."""
        if not self._begun and not self._batch_count:
            self.call_later(self._begin)

    def on_mount(self) -> None:
        """Opens it where nothing is displayed, too."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        def connect() -> tuple[Workspace, tuple[Go, ...]]:
            return self._connect(), numbered()

        def connected(found: tuple[Workspace, tuple[Go, ...]]) -> None:
            self.workspace, kinds = found
            self._kinds_known(kinds)
            if self._login is None and self.workspace.proven is None:
                self.ask_who()
            else:
                if isinstance(self.screen, OneFrame):
                    self.screen.hold()
                self.opening.awaited.what = f"working out what {self._login} sees" if self._login else "you are known"
                self.sign_in(self._login or "")
            self.set_timer(_UNHURRIED_SECONDS, self._get_ready)
            self.workspace.tell_waits(lambda line: self.post_message(Answered(lambda: self.notify(line))))
            self._looking = self.set_interval(_LOOK_SECONDS, self.look_if_heard)

        if self._begun:
            return
        self._begun = True
        self.opening.say_soon()
        self.configure(together)
        self.in_thread("connect", connect, connected, self.give_up)

    def _kinds_known(self, found: tuple[Go, ...]) -> None:
        self.numbered = found
        self.bind_numbered()
        for screen in self.areas:
            screen.declared()

    def _themes_found(self, found: tuple[list[Any], list[str]]) -> None:
        themes, problems = found
        for theme in themes:
            self.register_theme(theme)
        self.console_themes = list(themes)
        for do in self._for_themes:
            do()
        self._for_themes.clear()
        if problems:
            self.notify("\n".join(f"Theme left out: {problem}" for problem in problems), severity="warning")

    def when_themed(self, do: Callable[[], object]) -> None:
        """Has something done once it is known which themes there are: at once, if it is."""
        if self.console_themes:
            do()
        else:
            self._for_themes.append(do)

    def _get_ready(self) -> None:
        def imported() -> tuple[list[Any], list[str]]:
            prepare(*_NEXT)
            if self.workspace is not None:
                self.workspace.get_ready()
            return load_themes(depth=self.depth)

        self.in_thread("ready", imported, self._themes_found)

    def give_up(self, reason: str) -> None:
        """Ends the console with a line for people."""
        self.exit(reason, return_code=1)

    def notify(self, message: str, **options: Any) -> None:
        """Shows a notice in the place of the one before, literally: it may tell of names."""
        self.clear_notifications()
        if self.screen_stack:
            take_notice_away(self.screen)
            keep_counts_free(self.screen)
        super().notify("\n".join(map(literal, message.split("\n"))), **{**options, "markup": False})

    def tell_failure(self, reason: str) -> None:
        """Shows a line for people."""
        self.notify(reason, markup=False, severity="error")

    def end_session(self, reason: str) -> None:
        """Ends the present user's session: nothing of theirs stays on screen. Whoever only looked through their eyes
        comes back to their own view."""
        if self.session is None:
            return
        back = self.real if self.looking_through else None
        self.leave(self.session)
        self.unlock_for_nobody()
        self.travel_anew(self.profile.login if self.profile is not None else "")
        self.session = self.profile = self.real = None
        self.rights, self.read_only = frozenset(), ""
        self.clear_notifications()
        if back is not None or self.demo:  # else it is told where somebody is asked who they are
            self.notify(reason, markup=False, severity="error")
        while len(self.screen_stack) > 1:
            self.pop_screen()
        for screen in self.areas:
            screen.sign_out()
        if back is not None:
            self.show_view(lambda: back)
        else:
            self.ask_who(reason)

    def check_session(self) -> None:
        """Ends the session if the user was deactivated meanwhile; a database that cannot be asked has been told of."""
        self.ask("session", lambda session: session.check(), lambda _: None, lambda _: None)

    def _handle_exception(self, error: Exception) -> None:
        """What goes wrong while the console is being left concerns nobody: what it was about is gone already."""
        if not going(self):
            super()._handle_exception(error)

    def action_help_quit(self) -> None:
        """Says how the console is left, to whoever tries it as elsewhere."""
        self._say_of_key(leaves(self.keys_of(QUIT)))

    def why_not_suspend(self) -> str:
        """Why the console cannot be left to the shell for a while; empty where it can."""
        return jobs.why_not_suspend(self)

    def suspend_job(self) -> None:
        """Leaves it to the shell, until that wakes it."""
        jobs.suspend(self)

    def action_suspend_job(self) -> None:
        """Leaves it to the shell, from dialogs too, or says why not."""
        if reason := self.why_not_suspend():
            self._say_of_key(f"Not suspended: {reason}")
        else:
            self.suspend_job()

    def _say_of_key(self, text: str) -> None:
        """Says what the last key has come to: quietly in the key bar; over a dialog, which has none, in a notice."""
        if isinstance(self.screen, CommandScreen):
            self.screen.say_of_key(text)
        elif text:
            self.notify(f"{text}.", timeout=3)

    async def _on_key(self, event: events.Key) -> None:
        """Says of a key that is nothing here that it is that."""
        event.prevent_default()
        if not await self._check_bindings(event.key) and isinstance(self.screen, CommandScreen):
            self.screen.say_unbound(event.key)

    async def on_event(self, event: events.Event) -> None:
        """Makes of a paste what the field that has the focus can take, whichever it is, and says what became of it."""
        if (isinstance(event, events.InputEvent) and going(self)) or self.opening.keeps(event):
            return
        if isinstance(event, events.InputEvent):
            self.typed()
        if isinstance(event, events.Key) and not event.is_forwarded and self._screen_stack:
            self._say_of_key("")
        if isinstance(event, events.Paste) and not event.is_forwarded and self._screen_stack:
            from textual.widgets import Input

            from ringfence.console.widgets.plain_input import pasted

            lines = getattr(self.focused, "takes_lines", False)
            event.text, said = pasted(event.text, lines=lines)
            if said and isinstance(self.focused, Input):
                self.notify(said)
        await super().on_event(event)

    def paste(self, text: str) -> None:
        """Pastes a text as if it came from the terminal."""
        if text:
            self.post_message(events.Paste(text).set_sender(self))

    def open(self, name: str, *given: Any, then: Callable[[Any], object] | None = None, **named: Any) -> Any:
        """Opens the screen of that name over the present one, whose notice goes; ``then`` is told what it ends with."""
        self.clear_notifications()
        return self.push_screen(room(name, *given, **named), cast(Any, then))

    def _area(self, area: str) -> str:
        """One of the numbered screens by its name, made when it is first gone to: it stays, wherever one goes."""
        if not self.is_screen_installed(area):
            self.install_screen(room(area), area)
        return area

    def wear(self, theme: str) -> None:
        """Draws everything in the theme of that name."""
        self.theme = theme

    @property
    def looking_through(self) -> bool:
        """Whether the view is another user's, through the eyes of whoever signed in."""
        return self.real is not None and self.session is not None and self.session is not self.real

    def why_not_see_as(self) -> str:
        """Why nobody else's view may be shown; empty where somebody's may."""
        if self.session is None and self.workspace is not None and self.workspace.proven is not None:
            return "you are being signed in"
        if self.demo or self.session is None or self.looking_through or self.rights >= SEEING_AS:
            return ""
        return "you may look through nobody's eyes"

    def choose_user(self) -> None:
        """Asks whose view it shall be; from another user's view goes back to one's own first."""
        real = self.real
        if real is not None and self.looking_through:
            self.show_view(lambda: real)
            return

        def chosen(login: str | None) -> None:
            if login is not None:
                self.sign_in(login)
            elif self.session is None:
                self.exit()

        free = "Whose view? This is the demo: be anybody" if self.demo else "Whose view?"
        self.open("choose user", free if self.session else "Who are you?", then=chosen)
        self.opening.over()

    def choose_other_user(self) -> None:
        """Asks who shall be laid beside the present user."""

        def chosen(login: str | None) -> None:
            if login is not None and self.profile is not None:
                self.open("side by side", self.profile.login, login)

        self.open("choose user", f"Side by side with {self.profile.name if self.profile else ''}", then=chosen)

    def session_of(self, login: str) -> Session:
        """The session of a user, in a thread: of whoever signs in, or of another as far as they see the same."""
        if self.real is not None:
            return self.through(self.real, login)
        assert self.workspace is not None
        return self.workspace.sign_in(login)

    def sign_in(self, login: str) -> None:
        """Shows what a user sees, and says what that comes to."""
        self.show_view(lambda: self.session_of(login))

    def show_view(self, of: Callable[[], Session], notice: str = "") -> None:
        """Shows what a session shows, and says what that comes to, or a notice."""
        begins = self.session is None
        self._note()

        def look() -> tuple[Session, Summary, Layout | None]:
            session = of()
            found = summary(session, session.stamp(signals=True), self.demo)
            return session, found, self.recall(session, found.profile.login) if begins else None

        def signed_in(found: tuple[Session, Summary, Layout | None]) -> None:
            first = self.session is None
            self.leave(self.session if self.session is not found[0] else None)
            self.session, own, layout = found
            if first and not self.demo:
                self.real = self.session
            if first:
                self.come_back(own.profile.login, layout)
            self.read_only = self.session.read_only
            self.forget_tallies()
            self.take_summary(own)
            if first:
                self.listen()
            assert self.profile is not None
            self.view += 1
            self.travel_anew()
            self.refresh_bindings()  # what was off for want of a user is on now
            for screen in self.areas:
                if screen in self.screen_stack:
                    screen.show_viewer()
                else:  # it reads anew when it comes up again, and must not flash up with what it held
                    screen.sign_out()
            if first and layout is not None:
                self._return_to(layout.area)
            self.opening.over()
            self.tell_faults()
            if notice or not first or self.profile.reason:
                more = said(self.profile) if not first or self.profile.reason else ""
                self.notify("\n".join(one for one in (notice, more) if one), markup=False, timeout=6)

        def refused(reason: str) -> None:
            if self.session is not None or self.demo:
                self.tell_failure(reason)
            if self.session is None:
                self.ask_who(reason)

        if self.session is not None:
            self.clear_notifications()  # they speak of what the one before was seeing
        self.in_thread("sign-in", look, signed_in, refused)

    def _return_to(self, area: str) -> None:
        """Goes to a numbered screen, if there is one of that name for the user."""
        if any(one.name == area for one in self.numbered) and not self.nothing_in(area):
            self._show_area(area)

    def _note(self) -> None:
        """Notes where everything stands: on which numbered screen, be it below others."""
        up = (screen.AREA for screen in reversed(self.screen_stack) if isinstance(screen, AreaScreen))
        self.note_layout(next(up, ""))

    def exit(self, *given: Any, **named: Any) -> None:
        """Ends the console, and keeps where it was left."""
        if not going(self):
            self._note()
            self.keep_layout()
        super().exit(*given, **named)


def said(profile: Profile) -> str:
    """What a user sees, in a sentence; of how many there are where that may be said."""
    customers, devices = number(profile.customers), number(profile.devices)
    if profile.total_customers:
        customers += f" of {number(profile.total_customers)}"
        devices += f" of {number(profile.total_devices)}"
    sees = f"{profile.name} sees {customers} customers, {devices} devices"
    return f"{sees}: {profile.reason}" if profile.reason else sees
