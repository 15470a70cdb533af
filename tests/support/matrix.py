"""The matrix of options alone, under the hands of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from support.console import drawn, press, send, settle
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.pilot import Pilot

from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.matrix import PermissionMatrix
from ringfence.console.widgets.matrix_view import Option, Section

ALONE = "only with all customers"


def section(heading: str, *labels: str, part: str = "", blocked: Sequence[str] = ()) -> Section:
    """A section whose keys are `heading.label`."""
    options = (Option(f"{heading}.{label}", label, ALONE if label in blocked else "") for label in labels)
    return Section(heading, tuple(options), part)


SECTIONS = (
    section("Tokens", "Manage"),
    section("Devices", "Tools", "Create", "Delete", "Edit", "List", blocked=["Delete"]),
    section("Alarms", "Clear", "Create", "Delete"),
    section("Tickets", "Create", "Delete", "Merge", "List"),
    section("Users", "List", "Create", "Delete", part="Administration"),
    section("Policies", "Edit", part="Administration", blocked=["Edit"]),
    section("Audit", "View", part="Administration"),
)


KEYS = frozenset(option.key for each in SECTIONS for option in each.options)


HELD = frozenset({"Devices.Tools", "Devices.List", "Alarms.Clear", "Users.List"})


BASE = HELD - {"Devices.Tools"} | {"Tickets.Merge", "Users.Create"}


class Host(App[None]):
    """A matrix alone, and what it has told."""

    BINDINGS = [Binding("escape", "back", "back"), Binding("e", "edit", "edit")]

    def __init__(
        self,
        sections: Sequence[Section] = SECTIONS,
        held: frozenset[str] = HELD,
        base: frozenset[str] | None = None,
        read_only: str = "",
    ) -> None:
        super().__init__()
        self.matrix = PermissionMatrix()
        self.given = (sections, held, base, read_only)
        self.told: list[Message] = []
        self.gone_back = 0

    def compose(self) -> ComposeResult:
        yield self.matrix
        yield KeyBar()

    def on_mount(self) -> None:
        self.matrix.set_sections(*self.given)
        self.matrix.focus()

    def on_permission_matrix_changed(self, event: PermissionMatrix.Changed) -> None:
        self.told.append(event)

    def on_permission_matrix_refused(self, event: PermissionMatrix.Refused) -> None:
        self.told.append(event)

    def on_permission_matrix_highlighted(self, event: PermissionMatrix.Highlighted) -> None:
        self.told.append(event)

    async def action_back(self) -> None:
        self.gone_back += 1

    def action_edit(self) -> None:
        raise AssertionError("typed into the search, and reached the application")


class Hands:
    """A matrix under the hands of a test."""

    def __init__(self, app: Host, pilot: Pilot[Any]) -> None:
        self.app, self.pilot, self.matrix = app, pilot, app.matrix

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    async def type(self, text: str) -> None:
        send(self.app, *text)
        await settle(self.app, self.pilot)

    async def go(self, at: str) -> None:
        """Puts the cursor on an option or a heading, by keys."""
        await self.press("home")
        for _ in range(60):
            if self.at == at:
                return
            before = self.at
            await self.press("down")
            if self.at == before:  # the column's end: on from the top of the next one
                await self.press("right", *["up"] * 30)
        raise AssertionError(f"{at} cannot be reached")

    @property
    def at(self) -> str:
        current = self.matrix.current
        return "" if current is None else current[1].key if current[1] else current[0].heading

    @property
    def lines(self) -> list[str]:
        return drawn(self.app)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def subtitle(self) -> str:
        return self.matrix.subtitle

    def told(self, kind: Any) -> list[Any]:
        return [message for message in self.app.told if type(message) is kind]

    @property
    def reasons(self) -> list[str]:
        return [message.reason for message in self.told(PermissionMatrix.Refused)]


@asynccontextmanager
async def shown(app: Host | None = None, size: tuple[int, int] = (80, 40)) -> AsyncIterator[Hands]:
    app = app or Host()
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        yield Hands(app, pilot)
