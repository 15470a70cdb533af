"""The application: whose view it is, which screens there are, and what goes on beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.screen import ModalScreen, Screen
from textual.theme import Theme
from textual.timer import Timer
from textual.widgets import Input

from ringfence.console.asking import Answered, Asks, going
from ringfence.console.commands.palette import Commands
from ringfence.console.rights import ASKED, SEEING_AS
from ringfence.console.screens.area import AreaScreen, CommandScreen
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.text import literal, number
from ringfence.console.themes import DEFAULT, load_theme, load_themes
from ringfence.console.widgets.plain_input import pasted

if TYPE_CHECKING:
    from ringfence.services.records import Profile
    from ringfence.services.workspace import Viewer, Workspace

_LOOK_SECONDS = 1.0
"""How often it is looked whether anything has changed: twice as often as it must be seen."""
_FOR_GOOD = 10.0**7


def _devices() -> Screen[Any]:
    from ringfence.console.screens.records import DevicesScreen

    return DevicesScreen()


def _users() -> Screen[Any]:
    from ringfence.console.screens.records import UsersScreen

    return UsersScreen()


def _security() -> Screen[Any]:
    from ringfence.console.screens.records import SecurityScreen

    return SecurityScreen()


def _groups() -> Screen[Any]:
    from ringfence.console.screens.records import GroupsScreen

    return GroupsScreen()


def _roles() -> Screen[Any]:
    from ringfence.console.screens.records import RolesScreen

    return RolesScreen()


def _audit() -> Screen[Any]:
    from ringfence.console.screens.audit import AuditScreen

    return AuditScreen()


class RingfenceApp(App[str], Asks):
    """The console. ``connect`` opens the database; it is called in a thread, once the first screen is painted.

    ``run`` returns a line for people where the console could not go on, else None.
    """

    TITLE = "ringfence"
    CSS_PATH = "app.tcss"
    COMMANDS: ClassVar[set[Any]] = {Commands}
    SCREENS: ClassVar[dict[str, Callable[[], Screen[Any]]]] = {
        "customers": CustomersScreen,
        "devices": _devices,
        "users": _users,
        "security": _security,
        "groups": _groups,
        "roles": _roles,
        "audit": _audit,
    }
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+backslash"  # ours is a command like any other
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+q", "quit", "quit", key_display="^q", priority=True),
    ]

    def __init__(self, connect: Callable[[], Workspace], login: str | None = None, *, demo: bool = False) -> None:
        super().__init__()
        self.animation_level = "none"
        self._connect = connect
        self._login = login
        self.demo = demo
        self.workspace: Workspace | None = None
        self.viewer: Viewer | None = None
        self.real: Viewer | None = None
        """Whoever signed in, where they look through another user's eyes or may do so; in the demo everybody is free to
        be anybody."""
        self.profile: Profile | None = None
        self.view = 0
        """Counts the sign-ins; a screen that shows an earlier one catches up."""
        self.changes = 0
        """Counts the changes of the data that were noticed since; likewise."""
        self.rights: frozenset[str] = frozenset()
        """What the viewer may do anywhere, of what is asked here."""
        self.read_only = ""
        """Why nothing can be changed, whatever the viewer may do; empty where that is so. Every screen asks it."""
        self.catalogue = 0
        """How many permissions there are."""
        self._stamp: tuple[int, int] | None = None
        self._looking: Timer | None = None
        self.areas: list[AreaScreen] = []
        """The numbered screens that have come up so far."""
        self.console_themes: list[Theme] = []
        chosen = load_theme(DEFAULT)
        if chosen is not None:
            self.register_theme(chosen)
            self.theme = chosen.name

    def on_mount(self) -> None:
        """Paints the first screen, then opens the database beside it."""
        self.push_screen("customers")
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        def connected(workspace: Workspace) -> None:
            self.workspace = workspace
            if self._login is None:
                self.choose_user()
            else:
                self.sign_in(self._login)
            self.ask("themes", load_themes, self._themes_found)
            workspace.tell_waits(lambda line: self.post_message(Answered(lambda: self.notify(line))))
            self._looking = self.set_interval(_LOOK_SECONDS, self.look_for_changes)

        self.ask("connect", self._connect, connected, self.give_up)

    def _themes_found(self, found: tuple[list[Any], list[str]]) -> None:
        themes, problems = found
        for theme in themes:
            self.register_theme(theme)
        self.console_themes = list(themes)
        self.ask("dialogs", _import_dialogs, lambda _: None)
        for problem in problems:
            self.notify(f"Theme left out: {problem}", markup=False, severity="warning")

    def give_up(self, reason: str) -> None:
        """Ends the console with a line for people."""
        self.exit(reason, return_code=1)

    def notify(self, message: str, **options: Any) -> None:
        """Shows a notice, literally: it may tell of names."""
        super().notify(literal(message), **{**options, "markup": False})

    def tell_failure(self, reason: str) -> None:
        """Shows a line for people."""
        self.notify(reason, markup=False, severity="error")

    def end_session(self, reason: str) -> None:
        """Ends the present user's session: nothing of theirs stays on screen. Whoever only looked through their eyes
        comes back to their own view."""
        if self.viewer is None:
            return
        back = self.real if self.looking_through else None
        self.viewer = self.profile = self.real = None
        self.rights, self.read_only = frozenset(), ""
        self.clear_notifications()
        self.notify(reason, markup=False, severity="error")
        while len(self.screen_stack) > 2:
            self.pop_screen()
        for screen in self.areas:
            screen.sign_out()
        if back is not None:
            self._show_view(lambda: back)
        else:
            self.choose_user()

    def check_session(self) -> None:
        """Ends the session if the user was deactivated meanwhile; a database that cannot be asked has been told of."""
        workspace, viewer = self.workspace, self.viewer
        if workspace is not None and viewer is not None:
            self.ask("session", lambda: workspace.check(viewer), lambda _: None, lambda _: None)

    def look_for_changes(self) -> None:
        """Looks whether anything of the tenant has changed, by whomever, and shows what is on screen as it is now.

        Not while a dialog asks something, which is about what was there when it came up.
        """
        workspace, viewer, known = self.workspace, self.viewer, self._stamp
        if going(self) or workspace is None or viewer is None or isinstance(self.screen, ModalScreen):
            return
        if any(worker.group == "look" and not worker.is_finished for worker in self.workers):
            return  # a database that answers slowly is not asked twice

        def look() -> _Standing | None:
            stamp = workspace.stamp(viewer)
            if stamp == known:
                return None
            workspace.check(viewer)
            return _standing(workspace, viewer, stamp, self.demo)

        def looked(found: _Standing | None) -> None:
            if found is not None:
                self._take_standing(found)
                self.changes += 1
                self.refresh_bindings()
                if isinstance(self.screen, CommandScreen):
                    self.screen.catch_up()

        def failed(reason: str) -> None:
            self._stamp = None  # once it answers again, everything is read again
            if workspace.gone:
                if self._looking is not None:
                    self._looking.stop()
                self.clear_notifications()
                self.notify(reason, severity="error", timeout=_FOR_GOOD)

        self.ask("look", look, looked, failed)

    def _take_standing(self, standing: _Standing) -> None:
        self._stamp, self.profile, self.rights = standing.stamp, standing.profile, standing.rights

    def _handle_exception(self, error: Exception) -> None:
        """What goes wrong while the console is being left concerns nobody: what it was about is gone already."""
        if not going(self):
            super()._handle_exception(error)

    def action_help_quit(self) -> None:
        """Says how the console is left, to whoever tries it as elsewhere."""
        self.notify("Ctrl+Q leaves the console.", timeout=3)

    async def on_event(self, event: events.Event) -> None:
        """Makes of a paste what the field that has the focus can take, whichever it is, and says what became of it."""
        if isinstance(event, events.InputEvent) and going(self):
            return
        if isinstance(event, events.Paste) and not event.is_forwarded and self._screen_stack:
            lines = getattr(self.focused, "takes_lines", False)
            event.text, said = pasted(event.text, lines=lines)
            if said and isinstance(self.focused, Input):
                self.notify(said)
        await super().on_event(event)

    def paste(self, text: str) -> None:
        """Pastes a text as if it came from the terminal."""
        if text:
            self.post_message(events.Paste(text).set_sender(self))

    def on_command_palette_opened(self) -> None:
        """Keeps the palette's cursor still: each blink is traffic on a slow line."""
        for field in [] if going(self) else self.screen.query(Input):
            field.cursor_blink = False

    def go(self, area: str) -> Any:
        """Goes to one of the numbered screens."""
        if getattr(self.screen, "PASSING", False):
            self.pop_screen()
        if getattr(self.screen, "AREA", None) != area:
            return self.switch_screen(area)
        return None

    @property
    def looking_through(self) -> bool:
        """Whether the view is another user's, through the eyes of whoever signed in."""
        return self.real is not None and self.viewer is not None and self.viewer is not self.real

    def why_not_see_as(self) -> str:
        """Why nobody else's view may be shown; empty where somebody's may."""
        if self.demo or self.viewer is None or self.looking_through or self.rights >= SEEING_AS:
            return ""
        return "you may look through nobody's eyes"

    def choose_user(self) -> None:
        """Asks whose view it shall be; from another user's view goes back to one's own first."""
        from ringfence.console.screens.choose_user import ChooseUser

        real = self.real
        if real is not None and self.looking_through:
            self._show_view(lambda: real)
            return

        def chosen(login: str | None) -> None:
            if login is not None:
                self.sign_in(login)
            elif self.viewer is None:
                self.exit()

        self.push_screen(ChooseUser("Whose view?" if self.viewer else "Who are you?"), chosen)

    def choose_other_user(self) -> None:
        """Asks who shall be laid beside the present user."""
        from ringfence.console.screens.choose_user import ChooseUser
        from ringfence.console.screens.side_by_side import SideBySideScreen

        def chosen(login: str | None) -> None:
            if login is not None and self.profile is not None:
                self.push_screen(SideBySideScreen(self.profile.login, login))

        self.push_screen(ChooseUser(f"Side by side with {self.profile.name if self.profile else ''}"), chosen)

    def view_of(self, login: str) -> Viewer:
        """The view of a user, in a thread: of whoever signs in, or of another as far as they see the same."""
        workspace, real = self.workspace, self.real
        assert workspace is not None
        return workspace.sign_in(login) if real is None else workspace.see_as(real, login)

    def sign_in(self, login: str) -> None:
        """Shows what a user sees, and says what that comes to."""
        self._show_view(lambda: self.view_of(login))

    def _show_view(self, of: Callable[[], Viewer]) -> None:
        workspace = self.workspace
        assert workspace is not None

        def look() -> tuple[Viewer, _Standing, int]:
            viewer = of()
            stamp = workspace.stamp(viewer)
            catalogue = self.catalogue or len(workspace.permission_choices(viewer, everywhere=True))
            return viewer, _standing(workspace, viewer, stamp, self.demo), catalogue

        def signed_in(found: tuple[Viewer, _Standing, int]) -> None:
            first = self.viewer is None
            self.viewer, standing, self.catalogue = found
            if first and not self.demo:
                self.real = self.viewer
            self.read_only = self.viewer.read_only
            self._take_standing(standing)
            assert self.profile is not None
            self.view += 1
            self.refresh_bindings()  # what was off for want of a user is on now
            for screen in self.areas:
                if screen in self.screen_stack:
                    screen.show_viewer()
                else:  # it reads anew when it comes up again, and must not flash up with what it held
                    screen.sign_out()
            if not first or self.profile.reason:
                self.notify(summary(self.profile), markup=False, timeout=6)

        def refused(reason: str) -> None:
            self.tell_failure(reason)
            if self.viewer is None:
                self.choose_user()

        if self.viewer is not None:
            self.clear_notifications()  # they speak of what the one before was seeing
        self.ask("sign-in", look, signed_in, refused)


class _Standing(NamedTuple):
    """Who looks, what they see and may do, as of a state of the data."""

    stamp: tuple[int, int]
    profile: Profile
    rights: frozenset[str]


def _standing(workspace: Workspace, viewer: Viewer, stamp: tuple[int, int], totals: bool) -> _Standing:
    """The stamp is that of a moment before: what changes meanwhile is noticed the next time."""
    return _Standing(stamp, workspace.profile(viewer, totals=totals), workspace.may(viewer, *ASKED))


def _import_dialogs() -> None:
    """Imports what the next keys may open, while nobody waits for it."""
    from ringfence.console.screens import audit, choose_user, dialog, help, records, side_by_side  # noqa: A004, F401


def summary(profile: Profile) -> str:
    """What a user sees, in a sentence; of how many there are where that may be said."""
    customers, devices = number(profile.customers), number(profile.devices)
    if profile.total_customers:
        customers += f" of {number(profile.total_customers)}"
        devices += f" of {number(profile.total_devices)}"
    said = f"{profile.name} sees {customers} customers, {devices} devices"
    return f"{said}: {profile.reason}" if profile.reason else said
