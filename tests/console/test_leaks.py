"""Nothing hidden is ever drawn: for every user of the demo, whatever they do, by the oracle's word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import text
from support.console import CUSTOMER_GROUPS, NOON, ROLES, Console, console_on, drawn, opened
from support.oracle import Oracle
from support.tiers import first

from ringfence.console.app import RingfenceApp
from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.screens.customers import CustomersScreen
from ringfence.services.workspace import Workspace
from ringfence.snapshot.story import WHO_SHOWS_WHAT, story
from ringfence.storage.engine import Database

pytestmark = pytest.mark.always

ORACLE = Oracle(story(), NOON)
ACTIVE = [login for login, _ in WHO_SHOWS_WHAT if login != "b.janssens"]
KINDS = {
    "customers": ("key", "name", "email", "phone", "address"),
    "sites": ("key", "name"),
    "devices": ("key", "name", "unit_id"),
    "users": ("key", "login", "name", "email"),
    "security-groups": ("name",),
    "customer-groups": ("name", "description"),
    "roles": ("name",),
}
SHORTEST = 6
"""Cells of a name before its ellipsis from which it is told whose it is."""


class Secrets:
    """What one user must not read, and what they may that reads alike."""

    def __init__(self, login: str) -> None:
        self.login = login
        user = ORACLE.user(login)
        tenant = user["tenant"]
        allowed = {login, user["name"], user["email"]}
        allowed |= _standing(user)  # everybody is told by what they see what they see
        everything = {entry["name"] for entry in ORACLE.document["tenants"]}
        if None in ORACLE.forest(login):
            allowed.add(next(entry["name"] for entry in ORACLE.document["tenants"] if entry["key"] == tenant))
        for kind, fields in KINDS.items():
            listed = ORACLE.listed(login, kind)
            for entry in ORACLE.document[kind.replace("-", "_")]:
                texts = {entry[field].replace("\n", ", ") for field in fields if entry.get(field)}
                everything |= texts
                if entry["tenant"] == tenant and entry["key"] in listed:
                    allowed |= texts
        self.allowed = allowed
        self.hidden = everything - allowed
        self._hidden = _by_first_word(self.hidden)
        self._allowed = _by_first_word(allowed)
        self._cut_allowed = {name[:size].rstrip() for name in allowed for size in range(SHORTEST, len(name) + 1)}
        cut = {name[:size].rstrip() for name in self.hidden for size in range(SHORTEST, len(name))}
        self._cut = cut - self._cut_allowed

    def told_by(self, line: str) -> set[str]:
        """The hidden texts that a drawn line gives away, whole or cut short by an ellipsis."""
        spans, found = _places(self._allowed, line), set()
        for place in (match.start() for match in re.finditer("…", line)):
            for begin in range(max(0, place - 48), max(0, place - SHORTEST + 1)):
                head = line[begin:place].rstrip()
                if head in self._cut_allowed:
                    spans.append((begin, place))
                elif head in self._cut and not line[begin - 1 : begin].isalnum():
                    found.add(f"{head}…")
        for begin, end in _places(self._hidden, line):
            if not any(first <= begin and end <= last for first, last in spans):
                found.add(line[begin:end])
        return found


def _standing(user: dict[str, Any]) -> set[str]:
    """The names of a user's own roles and customer groups."""
    of_tenant = {kind: ORACLE.records(user["tenant"], kind) for kind in ("roles", "security-groups", "customer-groups")}
    groups = [of_tenant["security-groups"][one["group"]] for one in user["security_groups"]]
    names = {of_tenant["roles"][group["role"]]["name"] for group in groups}
    return names | {of_tenant["customer-groups"][key]["name"] for key in user["customer_groups"]}


_WORD = re.compile(r"[\w.-]+|[^\w\s]+")


def _by_first_word(texts: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in texts:
        first = _WORD.search(one)
        assert first is not None
        assert first.start() == 0, f"{one!r} begins with a space"
        found.setdefault(first[0], []).append(one)
    return found


def _places(texts: dict[str, list[str]], line: str) -> list[tuple[int, int]]:
    """Where any of the texts stands in the line as whole words; they may overlap."""
    places = []
    for word in _WORD.finditer(line):
        for one in texts.get(word[0], ()):
            end = word.start() + len(one)
            if line.startswith(one, word.start()) and not line[end : end + 1].isalnum():
                places.append((word.start(), end))
    return places


class Watch:
    """Everything that was drawn, each line once, with what had been done when it first was."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seen: dict[str, str] = {}

    def look(self, where: str, typed: str = "") -> None:
        """Notes what is drawn, but for what was typed just now."""
        for line in [*self.console.lines, *self.console.toasts]:
            self.seen.setdefault(line.replace(typed, "") if typed else line, where)

    async def press(self, *keys: str, where: str = "") -> None:
        for key in keys:
            await self.console.press(key)
            self.look(where or key)

    def leaks(self, secrets: Secrets) -> list[tuple[str, set[str], str]]:
        found = ((where, secrets.told_by(line), line) for line, where in self.seen.items())
        return [leak for leak in found if leak[1]]


def test_the_secrets_are_what_they_should_be() -> None:
    secrets = Secrets("t.okafor")
    assert {"Harbor Monitoring", "Northwind Logistics", "Pharma vault", "Olga Brandt", "U-00401"} <= secrets.hidden
    told = secrets.told_by("│ Harbor Monitoring › Northwind Logis… › Rotterdam")
    assert told == {"Harbor Monitoring", "Northwind Logis…"}
    assert not secrets.told_by("Rotterdam  Pumping south  Zuiderpark Cold St…  Tobias Okafor")
    assert not Secrets("h.devries").told_by("Harbor Monitoring")
    assert Secrets("h.devries").told_by("Lindqvist Fleet Services")


def height_for(login: str) -> int:
    """Lines on which the whole tree of a user is drawn at once."""
    return 60 if len(ORACLE.forest(login)) > 30 else 36


TOGETHER = 3
_AFTER_EACH_OTHER = sorted(ACTIVE, key=height_for)


@pytest.mark.parametrize("start", first(range(0, len(ACTIVE), TOGETHER), 2))
async def test_nothing_hidden_is_drawn(start: int, demo: Database) -> None:
    """One user after the other, in one console: nothing is left of the one before either."""
    logins = _AFTER_EACH_OTHER[start : start + TOGETHER]
    height = max(map(height_for, logins))
    async with opened(console_on(demo, logins[0]), (120, height)) as console:
        for login in logins:
            if login != logins[0]:
                await console.switch(login)
            secrets = Secrets(login)
            leaks = (await _look_everywhere(console, login, secrets)).leaks(secrets)
            assert not leaks, login


async def _look_everywhere(console: Console, login: str, secrets: Secrets) -> Watch:
    watch = Watch(console)
    watch.look("at first")
    screen = console.app.screen
    assert isinstance(screen, CustomersScreen)
    assert console.app.profile is not None
    assert console.app.profile.login == login
    await _open_all(watch, screen)
    _check_numbers(login, screen)
    while screen.detail.tab != "details":
        await watch.press("right_square_bracket")
    await watch.press("home", *["down"] * (screen.forest.count - 1), where="details of customers")
    for step in ("down", "up", "down"):
        await watch.press("right_square_bracket", "home", *[step] * 4, where="devices, users, sites of customers")
    for keys in (("2",), ("3",), ("4",), CUSTOMER_GROUPS, ROLES, ("8",)):
        await watch.press(*keys, "pagedown", "end", "U", "end")
        if keys not in (("2",), ("8",)):
            await watch.press("m", "escape", "home", "m", "escape", where="actions")
    await watch.press("0", "pagedown", "tab", "end", "tab", "pagedown", "tab", where="now")
    await watch.press("question_mark", "escape", "ctrl+p", "escape", "1")
    await _filter(watch, secrets)
    await console.press("f3")  # the list of everybody is for whoever holds the database itself
    await console.type(login)
    await watch.press("enter", "right", "down", "right", "down", "d", where="side by side with oneself")
    await console.press("escape", "1")
    return watch


async def _open_all(watch: Watch, screen: CustomersScreen) -> None:
    if screen.forest.count and not screen.forest.has_focus:  # whoever looked before saw no tree, but what is beside it
        await watch.press("shift+tab", where="reaching the tree")
    assert screen.forest.has_focus or not screen.forest.count
    line = 0
    while line < screen.forest.count:
        node = screen.forest.node(screen.forest._forest.ids[line])
        assert node is not None
        if node.has_children and node.id not in screen.forest.expanded_ids:
            screen.forest.cursor = line
            await watch.press("right", where="opening the tree")
        line += 1


def _check_numbers(login: str, screen: CustomersScreen) -> None:
    """The numbers beside the tree count nothing hidden either."""
    tenant = ORACLE.user(login)["tenant"]
    forest = ORACLE.forest(login)
    expected = {}
    for node in forest:
        children = sum(above == node for above in forest.values())
        devices = len(ORACLE.listed(login, "devices", under=node))
        name = ORACLE.records(tenant, "customers")[node]["name"] if node is not None else None
        expected[name] = (str(children) if children else "", str(devices))
    notes = screen.forest._notes
    drawn_numbers = {}
    for own in screen.forest._forest.ids:
        node_drawn = screen.forest.node(own)
        assert node_drawn is not None
        name = node_drawn.label if node_drawn.label in expected else None
        drawn_numbers[name] = tuple(cell.text for cell in notes[own])
    assert drawn_numbers == expected


async def _filter(watch: Watch, secrets: Secrets) -> None:
    """Asks for what is hidden, by all but the last letter of it: what was typed is drawn, what it finds is not."""
    user = ORACLE.user(secrets.login)
    for screen, kind, field in (("1", "customers", "name"), ("2", "devices", "unit_id"), ("3", "users", "login")):
        listed = ORACLE.listed(secrets.login, kind)
        entries = ORACLE.document[kind]
        asked = [entry[field] for entry in entries if entry["tenant"] != user["tenant"] or entry["key"] not in listed]
        for wanted in (asked[0], asked[-1]):
            await watch.press(screen, "slash", where="filtering")
            await watch.console.type(wanted[:-1])
            watch.look(f"filtering by {wanted[:-1]}", wanted[:-1])
            await watch.press("escape", where="filtering")


@pytest.mark.parametrize("login", ["t.okafor", "anneke", "g.moreau"])
async def test_hidden_and_missing_customers_get_the_same_answer(login: str, demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    session = workspace.sign_in(login)
    with demo.reading() as connection:
        ids = [row.id for row in connection.execute(text("SELECT id FROM customer"))]
    seen = {own for own in ids if session.trail(own)}
    hidden = [own for own in ids if own not in seen]
    assert seen
    assert hidden
    async with opened(console_on(demo, login)) as console:
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        pictures = set()
        for own in (*hidden[::12], 987_654_321):
            screen.detail.open(own, "")
            await console.settle()
            pictures.add(console.text)
            assert "this customer is not there any more" in console.text
        assert len(pictures) == 1


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every line of every frame that the terminal is sent, once, with the login of who was looking."""
    seen: dict[tuple[str, str], None] = {}
    display = RingfenceApp._display

    def keep(app: RingfenceApp, screen: Any, renderable: Any) -> None:
        display(app, screen, renderable)
        if app.is_running and app.screen.is_mounted and not isinstance(app.screen, ChooseUser):
            lines = drawn(app)
            login = app.profile.login if app.profile else ""
            seen.update(dict.fromkeys((login, line) for line in lines))

    monkeypatch.setattr(RingfenceApp, "_display", keep)
    return seen  # type: ignore[return-value]


async def test_no_frame_shows_one_user_what_the_other_saw(demo: Database, frames: list[tuple[str, str]]) -> None:
    async with opened(console_on(demo), frames=True) as console:
        await console.press("slash")
        await console.type("rotterdam")
        await console.press("enter", "2", "3", "1")
        for login, areas in [
            ("t.okafor", "231"),
            ("k.adeyemi", "2"),
            ("p.nowak", "1"),
            ("olga", "23"),
            ("astrid", "12"),
        ]:
            await console.switch(login)
            await console.press(*areas)
            await console.press("4", *ROLES, *CUSTOMER_GROUPS, areas[-1])
    secrets = {login: Secrets(login) for login in {login for login, _ in frames} if login}
    assert set(secrets) >= {"h.devries", "t.okafor", "astrid"}
    leaks = [(login, told, line) for login, line in frames if login and (told := secrets[login].told_by(line))]
    assert not leaks
