"""An application for one form and nothing else: what a form does with its fields needs no list behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.console import NOON, Console
from textual.screen import Screen

from ringfence.console import app
from ringfence.console.app import RingfenceApp
from ringfence.console.looking import summary
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database


class FormHost(RingfenceApp):
    """The console, signed in from the beginning, over an empty screen: no area, no tree, no look for changes, and the
    one theme. A test pushes its form."""

    CSS_PATH = str(Path(app.__file__).with_name("app.tcss"))  # beside the console's own class

    def on_mount(self) -> None:
        """Signs in before the console's own ``on_mount``, which Textual calls next, pushes the first screen."""
        self.workspace = self._connect()
        self.session = self.workspace.sign_in(str(self._login))
        self.read_only = self.session.read_only
        self.take_summary(summary(self.session, self.session.stamp(), self.demo))

    def _area(self, area: str) -> Any:
        self.empty = Screen[Any]()
        return self.empty

    def _begin(self) -> None:
        """Nothing is left to be opened."""
        self.opening.over()


def is_left(console: Console) -> bool:
    """Whether the form was left, with all that it had opened."""
    assert isinstance(console.app, FormHost)
    return console.app.screen is console.app.empty


def form_host(database: Database, login: str = "h.devries") -> FormHost:
    """The application for a form, looking at a database as it is at `NOON`."""
    return FormHost(lambda: Workspace(database, at=NOON), login, demo=True)
