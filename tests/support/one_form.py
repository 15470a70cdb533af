"""A form in a small application of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from support.console import Console, settle
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Button

from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import Spec


class Host(App[None]):
    """A form, a button beyond it, and a screen's own letters."""

    BINDINGS = [Binding("v", "note('v')", "v"), Binding("ctrl+s", "note('saved')", "save")]
    AUTO_FOCUS = "Form > LineList"

    def __init__(self, *specs: Spec) -> None:
        super().__init__()
        self.form = Form(*specs)
        self.seen: list[tuple[Any, ...]] = []

    def compose(self) -> ComposeResult:
        yield self.form
        yield Button("beyond")

    def action_note(self, text: str) -> None:
        self.seen.append((text, dict(self.form.values) if text == "saved" else None))

    def on_form_changed(self, message: Form.Changed) -> None:
        self.seen.append(("changed", message.name, message.value))

    def on_form_activated(self, message: Form.Activated) -> None:
        self.seen.append(("activated", message.name, message.row_id))

    def on_form_moved(self, message: Form.Moved) -> None:
        self.seen.append(("moved", message.name, message.row_id))

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        """What was told of one kind."""
        return [told[1:] for told in self.seen if told[0] == kind]


@asynccontextmanager
async def shown(*specs: Spec, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Host, Form, Console]]:
    host = Host(*specs)
    async with host.run_test(size=size) as pilot:
        await settle(host, pilot)
        yield host, host.form, Console(host, pilot)  # type: ignore[arg-type]
