"""The application as its user has set it up: its theme, its keys, what it asks first; and what is wrong with that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.filter import Monochrome
from textual.theme import Theme

from ringfence.console.commands.everywhere import OWN
from ringfence.console.depth import AUTO, Depth
from ringfence.console.options import BACK, DialogOption
from ringfence.console.questions import Asks
from ringfence.console.themes import DEFAULT, load_theme, no_theme
from ringfence.preferences.configuration import Configuration, Fault

if TYPE_CHECKING:
    from ringfence.console.commands.command import Command, Go
    from ringfence.console.keymap import Together


class ConfiguredApp(App[str], Asks):
    """An application with a configuration. What is wrong with that is told once, in a line, and stops nothing."""

    ALLOW_SELECT = False
    """Dragging moves the divider; text is selected by the terminal, with Shift, and copied by ``y``."""

    confined: bool = False
    """Whether whoever looks came over SSH, to an account that they share: no file of the machine is theirs, and
    there is no shell to go to."""
    default_theme: str = DEFAULT
    """What is worn where the user has set no theme."""

    def __init__(self, configuration: Configuration | None = None) -> None:
        self._wears: Theme | None = None
        super().__init__()
        self.configuration = configuration or Configuration()
        self.keymap: dict[str, str] = {}
        self.numbered: tuple[Go, ...] = ()
        self.areas: list[Any] = []
        self._leaving = self._keys_known = False
        self.depth = Depth.TRUE if self.configuration.colors == AUTO else Depth(self.configuration.colors)
        self._disable_tooltips = True  # there are none: every screen would have a widget for them
        self._filters = [one for one in self._filters if not isinstance(one, Monochrome)]  # the depth sees to that
        self._faults = [*self.configuration.faults]
        wanted = self.configuration.theme or self.default_theme
        chosen = load_theme(wanted, depth=self.depth)
        if chosen is None and wanted != DEFAULT:
            self._faults.append(no_theme(wanted, self.configuration.lines.get("theme", 0)))
            chosen = load_theme(DEFAULT, depth=self.depth)
        if chosen is not None:
            self.register_theme(chosen)
            self.theme = chosen.name
        self._wears = self.current_theme
        self.stylesheet.set_variables(self.get_css_variables())

    def get_css_variables(self) -> dict[str, str]:
        """The variables of the theme that is worn; none before it is known which that is."""
        return {} if self._wears is None else super().get_css_variables()

    def refresh_css(self, animate: bool = True) -> None:
        """Styles everything anew, in another theme: before the first paint, nothing wears another one yet."""
        if self.current_theme is not self._wears:
            self._wears = self.current_theme
            super().refresh_css(animate=animate)

    def configure(self, together: Callable[[], Sequence[Together]]) -> None:
        """Gives the commands their keys, where any are set, and tells what is wrong. ``together`` says what stands on
        every screen; it is called in a thread, and only where it must be known."""
        if not self.configuration.keys:
            self._keys_known = True
            return

        def hear() -> tuple[dict[str, str], list[Fault]]:
            from ringfence.console.keymap import heard

            return heard(self.configuration.keys, together())

        self.in_thread("keys", hear, self._keys_heard)

    def _keys_heard(self, found: tuple[dict[str, str], list[Fault]]) -> None:
        self.keymap, faults = found
        self._faults += faults
        self.set_keymap(self.keymap)
        self._keys_known = True
        self.bind_numbered()
        for screen in self.areas:
            screen.show_numbered()
        self.tell_faults()

    @property
    def keys_known(self) -> bool:
        """Whether the commands have the keys that the user has set."""
        return self._keys_known

    def bind_numbered(self) -> None:
        """Binds the commands that no screen binds by their own keys, which there may be none of."""
        for command in (*self.numbered, *OWN):
            if command.name in self.keymap:
                self.bind(self.keymap[command.name], f"screen.command('{command.name}')", show=False)

    def tell_faults(self) -> None:
        """Tells what is wrong with the configuration, once: as soon as all of that is known, and somebody looks."""
        if self._faults and self._keys_known and self.ringfence.session is not None:
            first, *others = sorted(self._faults)
            self._faults.clear()
            more = f" And {len(others)} more: 'ringfence config check' tells them." if others else ""
            self.notify(f"{first}.{more}", severity="warning", timeout=10)

    def keys_of(self, command: Command[Any]) -> str:
        """The keys of a command, as they are set."""
        return self.keymap.get(command.name, command.keys)

    @property
    def page_overlap(self) -> int:
        """How many lines a list leaves in sight where it goes by a page."""
        return self.configuration.page_overlap

    async def action_quit(self) -> None:
        """Leaves the console; asks first where that is set, and not twice."""
        if self._leaving or not self.configuration.confirm_quit:
            self.exit()
            return
        self._leaving = True

        def answered(answer: str | None) -> None:
            self._leaving = False
            if answer == "leave":
                self.exit()

        options = [DialogOption("leave", "Leave", "l"), DialogOption(BACK, "Stay")]
        self.ringfence.open("dialog", "Leave the console?", [], options, then=answered)
