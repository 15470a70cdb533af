"""Going from screen to screen: by name, to where one was before, and to what was kept."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, cast

from ringfence.console.configured import ConfiguredApp
from ringfence.console.places import Bookmarks, Place, Trail
from ringfence.console.screens.area import AreaScreen

if TYPE_CHECKING:
    from ringfence.preferences.configuration import Configuration
    from ringfence.services.records import Profile
    from ringfence.services.workspace import Session


class Travelling(ConfiguredApp):
    """An application with numbered screens. Where one was belongs to one view of one login: to whoever looks next,
    nothing of it is left. Bookmarks are their login's, as long as the console is open."""

    profile: Profile | None
    session: Session | None

    def __init__(self, configuration: Configuration | None = None) -> None:
        super().__init__(configuration)
        self._shown: dict[str, str] = {}
        self._trail = Trail()
        self._bookmarks: dict[str, Bookmarks] = {}

    def go(self, area: str) -> Any:
        """Goes to one of the numbered screens."""
        self.leave_place()
        return self._show_area(area)

    def _show_area(self, area: str) -> Any:
        if getattr(self.screen, "PASSING", False):
            self.pop_screen()
        self._shown[self.area_of(area)] = area
        if getattr(self.screen, "AREA", None) != area:
            self.clear_notifications()
            return self.switch_screen(self._area(area))
        return None

    @abstractmethod
    def _area(self, area: str) -> str:
        """One of the numbered screens by its name, made when it is first gone to."""

    def area_of(self, screen: str) -> str:
        """The area that a numbered screen is in, by the first of its tabs."""
        return next((one.among for one in self.numbered if one.name == screen), screen)

    def shown_of(self, area: str) -> str:
        """The screen of an area that was shown last: the first of its tabs, where none was."""
        return self._shown.get(area, area)

    @property
    def _here(self) -> Place | None:
        return self.screen.place if isinstance(self.screen, AreaScreen) else None

    def leave_place(self) -> None:
        """Notes where one is, for coming back: it is left for another place, or for a record opened there."""
        here = self._here
        if here is not None and not self.nothing_in(here.area):
            self._trail.leave(here)

    def nothing_in(self, area: str) -> bool:
        """Whether the present user has nothing to do in one of the numbered screens."""
        return any(one.name == area and one.off(cast(Any, self.screen)) for one in self.numbered)

    def step(self, *, forward: bool) -> None:
        """Goes back to where one was before, or forward again."""
        place = self._trail.step(self._here, forward=forward)
        if place is not None:
            self._go_to(place)
        elif isinstance(self.screen, AreaScreen):
            self.screen.say_of_key(f"There is nothing to go {'forward' if forward else 'back'} to")

    def go_to(self, place: Place) -> None:
        """Goes to a place; where its record is hidden, or there no more, says that it is not there."""
        self.leave_place()
        self._go_to(place)

    def _go_to(self, place: Place) -> None:
        asked = self.session

        async def show() -> None:
            if self.session is not asked:
                return  # it is another user's place
            if (shown := self._show_area(place.area)) is not None:
                await shown
            screen = cast(AreaScreen, self.screen)
            screen.call_later(lambda: screen.come_to(place) if self.session is asked else None)

        def looked(there: bool) -> None:
            if there and not self.nothing_in(place.area):
                self.call_later(show)
            else:
                self.ringfence.tell_failure("It is not there any more.")

        self.ask("place", lambda session: _is_there(session, place), looked)

    @property
    def bookmarks(self) -> Bookmarks:
        """What the present user keeps."""
        login = self.profile.login if self.profile is not None else ""
        return self._bookmarks.setdefault(login, Bookmarks())

    def toggle_bookmark(self, place: Place) -> None:
        """Keeps a place, or forgets it; says which."""
        kept = self.bookmarks.toggle(place)
        if isinstance(self.screen, AreaScreen):
            self.screen.say_of_key("Kept as a bookmark: the palette lists it" if kept else "No bookmark any more")

    def travel_anew(self, gone: str = "") -> None:
        """Forgets where one was; of a login whose session has ended (``gone``), what it kept as well."""
        self._trail = Trail()
        self._bookmarks.pop(gone, None)


def _is_there(session: Session, place: Place) -> bool:
    """Whether a place's record can be gone to."""
    from ringfence.services.records import Listing

    if place.record is None:
        return True
    if place.area == "customers":
        return bool(session.trail(place.record))
    return session.place(Listing(place.area), place.record) is not None
