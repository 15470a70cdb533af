"""The keys that work here and now, in one line.

Textual's own Footer is a widget for every key, builds them all anew at each change of focus, and leaks what it built.
This is one widget that draws text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from textual.binding import ActiveBinding
from textual.screen import Screen

from ringfence.console.widgets.bar import Bar, cells
from ringfence.console.widgets.paint import Part

GAP = "  "


class Key(NamedTuple):
    """A key as the bar shows it. ``bound`` says whether it works at all, ``enabled`` whether it does more than to tell
    why it is off."""

    action: str
    display: str
    description: str
    bound: bool
    enabled: bool


class KeyBar(Bar):
    """The active bindings of the screen that are meant to be shown: key, then description.

    Where there is no room for all, those at the right go, but never those that are to be kept.
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
        is_off: Callable[[str], bool] | None = None,
        says: Callable[[str, str], str] | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Creates the bar.

        Args:
            first: The actions (without namespace) shown before all others, in this order.
            last: The actions shown after all others, in this order.
            keep: The actions that are shown even where there is no room for all.
            is_off: Says of an action that it is off, though its key works (it tells why).
            says: Given an action and its text, what is said of it instead; empty where it is not shown.
            name: The name of the widget.
            id: The ID of the widget in the DOM.
            classes: The CSS classes of the widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self._first = tuple(first)
        self._last = tuple(last)
        self._keep = frozenset(keep)
        self._is_off = is_off or (lambda _action: False)
        self._says = says or (lambda _action, text: text)
        self._keys: tuple[Key, ...] = ()
        self._said = ""

    def on_mount(self) -> None:
        """Follows the bindings of its own screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)
        self._read()

    def _bindings_updated(self, _screen: Screen[object]) -> None:
        if self.is_attached:
            self._read()

    def read_again(self) -> None:
        """Looks again which of the keys are off: something else is under the cursor."""
        self._show(tuple(key._replace(enabled=key.bound and not self._is_off(key.action)) for key in self._keys))

    def say(self, text: str) -> None:
        """Says before the keys what is going on; an empty text takes that back."""
        self._said = text
        self._read()
        self.refresh()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys that would be shown if there was room for all, in their order."""
        return self._keys

    def _read(self) -> None:
        keys: dict[tuple[object, str], Key] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            name = _name(binding.action)
            text = self._says(name, binding.description) if binding.show and binding.description else ""
            if text:
                at = (active.node, binding.action)
                enabled = active.enabled and not self._is_off(name)
                keys.setdefault(at, Key(name, self._display(active), text, active.enabled, enabled))
        self._show(tuple(sorted(keys.values(), key=self._rank)))

    def _show(self, read: tuple[Key, ...]) -> None:
        if read != self._keys:
            self._keys = read
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
        """The keys, without those for which there is no room."""
        shown = list(self._keys)
        parts: list[Part] = [(" ", "")]
        if self._said:
            parts += [(self._said, "attention"), (GAP, "")]
            width -= cells(parts) - 1
        while self._wide(shown) > width:
            place = next((n for n in reversed(range(len(shown))) if self._may_go(shown[n])), None)
            if place is None:
                break
            del shown[place]
        for place, key in enumerate(shown):
            parts += [(GAP, "")] if place else []
            parts += [
                (key.display, "key" if key.enabled else "off"),
                (f" {key.description}", "quiet" if key.enabled else "off"),
            ]
        return parts

    def _may_go(self, key: Key) -> bool:
        return key.action not in self._keep

    def _wide(self, keys: Sequence[Key]) -> int:
        return 1 + sum(cells([(f"{key.display} {key.description}", "")]) + len(GAP) for key in keys) - len(GAP)


def _name(action: str) -> str:
    """The action's name; for ``command('help')``, that of the command."""
    name, _, argument = action.rpartition(".")[2].partition("(")
    return argument.strip("')\"") if name == "command" else name
