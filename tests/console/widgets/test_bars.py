import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme

from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.key_bar import KeyBar, KeyState

from .host import Host, Things, screen_text

NAMES = ("Customers", "Devices", "Users", "Security", "Groups", "Roles", "Access")
STATES: dict[str, KeyState] = {"toggle_mark": "off", "filter": "gone"}
AREAS = [(name.lower(), str(place), name) for place, name in enumerate(NAMES, 1)]


class BarHost(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.title_bar = TitleBar(app_name="ringfence")
        self.nav = NavBar(items=AREAS)
        self.crumbs = Breadcrumbs()
        self.picked: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.title_bar
        yield self.nav
        yield self.crumbs

    def on_mount(self) -> None:
        self.title_bar.set_place("Harbor [b]Monitoring")
        self.title_bar.set_who("olga.brandt", "Operator · Production only", badge="RO")
        self.nav.set_current("devices")
        self.crumbs.set_path(["Harbor Monitoring", "Northwind Logistics", "Rotterdam"])
        self.crumbs.set_filter("ga\x1bte", "3 of 1,204")

    def on_nav_bar_picked(self, event: NavBar.Picked) -> None:
        self.picked.append(event.id)


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 120])
async def test_the_bars_fit(width: int) -> None:
    app = BarHost()
    async with app.run_test(size=(width, 5)) as pilot:
        await pilot.pause()
        lines = screen_text(app)[:3]
        assert all(cell_len(line) == width for line in lines)
        if width >= 40:
            assert lines[0].rstrip().endswith("RO")
            assert "olga.brandt" in lines[0]
            assert "2 Devices" in lines[1]
            assert "Rotterdam" in lines[2]
        if width >= 80:
            assert "/ga␛te  3 of 1,204" in lines[2]
            assert "Harbor [b]Monitoring" in lines[0]
            assert "7 Access" in lines[1]


async def test_what_goes_first() -> None:
    app = BarHost()
    async with app.run_test(size=(80, 5)) as pilot:
        assert "Operator · Production only" in screen_text(app)[0]
        await pilot.resize_terminal(60, 5)
        await pilot.pause()
        assert "Operator" not in screen_text(app)[0]
        assert "Harbor [b]Monitoring" in screen_text(app)[0]
        assert screen_text(app)[2].startswith(" … › ")


async def test_a_theme_that_differs_in_one_word_is_seen_at_once() -> None:
    def drawn() -> set[str]:
        return {
            Color.from_rich_color(segment.style.color).hex
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.text.strip() and segment.style and segment.style.color
        }

    app = BarHost()
    for name, muted in (("one", "#123456"), ("other", "#654321")):
        app.register_theme(Theme(name, primary="#ff0000", background="#000000", variables={"text-muted": muted}))
    async with app.run_test(size=(80, 5)) as pilot:
        app.theme = "one"
        await pilot.pause()
        assert "#123456" in drawn()
        app.theme = "other"
        await pilot.pause()
        assert "#654321" in drawn()
        assert "#123456" not in drawn()


async def test_narrow_areas_keep_their_first_letters() -> None:
    app = BarHost()
    async with app.run_test(size=(60, 5)) as pilot:
        assert screen_text(app)[1].rstrip() == " 1 Cus 2 Devices 3 Use 4 Sec 5 Gro 6 Rol 7 Acc"
        await pilot.resize_terminal(40, 5)
        await pilot.pause()
        assert screen_text(app)[1].rstrip() == " 1 2 Devices 3 4 5 6 7"


async def test_an_area_is_picked_by_mouse() -> None:
    app = BarHost()
    async with app.run_test(size=(80, 5)) as pilot:
        await pilot.pause()
        await pilot.click(NavBar, offset=(screen_text(app)[1].index("3 Users") + 2, 0))
        await pilot.pause()
        assert app.picked == ["users"]


async def test_the_key_bar_follows_the_focus() -> None:
    app = Host(Things(10))
    async with app.run_test(size=(100, 12)) as pilot:
        await pilot.pause()
        assert screen_text(app)[-1].strip() == "? help  Space mark  / filter  ^q quit", "F2 is off"
        await pilot.press("slash")
        await pilot.pause()
        assert "Enter keep the filter  Esc clear the filter" in screen_text(app)[-1]
        assert "Space mark" not in screen_text(app)[-1]


async def test_the_key_bar_keeps_help_and_quit() -> None:
    app = Host(Things(10))
    async with app.run_test(size=(30, 12)) as pilot:
        await pilot.pause()
        assert screen_text(app)[-1].strip() == "? help  Space mark  ^q quit"
        await pilot.resize_terminal(20, 12)
        await pilot.pause()
        assert screen_text(app)[-1].strip() == "? help  ^q quit"


async def test_the_key_bar_uses_fewer_words_and_then_none() -> None:
    bar = KeyBar(
        keep=("help", "filter", "quit"),
        last=("filter", "quit"),
        state=lambda action: STATES.get(action, "on"),
        brief=lambda action: "sift" if action == "filter" else "",
    )
    app = Host(Things(10), key_bar=bar)
    async with app.run_test(size=(100, 12)) as pilot:
        for width, shown in (
            (100, "? help  (Space mark)  (/ filter)  ^q quit"),
            (40, "? help  (Space mark)  (/ sift)  ^q quit"),
            (30, "? help  (/ sift)  ^q quit"),
            (22, "? help  (/)  ^q quit"),
        ):
            await pilot.resize_terminal(width, 12)
            await pilot.pause()
            assert screen_text(app)[-1].strip() == shown


async def test_the_key_bar_says_what_a_key_has_come_to() -> None:
    app = Host(Things(10))
    async with app.run_test(size=(60, 12)) as pilot:
        app.key_bar.say("Moving something")
        app.key_bar.hint("w does nothing here")
        await pilot.pause()
        assert screen_text(app)[-1].strip() == "w does nothing here  ? help  Space mark  / filter  ^q quit"
        app.key_bar.hint("")
        await pilot.pause()
        assert screen_text(app)[-1].strip() == "Moving something  ? help  Space mark  / filter  ^q quit"
