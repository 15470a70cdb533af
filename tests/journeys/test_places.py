"""Back and forward through where one was, and bookmarks: by keys, and by two people in turn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.console import NOON, Console, console_on, opened

from ringfence.console.places import Bookmarks, Place, Trail
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.palette import PaletteScreen
from ringfence.console.screens.records import ListScreen
from ringfence.services.editing import Edit
from ringfence.services.records import Listing, Part
from ringfence.services.workspace import Workspace
from ringfence.storage.engine import Database


def under_cursor(console: Console) -> str:
    screen = console.app.screen
    if isinstance(screen, CustomersScreen):
        return screen.forest.row.name if screen.forest.row is not None else ""
    assert isinstance(screen, ListScreen)
    return screen.records.row.name if screen.records.row is not None else ""


async def palette(console: Console, text: str) -> None:
    await console.press("colon")
    await console.hurry(*("space" if letter == " " else letter for letter in text), "enter")


async def offered(console: Console, text: str) -> list[tuple[str, str]]:
    """What the palette offers for a text: titles, and why they are off."""
    await console.press("colon")
    await console.type(text)
    screen = console.app.screen
    assert isinstance(screen, PaletteScreen)
    found = [(offer.title, offer.off) for offer in screen.found.offers]
    await console.press("escape")
    return found


@pytest.mark.parametrize(("back", "forward"), [("comma", "full_stop"), ("alt+left", "alt+right")])
async def test_back_and_forward(back: str, forward: str, demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await palette(console, "customer rotterdam")
        await console.press("2", "slash", *"gate", "enter", "down")
        device = under_cursor(console)
        await console.press("3", "down", "down")
        user = under_cursor(console)
        await console.press(back)
        assert (console.area, under_cursor(console)) == ("devices", device)
        assert "/gate" in console.lines[2]
        await console.press(back)
        assert (console.area, under_cursor(console)) == ("customers", "Rotterdam")
        await console.press(back)
        assert under_cursor(console) == "Harbor Monitoring"
        await console.press(back)
        assert console.lines[-1].startswith(" There is nothing to go back to")
        for place in (("customers", "Rotterdam"), ("devices", device), ("users", user)):
            await console.press(forward)
            assert (console.area, under_cursor(console)) == place
        await console.press(forward)
        assert console.lines[-1].startswith(" There is nothing to go forward to")
        assert console.toasts == []


async def test_what_was_opened_is_a_place_too(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("3", "down")
        first = under_cursor(console)
        await console.press("e", "escape", "down", "down", "down")
        last = under_cursor(console)
        await console.press("comma")
        assert under_cursor(console) == first != last
        await console.press("full_stop")
        assert under_cursor(console) == last


async def test_a_filter_that_was_cleared_comes_back(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("slash", *"rotterdam", "enter")
        found = under_cursor(console)
        await console.press("2", "1", "escape", "2", "comma", "comma", "comma")
        assert (console.area, under_cursor(console)) == ("customers", found)
        assert "/rotterdam" in console.lines[2]
        assert "Polder" not in console.text


async def test_a_bookmark_of_a_record_and_one_of_a_filter(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await palette(console, "customer maasvlakte ii")
        await console.press("B")
        assert console.lines[-1].startswith(" Kept as a bookmark: the palette lists it")
        await console.press("2", "slash", *"gate", "enter", "down", "B", "3", "down", "B")
        user = under_cursor(console)
        assert await offered(console, "bookmark") == [
            ("Maasvlakte II", ""),
            ("/gate", ""),
            (user, ""),
            ("bookmark", ""),  # the command
        ]
        await palette(console, "bookmark maas")
        assert (console.area, under_cursor(console)) == ("customers", "Maasvlakte II")
        await console.press("2", "escape")
        await palette(console, "/gate")
        assert console.area == "devices"
        assert "/gate" in console.lines[2]
        await console.press("comma")
        assert "/gate" not in console.lines[2]
        await palette(console, f"bookmark {user.lower()}")
        await console.press("B")
        assert console.lines[-1].startswith(" No bookmark any more")
        assert [title for title, _ in await offered(console, "bookmark")] == ["Maasvlakte II", "/gate", "bookmark"]


async def test_a_record_beside_the_tree_is_kept_in_its_own_list(demo: Database) -> None:
    async with opened(console_on(demo), (120, 40)) as console:
        await palette(console, "customer antwerp")
        await console.press("enter", "down", "down")
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        assert screen.edited.row is not None
        device = screen.edited.row.name
        await console.press("B", "escape", "home", "B")
        assert [title for title, _ in await offered(console, "bookmark")][:2] == [device, "Harbor Monitoring"]
        await palette(console, f"bookmark {device.lower()}")
        assert (console.area, under_cursor(console)) == ("devices", device)


async def test_nothing_of_one_user_is_left_to_the_next(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await palette(console, "customer antwerp")
        await console.press("B", "2", "slash", *"server", "enter", "B", "3", "down")
        await console.switch("okafor")
        console.forget_toasts()
        await console.press("comma")
        assert console.lines[-1].startswith(" There is nothing to go back to")
        await console.press("full_stop")
        assert console.lines[-1].startswith(" There is nothing to go forward to")
        assert await offered(console, "bookmark") == [("bookmark", "")], "the command alone"
        assert await offered(console, "antwerp") == []
        await console.press("2", "down", "B")
        mine = under_cursor(console)
        assert [title for title, _ in await offered(console, "bookmark")] == [mine, "bookmark"]
        await console.switch("devries")
        assert [title for title, _ in await offered(console, "bookmark")] == ["Antwerp", "/server", "bookmark"]


async def test_what_may_not_be_seen_any_more_is_as_what_is_gone(demo: Database) -> None:
    workspace = Workspace(demo, at=NOON)
    admin = workspace.sign_in("h.devries")
    said: list[tuple[object, ...]] = []
    for hide in (True, False):
        async with opened(console_on(demo, "olga"), (80, 24)) as console:
            await console.press("2", "slash", *"yard camera", "enter", "down", "escape", "down")
            name = under_cursor(console)
            screen = console.app.screen
            assert isinstance(screen, ListScreen)
            await console.press("B", "3")
            device = screen.records.row.id
            state = admin.open_record("device", device)
            after = None
            if hide:
                (hidden,) = admin.rows(Listing("customers", "training academy"), Part(3))
                after = replace(state.state, customer=hidden.id, site=None)
            admin.save([Edit("device", device, state.state, after, state.revision)])
            console.app.look_for_changes()
            await console.settle()
            console.forget_toasts()
            found = await offered(console, "bookmark")
            await palette(console, "bookmark")
            said.append((found[0], console.toasts, console.area))
            console.forget_toasts()
            await console.press("comma")
            said[-1] += (console.toasts, console.area)
            assert name not in str(said)
    assert said[0] == said[1]
    assert said[0][:2] == (("bookmark", "it is not there any more"), ["bookmark: it is not there any more"])
    assert said[0][3] == ["It is not there any more."]


def test_a_trail() -> None:
    trail, (a, b, c) = Trail(), (Place("users", number) for number in range(3))
    assert trail.step(a, forward=False) is None
    trail.leave(a)
    trail.leave(a)
    trail.leave(b)
    assert trail.step(c, forward=False) == b
    assert trail.step(b, forward=False) == a
    assert trail.step(a, forward=False) is None
    assert trail.step(a, forward=True) == b
    trail.leave(b)
    assert trail.step(c, forward=True) is None, "whoever goes elsewhere has nothing ahead"
    assert trail.step(b, forward=False) == a, "where one is is no place to go back to"
    for number in range(1000):
        trail.leave(Place("users", number))
    assert sum(trail.step(None, forward=False) is not None for _ in range(1000)) == 100


def test_bookmarks() -> None:
    kept = Bookmarks([Place("users", 1)])
    assert kept.toggle(Place("devices", None, "gate"))
    assert list(kept) == [Place("users", 1), Place("devices", None, "gate")]
    assert not kept.toggle(Place("users", 1))
    assert list(kept) == [Place("devices", None, "gate")]
    assert Place("devices", 7, "gate").kept == Place("devices", None, "gate")
    assert Place("devices", 7).kept == Place("devices", 7)
    assert Place("devices").kept is None


async def test_a_place_on_its_way_is_not_shown_to_the_next_user(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "slash", *"server", "enter", "1")
        session = console.app.session
        console.app.go_to(Place("devices", None, "server"))
        console.app.session = console.app.workspace.sign_in("t.okafor")  # type: ignore[union-attr]
        await console.settle()
        assert console.area == "customers"
        console.app.session = session
        console.app.go_to(Place("devices", None, "server"))
        await console.settle()
        assert console.area == "devices"
