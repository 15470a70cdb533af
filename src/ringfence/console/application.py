"""The application as everything in it knows it: whose view it is, and what it does for its screens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ringfence.console.commands.command import Command, Go
    from ringfence.console.places import Bookmarks, Place
    from ringfence.preferences.configuration import Configuration
    from ringfence.preferences.layout import Spot
    from ringfence.services.records import Profile
    from ringfence.services.workspace import Session, Workspace


class Application(Protocol):
    """What screens, widgets and commands may ask of the application, which alone knows every screen."""

    workspace: Workspace | None
    """The open database; None until it is open."""
    session: Session | None
    """Whose view it is; None while that is nobody's."""
    real: Session | None
    """Whoever signed in, where they look through another user's eyes or may do so; in the demo everybody is free to
    be anybody."""
    profile: Profile | None
    demo: bool
    confined: bool
    """Whether whoever looks came over SSH, to an account that they share: no file of the machine is theirs."""
    view: int
    """Counts the sign-ins; a screen that shows an earlier one catches up."""
    changes: int
    """Counts the changes of the data that were noticed since; likewise."""
    rights: frozenset[str]
    """What the user may do anywhere, of what is asked here."""
    read_only: str
    """Why nothing can be changed, whatever the user may do; empty where that is so. Every screen asks it."""
    numbered: tuple[Go, ...]
    """What goes to each of the numbered screens; nothing until the first paint."""
    console_themes: list[Any]
    """The themes there are, each with a name, and a title for people."""
    configuration: Configuration
    """What the user has set."""
    tallies: Mapping[str, str]
    """How many there are of what is current, by the name of the numbered screen: for its label."""
    areas: list[Any]
    """The numbered screens that have come up so far."""
    unavailable: str
    """Why nothing can be asked of the server for now, in a few words; empty where it can."""
    locked: bool
    """Whether nobody has typed anything for so long that only the user's password goes on."""

    def notify(self, message: str, **options: Any) -> None:
        """Shows a notice, literally: it may tell of names."""

    def repaint(self) -> None:
        """Draws the whole screen anew, whatever the terminal shows."""

    def tell_failure(self, reason: str) -> None:
        """Shows a line for people."""

    def say_unavailable(self, reason: str) -> None:
        """Says for as long as it lasts that the server cannot be asked, and looks whether it can again."""

    def when_themed(self, do: Callable[[], object]) -> None:
        """Has something done once the themes are known."""

    def when_unlocked(self, do: Callable[[], object]) -> None:
        """Has something done once the console is not locked any more; never, where the session ends meanwhile."""

    def why_not_lock(self) -> str:
        """Why the console cannot be locked, and nobody be signed out of it; empty where that can be."""

    def lock(self) -> None:
        """Locks it now."""

    def action_sign_out(self) -> None:
        """Ends the session of whoever signed in, and asks who comes next."""

    def show_recovery(self, codes: tuple[str, ...]) -> None:
        """Shows new recovery codes, this once, until they have been taken."""

    def check_session(self) -> None:
        """Ends the session if the user was deactivated meanwhile."""

    def end_session(self, reason: str) -> None:
        """Ends the present user's session: nothing of theirs stays on screen."""

    def look_for_changes(self) -> None:
        """Looks whether anything of the tenant has changed, and shows what is on screen as it is now."""

    def open(self, name: str, *given: Any, then: Callable[[Any], object] | None = None, **named: Any) -> Any:
        """Opens the screen of that name over the present one; ``then`` is told what it ends with."""

    def why_not_suspend(self) -> str:
        """Why the console cannot be left to the shell for a while; empty where it can."""

    def suspend_job(self) -> None:
        """Leaves it to the shell, until that wakes it."""

    def exit(self) -> None:
        """Ends the console."""

    def spot_of(self, area: str) -> Spot | None:
        """How a screen is to stand that comes up for the first time; None where nothing is known of it."""

    def action_quit(self) -> Any:
        """Leaves the console; asks first where that is set."""

    def keys_of(self, command: Command[Any]) -> str:
        """The keys of a command, as they are set."""

    def go(self, area: str) -> Any:
        """Goes to one of the numbered screens."""

    def leave_place(self) -> None:
        """Notes where one is, for coming back."""

    def step(self, *, forward: bool) -> None:
        """Goes back to where one was before, or forward again."""

    def go_to(self, place: Place) -> None:
        """Goes to a place, or says that it is not there."""

    @property
    def bookmarks(self) -> Bookmarks:
        """What the present user keeps."""

    def toggle_bookmark(self, place: Place) -> None:
        """Keeps a place, or forgets it; says which."""

    def wear(self, theme: str) -> None:
        """Draws everything in the theme of that name."""

    def area_of(self, screen: str) -> str:
        """The area that a numbered screen is in, by the first of its tabs."""

    def nothing_in(self, area: str) -> bool:
        """Whether the present user has nothing to do in one of the numbered screens."""

    def shown_of(self, area: str) -> str:
        """The screen of an area that was shown last: the first of its tabs, where none was."""

    def why_not_see_as(self) -> str:
        """Why nobody else's view may be shown; empty where somebody's may."""

    def choose_user(self) -> None:
        """Asks whose view it shall be."""

    def choose_other_user(self) -> None:
        """Asks who shall be laid beside the present user."""

    def leave(self, *views: Session | None) -> None:
        """Has it written down that one looks through others' eyes no more, of those among these that are others'."""

    def session_of(self, login: str) -> Session:
        """The session of a user, in a thread: of whoever signs in, or of another as far as they see the same."""
