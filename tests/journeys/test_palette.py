"""The palette by its names: what it finds first, what it goes to, and what it does not tell."""

from __future__ import annotations

import pytest
from support.console import Console, console_on, opened

from ringfence.console.palette import Offer, fitting
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.screens.palette import PaletteScreen
from ringfence.storage.engine import Database


async def enter(console: Console, text: str, key: str = "colon") -> None:
    """Types a whole line faster than anything is found, and Enter after it."""
    await console.press(key)
    await console.hurry(*("space" if letter == " " else letter for letter in text), "enter")


def titles(console: Console) -> list[str]:
    screen = console.app.screen
    assert isinstance(screen, PaletteScreen)
    return [offer.title for offer in screen.found.offers]


@pytest.mark.parametrize(
    ("typed", "area"),
    [
        ("devices", "devices"),
        ("users", "users"),
        ("roles", "roles"),
        ("security groups", "security-groups"),
        ("customer-groups", "customer-groups"),
        ("audit", "audit"),
        (":devices", "devices"),
        ("Go to the users", "users"),
    ],
)
async def test_every_screen_is_gone_to_by_its_name(typed: str, area: str, demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await enter(console, typed, "colon" if typed[0] != ":" else "ctrl+p")
        assert console.area == area
        await enter(console, "customers")
        assert console.area == "customers"


async def test_themes_are_put_on_by_name(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await enter(console, "theme daylight")
        assert console.app.theme == "daylight"
        await console.press("colon")
        await console.type("theme")
        assert len(titles(console)) == 9
        assert all(title.startswith("theme ") for title in titles(console))
        await console.press("escape")
        assert console.app.theme == "daylight"


async def test_q_leaves(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await enter(console, "q")
        assert not console.app.is_running or console.app._exit
    assert console.app.return_code == 0


async def test_a_customer_is_found_as_far_as_one_sees(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("3")
        await enter(console, "customer rotterdam")
        screen = console.app.screen
        assert isinstance(screen, CustomersScreen)
        assert screen.forest.row is not None
        assert screen.forest.row.name == "Rotterdam"
        assert "Northwind Logistics › Rotterdam" in console.lines[2]
        await console.switch("okafor")  # who sees Rotterdam, and nothing above it
        for hidden in ("antwerp", "no such name"):
            await console.press("colon")
            await console.type(f"customer {hidden}")
            assert titles(console) == []
            assert "There is no such customer." in console.text
            await console.press("enter")
            assert isinstance(console.app.screen, PaletteScreen), "there is nothing to go to"
            await console.press("escape")
        await console.press("colon")
        await console.type("customer rot")
        assert titles(console) == ["Rotterdam"]
        assert "Northwind" not in console.text


async def test_customer_alone_waits_for_the_name(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await enter(console, "customer")
        assert isinstance(console.app.screen, PaletteScreen)
        await console.type("maasvlakte ii")
        assert titles(console)[0] == "Maasvlakte II"
        await console.press("enter")
        assert "Maasvlakte II" in console.lines[2]


async def test_what_is_off_is_listed_with_its_reason(demo: Database) -> None:
    async with opened(console_on(demo, "olga"), (80, 24)) as console:
        await console.press("2", "colon")
        await console.type("new")
        assert titles(console)[0] == "new"
        assert "off: you may not create devices (device.create)" in console.text
        await console.press("enter")
        assert console.area == "devices"
        assert console.toasts[0].startswith("new: you may not create devices (device.create)")


async def test_nothing_leads_away_from_a_draft(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "down", "B", "e")
        await console.type("x")
        form = console.app.screen
        for typed, title in (("devices", "Devices"), ("customer", "customer …"), ("bookmark", ""), ("roles", "Roles")):
            await console.press("ctrl+p")
            await console.type(typed)
            assert titles(console)[0] == title or not title
            assert "off: go back from here first" in console.text
            await console.press("enter")
            assert console.app.screen is form
            assert console.toasts[-1].endswith(": go back from here first")
            console.forget_toasts()
        await console.press("ctrl+p")
        await console.type("customer rotterdam")
        assert titles(console) == ["customer …"], "nobody is looked for"
        await console.press("escape")
        await enter(console, "theme daylight", "ctrl+p")
        assert console.app.theme == "daylight"
        assert console.app.screen is form


async def test_names_come_before_sentences(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "colon")
        await console.type("copy")
        assert titles(console)[:1] == ["copy"]
        await console.press("escape", "colon")
        await console.type("export")
        await console.press("enter")
        assert "Export" in console.text
        assert not isinstance(console.app.screen, PaletteScreen)


def test_how_well_an_offer_fits() -> None:
    def offer(title: str, says: str = "", *names: str) -> Offer:
        return Offer(title, says, lambda: None, names)

    sentence = offer("put here", "Put what was moved into the device.")
    inner = offer("list devices")
    begun = offer("devices of it")
    whole = offer("other", "", "devices")
    known = [sentence, inner, begun, whole]
    assert fitting(known, ":Devices") == [whole, begun, inner]
    assert fitting(known, " device ") == [begun, whole, inner, sentence]
    assert fitting(known, "moved what") == [sentence], "words in any order"
    assert fitting(known, "") == known
    assert fitting(known, "nothing of it all") == []


async def test_help_is_searched_by_typing(demo: Database) -> None:
    async with opened(console_on(demo), (80, 24)) as console:
        await console.press("2", "question_mark")
        assert "Make a new one." in console.text
        await console.type("clipboard")
        assert "Copy the marked rows or this one to your clipboard." in " ".join(console.text.replace("│", " ").split())
        assert "Make a new one" not in console.text
        await console.press(*["backspace"] * 9)
        await console.type("zzz")
        assert "No key says that." in console.text
        await console.press("question_mark", "1", "question_mark")
        await console.type("zoom")
        assert "Show the pane that has the focus alone, or both again." in console.text
        await console.press(*["backspace"] * 4)
        await console.type("room")
        assert "<" in console.text
        assert "less_than_sign" not in console.text
        await console.press("question_mark")
        assert console.area == "customers"
