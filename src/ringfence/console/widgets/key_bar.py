"""The keys that work here and now, in one line.

Textual's own Footer is a widget for every key, builds them all anew at each change of focus, and leaks what it built.
This is one widget that draws text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple, TypeAlias

from textual.binding import ActiveBinding
from textual.screen import Screen

from ringfence.console.widgets.bar import Bar, cells
from ringfence.console.widgets.paint import Part

GAP = "  "

KeyState: TypeAlias = Literal["on", "off", "gone"]
"""Of a key: it works; it only tells why it is off, and is shown as such; or it is left out as well."""


class Key(NamedTuple):
    """A key as the bar shows it; ``brief`` is its description where there is little room."""

    action: str
    display: str
    description: str
    brief: str
    state: KeyState

    def words(self, description: str) -> tuple[str, str]:
        """The key and its description, in parentheses where it is off: that is seen without colours too."""
        before, after = ("", "") if self.state == "on" else ("(", ")")
        return f"{before}{self.display} " if description else before + self.display, description + after


class KeyBar(Bar):
    """The active bindings of the screen that are meant to be shown: key, then description.

    Where there is no room for all, descriptions are brief; then those at the right go, but never those that are to be
    kept: the last of these lose their words.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; background: $panel; }
    """

    def __init__(
        self,
        *,
        first: Sequence[str] = ("help",),
        last: Sequence[str] = ("command_palette", "quit"),
        keep: Collection[str] = ("help", "quit"),
        state: Callable[[str], KeyState] = lambda _action: "on",
        says: Callable[[str, str], str] = lambda _action, text: text,
        brief: Callable[[str], str] = lambda _action: "",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates the bar.

        Args:
            first: The actions (without namespace) shown before all others, in this order.
            last: The actions shown after all others, in this order.
            keep: The actions that are shown even where they are off, or there is no room for all.
            state: Says of an action whether it is on; where it is off its key works (it tells why).
            says: Given an action and its text, what is said of it instead; empty where it is not shown.
            brief: Says of an action what is said of it where there is little room; empty for the same.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._first = tuple(first)
        self._last = tuple(last)
        self._keep = frozenset(keep)
        self._state, self._says, self._brief = state, says, brief
        self._known: tuple[Key, ...] = ()
        self._said = self._hinted = ""

    def on_mount(self) -> None:
        """Follows the bindings of its own screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)
        self._read()

    def _bindings_updated(self, _screen: Screen[object]) -> None:
        if self.is_attached:
            self._read()

    def read_again(self) -> None:
        """Looks again which of the keys are off: something else is under the cursor."""
        self._show(tuple(key._replace(state=self._state(key.action)) for key in self._known))

    def say(self, text: str) -> None:
        """Says before the keys what is going on; an empty text takes that back."""
        self._said = text
        self._read()
        self.refresh()

    def hint(self, text: str) -> None:
        """Says quietly, in the place of that, what the last key has come to; an empty text takes it back."""
        if text != self._hinted:
            self._hinted = text
            self.refresh()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that would be shown if there was room for all, in their order."""
        return tuple(key for key in self._known if key.state != "gone" or key.action in self._keep)

    def _read(self) -> None:
        keys: dict[tuple[object, str], Key] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            name = _name(binding.action)
            text = self._says(name, binding.description) if binding.show and binding.description else ""
            if text and active.enabled:
                at = (active.node, binding.action)
                keys.setdefault(at, Key(name, self._display(active), text, self._brief(name), self._state(name)))
        self._show(tuple(sorted(keys.values(), key=self._rank)))

    def _show(self, read: tuple[Key, ...]) -> None:
        if read != self._known:
            self._known = read
            self.refresh()

    def _rank(self, key: Key) -> tuple[int, int]:
        if key.action in self._first:
            return 0, self._first.index(key.action)
        if key.action in self._last:
            return 2, self._last.index(key.action)
        return 1, 0

    def _display(self, active: ActiveBinding) -> str:
        display = self.app.get_key_display(active.binding)
        names = {
            "escape": "Esc",
            "esc": "Esc",
            "delete": "Del",
            "space": "Space",
            "tab": "Tab",
            "enter": "Enter",
            "⏎": "Enter",
        }
        if display in names:
            return names[display]
        if display[:1] == "f" and display[1:].isdigit():
            return display.upper()
        return display.removeprefix("shift+").upper() if display.startswith("shift+") else display

    def parts(self, width: int) -> Sequence[Part]:
        """The keys, as many and in as many words as there is room for."""
        parts: list[Part] = [(" ", "")]
        if said := self._hinted or self._said:
            parts += [(said, "quiet" if self._hinted else "attention"), (GAP, "")]
        for place, (key, description) in enumerate(self._fitting(width - cells(parts))):
            name, rest = key.words(description)
            on = key.state == "on"
            parts += [(GAP, "")] if place else []
            parts += [(name, "key" if on else "off"), (rest, "quiet" if on else "off")]
        return parts

    def _fitting(self, room: int) -> list[tuple[Key, str]]:
        """The keys for which there is room, and what is said of each."""
        shown = [(key, key.description) for key in self.keys]
        if _wide(shown) > room:
            shown = [(key, key.brief or text) for key, text in shown]
        for place in reversed(range(len(shown))):
            if _wide(shown) > room and shown[place][0].action not in self._keep:
                del shown[place]
        for place in reversed(range(len(shown))):
            if _wide(shown) > room and shown[place][0].brief:
                shown[place] = (shown[place][0], "")
        return shown


def _wide(shown: Sequence[tuple[Key, str]]) -> int:
    return sum(cells([(part, "") for part in key.words(text)]) + len(GAP) for key, text in shown) - len(GAP)


def _name(action: str) -> str:
    """The action's name; for ``command('help')``, that of the command."""
    name, _, argument = action.rpartition(".")[2].partition("(")
    return argument.strip("')\"") if name == "command" else name
