"""The command palette's source: the commands of the screen under it, and the themes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from ringfence.console.commands.command import display
from ringfence.console.screens.area import CommandScreen


class Commands(Provider):
    """Every command of the screen, in the words of its help."""

    def _offers(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        screen = self.screen
        if isinstance(screen, CommandScreen):
            for command in screen.commands:
                if command.palette:
                    off = screen.why_off(command)
                    text = f"off: {off}" if off else display(command.keys) if command.keys else f":{command.name}"
                    yield command.help.rstrip("."), text, partial(screen.action_command, command.name)
        console: Any = self.app
        for theme in console.console_themes:
            title = getattr(theme, "title", "") or theme.name
            yield f"Theme: {title}", theme.name, partial(setattr, console, "theme", theme.name)

    async def discover(self) -> Hits:
        """All of them."""
        for text, note, run in self._offers():
            yield DiscoveryHit(text, run, help=note)

    async def search(self, query: str) -> Hits:
        """Those that match what was typed."""
        matcher = self.matcher(query)
        for text, note, run in self._offers():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), run, help=note)
