"""What there is to do now: what an operator begins a shift with, in tiles that are read again by the clock."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.app import ComposeResult

from ringfence.console.cells import now as cells
from ringfence.console.commands.command import bindings
from ringfence.console.commands.lists import COPY
from ringfence.console.commands.now import TILES
from ringfence.console.commands.places import PLACES
from ringfence.console.graph import ascii_only
from ringfence.console.places import Place
from ringfence.console.rights import HOME, NOW
from ringfence.console.screens.area import AreaScreen
from ringfence.console.text import literal, many, number
from ringfence.console.ticking import Ticking
from ringfence.console.widgets.bars import Breadcrumbs
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.tile import Tile, TileLine
from ringfence.domain.alarm import ALARMS
from ringfence.domain.edge import EDGES
from ringfence.domain.test_mode import TEST_MODES

if TYPE_CHECKING:
    from textual.widget import Widget

    from ringfence.preferences.layout import Spot
    from ringfence.services.now import Now

SECONDS: Final = 10.0
"""How often it is read."""
_OFTEN: Final = f"every {SECONDS:.0f} s"
_KEPT: Final = 60
"""So many of these are remembered, to draw how many lines came in."""
_MINUTE: Final = 60_000


def _none(_width: int) -> list[TileLine]:
    return []


class NowScreen(AreaScreen):
    """Alarms by severity, signals, the customers with the most severe alarms, test modes that last. Each tile is there
    for whoever has a right in it; the others take its room."""

    AREA = NOW
    FILTERS = ""
    FIRST_KEYS = ("help", "next_tile", "choose", "pause")
    COMMANDS_HERE = (*TILES, COPY, *PLACES)
    BINDINGS = bindings(COMMANDS_HERE)
    AUTO_FOCUS = "Tile"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-usual")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (22, "-enough")]
    DEFAULT_CSS = """
    NowScreen {
        & #lists { layout: grid; grid-size: 2; grid-rows: 9 1fr; }
        & Tile { height: 100%; }
        & #burning.-tall { row-span: 2; }
        &.-short #lists { grid-rows: 1fr; }
        &.-narrow #lists, & #lists.-one { grid-size: 1; grid-rows: 1fr; }
        &.-narrow #burning.-tall { row-span: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.paused = False
        """Whether what is shown stays as it is for now."""
        self._found: Now | None = None
        self._lines: list[tuple[int, int]] = []
        """How many lines the edges had sent by some moments, in milliseconds since 1970."""

    def compose_lists(self) -> ComposeResult:
        yield Tile("Alarms", id="alarms")
        yield Tile("Signals", id="signals")
        yield Tile("Where it burns", id="burning")
        yield Tile("In test mode", id="modes")

    def on_mount(self) -> None:
        """Begins to read by the clock."""
        self._ticking: Ticking[Now] = Ticking(
            self, "now", lambda _: None, lambda session: session.now(), self._take, failed=self._fail, seconds=SECONDS
        )

    # What is shown

    @property
    def shown(self) -> list[Tile]:
        """The tiles that are there for the user, in their order."""
        return [one for one in self.query(Tile) if one.display]

    def viewer_changed(self) -> None:
        self.show_path(["Now"])
        self.clear()
        self._arrange()
        for tile in self.shown:
            tile.wait()
        self._ticking.now(anew=True)

    @property
    def live(self) -> bool:
        """Alarms that change are read at once: the number beside their area says so, too."""
        return not self.paused

    def refresh_data(self) -> None:
        self._ticking.now(anew=True)

    def catch_up(self) -> None:
        """Draws the standing, and the tiles, as they are now; unless they are to stay as they are."""
        if self.paused:
            self.shown_change = self.ringfence.changes
        super().catch_up()
        self._arrange()
        if not self.shown:
            self.call_later(self.ringfence.go, HOME)

    def clear(self) -> None:
        self._found, self._lines = None, []
        self._ticking.drop()
        self.query_one(Breadcrumbs).set_filter("")
        for tile in self.query(Tile):
            tile.set_subtitle()
            tile.show(_none)

    def _arrange(self) -> None:
        rights = self.ringfence.rights
        needs = {
            "alarms": ALARMS.permission,
            "burning": ALARMS.permission,
            "signals": EDGES.permission,
            "modes": TEST_MODES.permission,
        }
        for tile in self.query(Tile):
            tile.display = needs[tile.id or ""] in rights
        shown = self.shown
        self.query_one("#burning").set_class(len(shown) % 2 == 1, "-tall")
        self.query_one("#lists").set_class(len(shown) < 2, "-one")
        if shown and self.focused not in shown and isinstance(self.focused, Tile | None):
            self.set_focus(shown[0])

    def _take(self, found: Now) -> None:
        self._found = found
        if found.edges is not None:
            self._count(round(found.at.timestamp() * 1000), found.edges.lines)
        self._arrange()
        self._draw()

    def _count(self, at: int, lines: int) -> None:
        if self._lines and lines < self._lines[-1][1]:
            self._lines.clear()  # an edge is gone
        if not self._lines or at > self._lines[-1][0]:
            self._lines = [*self._lines[-_KEPT:], (at, lines)]

    @property
    def _rates(self) -> list[tuple[int, float]]:
        steps = zip(self._lines, self._lines[1:], strict=False)
        return [(at, (lines - before) * _MINUTE / (at - since)) for (since, before), (at, lines) in steps]

    def _draw(self) -> None:
        found = self._found
        if found is None:
            return
        poor = ascii_only(os.environ)
        for tile in self.shown:
            match tile.id:
                case "alarms":
                    tile.show(partial(cells.alarms, found, ascii=poor))
                    tile.set_subtitle(*cells.below_alarms(found.alarms, found.at))
                case "burning":
                    tile.show(partial(cells.burning, found.burning), cells.why_none_burns(found.alarms))
                    tile.set_subtitle(many(len(found.burning), "customer") if found.burning else "")
                case "modes":
                    tile.show(partial(cells.modes, found.test_modes, found.at), "Nothing is in test mode.")
                    tile.set_subtitle(number(len(found.test_modes)) if found.test_modes else "")
                case "signals" if found.edges is not None and found.edges.many:
                    tile.show(partial(cells.signals, found.edges, found.at, self._rates, ascii=poor))
                case _:
                    tile.show(_none, "No edge is active.")
        self._say_when()

    def _say_when(self) -> None:
        if self._found is not None:
            how = "paused" if self.paused else _OFTEN
            self.query_one(Breadcrumbs).set_filter("", f"{self._found.at:%H:%M:%S} · {how}")

    def _fail(self, reason: str) -> None:
        self._found = None
        for tile in self.shown:
            tile.fail(reason)

    # What is done

    def pause(self, stays: bool) -> None:
        """Has what is shown stay as it is, or be read by the clock again: at once."""
        self.paused = self._ticking.paused = stays
        self._say_when()
        self.refresh_bindings()
        if not stays:
            self._ticking.now()

    def key_says(self, name: str, text: str) -> str:
        return "go on" if name == "pause" and self.paused else super().key_says(name, text)

    def turn_tile(self, step: int) -> None:
        """Goes to the next tile, or the one before."""
        shown = self.shown
        if shown:
            at = shown.index(self.focused) if isinstance(self.focused, Tile) and self.focused in shown else -step
            self.set_focus(shown[(at + step) % len(shown)])

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """Goes to what the line leads to."""
        tile: Widget = message.control
        line = tile.current if isinstance(tile, Tile) else None
        if line is not None and isinstance(line.leads, Place):
            self.ringfence.go_to(line.leads)
        else:
            self.say_of_key("This leads nowhere")

    def copy(self) -> None:
        tile = self.focused
        line = tile.current if isinstance(tile, Tile) else None
        self.copy_out("" if line is None else literal(line.text).rstrip())

    # It has no list, and no filter.

    def filtered(self, text: str) -> None:
        del text

    def spot(self) -> Spot:
        from ringfence.preferences.layout import Spot

        return Spot()

    def come_back(self, spot: Spot) -> None:
        del spot

    @property
    def record_here(self) -> None:
        return None

    def show_place(self, place: Place) -> None:
        del place

    @property
    def listed(self) -> tuple[Any, int | None]:
        return None, 0

    @property
    def table(self) -> None:
        return None
