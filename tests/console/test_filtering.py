"""Filtering in the console: by words and columns, and what is said beside a filter that cannot be understood."""

from __future__ import annotations

from support.console import Console, console_on, opened

from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.screens.customers import CustomersScreen
from ringfence.console.widgets.filter_bar import FilterBar
from ringfence.domain import display
from ringfence.domain.customer import CUSTOMERS
from ringfence.storage.engine import Database


async def typed(console: Console, text: str) -> None:
    """Types into the filter, anew."""
    bar = console.app.screen.query_one(FilterBar)
    await console.press(*["slash"] * (not bar.has_focus), *["backspace"] * len(bar.value))
    await console.type(text)


def row(console: Console, at: int = 2) -> str:
    """The row of the breadcrumbs, where the filter stands too."""
    return console.lines[at]


async def test_words_and_columns_by_keys(demo: Database) -> None:
    async with opened(console_on(demo, "h.devries")) as console:
        await console.press("2")
        every = console.text
        await typed(console, "kind:camera -gate")
        assert "/kind:camera -gate" in row(console)
        assert "camera" in console.text
        assert "Gate" not in console.text.replace("-gate", "")
        await console.press("enter", "escape")
        assert console.text == every
        await typed(console, "customer:rotterdam thermo")
        assert "Rotterdam" in console.text
        assert " of 498" in row(console)


async def test_what_cannot_be_understood_is_said_beside_the_filter(demo: Database) -> None:
    """And the list stays as it was; it goes on once the filter can be understood again."""
    async with opened(console_on(demo, "h.devries")) as console:
        await console.press("2")
        await typed(console, "kind:camera")
        shown = console.lines[3:-3]
        await console.press("home", "x")
        assert "no column “xkind”: quotes seek it" in row(console)
        assert "/" not in row(console)
        assert console.lines[3:-3] == shown
        await typed(console, "kind:thermometer")
        assert "no column" not in console.text
        assert "thermometer" in console.text
        await typed(console, "x:y")
        await console.press("enter", "escape")
        assert "no column" not in console.text


async def test_the_tree_says_it_too(demo: Database) -> None:
    async with opened(console_on(demo, "h.devries")) as console:
        await typed(console, "-dekker maas")
        assert "Maasvlakte" in console.text
        await console.press("home", "right", "x", "y")
        shown = console.lines[3:-3]
        await console.press("colon")
        assert "no column “xy”" in row(console)
        assert console.lines[3:-3] == shown


async def test_the_line_and_help_say_how(demo: Database) -> None:
    async with opened(console_on(demo, "h.devries")) as console:
        await console.press("2", "slash")
        assert display.placeholder(CUSTOMERS) == CustomersScreen.FILTERS
        assert 'Name, unit id, kind, site or customer · -without ^beginning "a phrase"' in console.text
        await console.press("escape", "question_mark")
        await console.type("column")
        assert "The filter" in console.text
        assert "kind:word" in console.text
        assert "^word" in console.text


async def test_choosing_a_user_takes_the_same_words(demo: Database) -> None:
    """F2 seeks words one by one, in what it says of each: the home and the provider too."""
    async with opened(console_on(demo, "h.devries"), (120, 40)) as console:
        await console.press("f2")
        for text, found in (
            ("brandt olga", {"olga"}),
            ('"brandt olga"', set()),
            ("home:northwind", {"g.moreau"}),
            ("-provider:harbor", {"astrid", "n.eriksen"}),
            ("state:inactive", {"b.janssens"}),
        ):
            await console.type(text)
            lines = console.text.splitlines()[1:]
            known = ("olga", "g.moreau", "astrid", "n.eriksen", "b.janssens", "t.okafor")
            assert {login for login in known if any(f" {login} " in line for line in lines)} == found, text
            assert bool(found) != ("Nobody matches." in console.text)
            await console.press(*["backspace"] * len(text))


async def test_what_cannot_be_understood_while_one_chooses_a_user(demo: Database) -> None:
    """It is said below the list, the list stays, and Enter chooses nobody."""
    async with opened(console_on(demo, "h.devries")) as console:
        await console.press("f2")
        await console.type("olga")
        assert "Olga Brandt" in console.text
        await console.type(" o:red")
        assert "no column “o”: quotes seek it" in console.text
        assert "Olga Brandt" in console.text
        await console.press("enter")
        assert isinstance(console.app.screen, ChooseUser)
        await console.press(*["backspace"] * len(" o:red"))
        assert "no column" not in console.text
        await console.press("enter")
        assert "olga" in console.lines[0]
