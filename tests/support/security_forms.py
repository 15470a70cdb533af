"""The forms of security groups and roles in tests, and what is saved by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import text
from support.console import NOON, Console
from textual.screen import Screen

from ringfence.console.screens.matrix import MatrixScreen
from ringfence.console.screens.security_group_form import SecurityGroupForm
from ringfence.console.widgets.form import Form
from ringfence.domain.role import RoleState
from ringfence.domain.security_group import SecurityGroupState
from ringfence.services.editing import Edit
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database

SMALL = (80, 24)
Shown = TypeVar("Shown", bound=Screen[Any])


HOSTILE = "Acme [/bold] \x1b]52;c;aGk=\x07 ‮Ltd"


class Saved:
    """What is saved, past the console."""

    def __init__(self, database: Database, login: str = "h.devries") -> None:
        self.database = database
        self.workspace = Workspace(database, at=NOON)
        self.session = self.workspace.sign_in(login)

    def id(self, table: str, key: str) -> int:
        query = text(
            f"SELECT x.id FROM {table} x JOIN tenant t ON t.id = x.tenant_id WHERE x.key = :key AND t.key = 'harbor'"
        )
        with self.database.engine.connect() as connection:
            return int(connection.execute(query, {"key": key}).scalar_one())

    def keys(self, table: str) -> set[str]:
        query = text(f"SELECT x.key FROM {table} x JOIN tenant t ON t.id = x.tenant_id WHERE t.key = 'harbor'")
        with self.database.engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def group(self, key: str) -> SecurityGroupState:
        found: SecurityGroupState = self.session.open_record("security_group", self.id("security_group", key)).state
        return found

    def role(self, key: str) -> RoleState:
        found: RoleState = self.session.open_record("role", self.id("role", key)).state
        return found

    def role_of(self, key: str) -> RoleState:
        """The role of a group."""
        role = self.group(key).role
        assert role is not None
        found: RoleState = self.session.open_record("role", role).state
        return found

    def edit(self, kind: Any, table: str, key: str, **values: Any) -> None:
        """Changes a record as a second operator would."""
        opened = self.session.open_record(kind, self.id(table, key))
        edit = Edit(kind, opened.id, opened.state, replace(opened.state, **values), opened.revision)
        self.session.save([edit])


async def show(console: Console, screen: Shown) -> Shown:
    """Opens a form over what is there."""
    await console.app.push_screen(screen)
    await console.settle()
    return screen


async def open_group(console: Console, saved: Saved, key: str) -> SecurityGroupForm:
    form = SecurityGroupForm(saved.id("security_group", key))
    await show(console, form)
    return form


async def go(console: Console, name: str) -> None:
    """Brings the cursor to a field, with Tab."""
    form = console.app.screen.query_one(Form)
    await console.press("ctrl+home")
    for _ in range(12):
        if form.current[0] == name:
            return
        await console.press("tab")
    raise AssertionError(f"there is no field {name}: {form.values}")


async def permissions(console: Console, option: str = "") -> MatrixScreen:
    """Opens the matrix from a form, and goes to an option by searching for it."""
    await go(console, "permissions")
    await console.press("enter")
    screen = console.app.screen
    assert isinstance(screen, MatrixScreen)
    if option:
        await find(console, option)
    return screen


async def find(console: Console, option: str) -> None:
    await console.press("slash")
    await console.type(option)
    await console.press("escape")


def at(console: Console) -> str:
    """The key of the option under the cursor."""
    screen = console.app.screen
    assert isinstance(screen, MatrixScreen)
    current = screen.matrix.current
    assert current is not None
    return current[1].key if current[1] else current[0].heading


def said(console: Console) -> str:
    """What is on screen, without frames and line breaks."""
    return " ".join(console.text.replace("│", " ").split())


def saved_permissions(key: str, saved: Saved) -> frozenset[str] | None:
    return next(one.permissions for one in saved.session.role_templates() if one.key == key)
