"""The palette: every command, screen, theme and customer by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from ringfence.console.palette import CUSTOMER, Offer, asked_for, bookmark, fitting, names_of, offers, why_stay
from ringfence.console.places import Place
from ringfence.console.screens.searching import KEYS, Searching
from ringfence.console.text import fit, width_of
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part

if TYPE_CHECKING:
    from ringfence.console.screens.area import CommandScreen
from ringfence.services.rows import Record

_CUSTOMERS = 50
"""So many customers are offered at most."""
_KEY, _TITLE = 5, 14


class _Offers(LineList):
    """What fits, a line each: key, name, and the sentence or why it is off, which a long name makes room for."""

    offers: Sequence[Offer] = ()
    _widest = (0, 0)
    """How wide the widest name and the widest sentence are."""

    def show(self, found: Sequence[Offer], *, nothing: str = "Nothing matches.") -> None:
        """Shows these, the cursor on the first."""
        self.offers = found
        wide = [(width_of(one.title), width_of(one.said)) for one in found]
        self._widest = max((title for title, _ in wide), default=0), max((said for _, said in wide), default=0)
        self.begin(len(found), nothing)

    def _column(self, width: int) -> int:
        """How wide the names are: as the widest is, as far as the sentences keep what they need."""
        left = width - _KEY - 1 - self._widest[1]
        return min(self._widest[0], max(_TITLE, left))

    def whole(self, index: int) -> str:
        """What is said of an offer, where there is no room for all of it."""
        offer = self.offers[index]
        left, title = self._share(offer, self.line_width - 1)
        return offer.said if width_of(offer.said) >= left - title > 0 else ""

    def on_resize(self) -> None:
        """There is other room now."""
        self.look_here()

    def _share(self, offer: Offer, width: int) -> tuple[int, int]:
        """The cells for an offer, and for its name among them."""
        left = max(0, width - _KEY)
        return left, min(left, max(self._column(width), width_of(offer.title)))

    def line(self, index: int, width: int) -> Sequence[Part]:
        offer = self.offers[index]
        left, title = self._share(offer, width)
        styles = ("quiet", "quiet") if offer.off else ("accent", "")
        return [
            (fit(f" {offer.key}", _KEY), styles[0]),
            (fit(offer.title, title), styles[1]),
            (fit(f" {offer.said}", left - title), "quiet"),
        ]


class PaletteScreen(Searching[Offer]):
    """Over a screen: finds by typing what can be done there, and anywhere. Ends with the offer that was chosen."""

    PLACEHOLDER = "A command, a screen, a theme; or: customer, and a name"

    def __init__(self, over: CommandScreen) -> None:
        super().__init__()
        self._over = over
        self._offers = tuple(offers(over))
        self._bookmarks: tuple[Offer, ...] = ()
        self._awaited = self._chosen = self._naming = self._unthemed = False

    def compose_lists(self) -> ComposeResult:
        yield _Offers()

    @property
    def found(self) -> _Offers:
        """The list."""
        return self.query_one(_Offers)

    def on_mount(self) -> None:
        """Shows everything."""
        self.say("Palette", KEYS)
        self.found.tell_below = self.say_below
        self._await_themes()
        self.search("")
        self._name_bookmarks()

    def _await_themes(self) -> None:
        """Whoever is quick opens it before it is known which themes there are: they are listed as soon as it is."""

        def known() -> None:
            self._unthemed = False
            if self.is_attached:
                self._offers = tuple(offers(self._over))
                self._search_again()

        self._unthemed = not self.ringfence.console_themes
        if self._unthemed:
            self.ringfence.when_themed(known)

    def _search_again(self) -> None:
        """There is more to find than there was: what was chosen already may be among that."""
        chosen = self._chosen
        self.search(self.typed)
        if chosen:
            self.choose()

    def _name_bookmarks(self) -> None:
        places = tuple(self.ringfence.bookmarks)
        self._naming = bool(places) and self.ringfence.session is not None

        def named(found: dict[Place, str]) -> None:
            self._naming = False
            self._bookmarks = tuple(bookmark(self._over, place, found.get(place, "")) for place in places)
            self._search_again()

        if self._naming:
            self.ask("bookmarks", lambda session: names_of(session, places), named)

    def search(self, text: str) -> None:
        self._awaited = self._chosen = False
        self.drop("customers")
        wanted = asked_for(text)
        if wanted.startswith(CUSTOMER) and not why_stay(self._over):
            self._look_for(wanted.removeprefix(CUSTOMER))
        else:
            found = fitting((*self._bookmarks, *self._offers), text)
            self.found.show(found, nothing="" if self._unthemed else "Nothing matches.")

    def _look_for(self, name: str) -> None:
        from ringfence.domain.filter import quoted
        from ringfence.services.records import Listing, Part

        self._awaited = self.ringfence.session is not None
        self.found.show((), nothing="" if self._awaited else "Sign in first.")

        def show(rows: Sequence[Record]) -> None:
            self._awaited = False
            found = [Offer(row.name, row.owner, partial(go_to, Place("customers", row.id)), (row.key,)) for row in rows]
            self.found.show(fitting(found, name) or found, nothing="There is no such customer.")
            if self._chosen:
                self.choose()

        def failed(reason: str) -> None:
            self._awaited = False
            self.found.fail(reason)

        go_to, wanted = self._over.ringfence.go_to, Listing("customers", quoted(name) if name else "")
        self.ask("customers", lambda session: session.rows(wanted, Part(_CUSTOMERS)), show, failed)

    def choose(self) -> None:
        self._chosen = self._awaited or self._naming or (self._unthemed and not self.found.count)
        if self._chosen or not self.found.count:
            return
        offer = self.found.offers[self.found.cursor]
        if offer.typed:
            self.type(offer.typed)
        else:
            self.dismiss(offer)
