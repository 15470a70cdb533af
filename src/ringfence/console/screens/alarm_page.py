"""One alarm on a page: what it is, what happened, and what there is to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.app import ComposeResult

from ringfence.console.cells import alarm_page
from ringfence.console.changing import ask_undo
from ringfence.console.commands.alarms import QUEUE
from ringfence.console.commands.command import Command, bindings, unless_signed_in
from ringfence.console.commands.declared import editable
from ringfence.console.commands.everywhere import BESIDE, REFRESH
from ringfence.console.commands.holders import ACCESS
from ringfence.console.commands.itself import Itself
from ringfence.console.commands.records import EDIT, HISTORY
from ringfence.console.commands.why import WHY_OF_ALARMS
from ringfence.console.places import Place
from ringfence.console.screens.area import CommandScreen
from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.page import Page
from ringfence.domain import clock, display
from ringfence.domain.alarm import ALARMS
from ringfence.domain.device import DEVICES

if TYPE_CHECKING:
    from ringfence.services.alarm_story import Story
    from ringfence.services.edited import Opened

_AGES_SECONDS: Final = 5.0
_COMMANDS: Final[tuple[Command[Any], ...]] = (
    *QUEUE,
    EDIT,
    HISTORY,
    ACCESS,
    Command(
        "device",
        "d",
        "Go to its device.",
        lambda screen: screen.go_to_device(),
        footer="device",
        unless_row=lambda screen: "" if screen.device is not None else "its device is not there, or not for you to see",
    ),
    Command(
        "undo",
        "u",
        "Take back your last change; asks first.",
        lambda host: ask_undo(host, None),
        footer="undo",
        unless=unless_signed_in,
        changes=True,
    ),
    Command("copy", "y", "Copy all that is said here to your clipboard.", lambda screen: screen.copy()),
    WHY_OF_ALARMS,
    REFRESH,
    Command("back", "escape", "Go back.", lambda screen: screen.app.pop_screen(), footer="back", palette=False),
    *BESIDE,
)


class AlarmPage(CommandScreen, inherit_bindings=False):
    """An alarm by its id. It is read again whenever something changes, by whomever."""

    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    AUTO_FOCUS = "Page"
    DEFAULT_CSS = "AlarmPage Page { height: 1fr; }"

    def __init__(self, alarm: int) -> None:
        super().__init__()
        self.alarm = alarm
        self.story: Story | None = None
        self._over = False
        """Whether it is to be left as soon as nothing is over it."""
        self._itself = Itself(self, editable(ALARMS))

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        return self.COMMANDS_HERE

    @property
    def opened(self) -> Opened | None:
        """The alarm as it was opened."""
        return self.story.around.opened if self.story is not None else None

    @property
    def edited(self) -> Itself:
        return self._itself

    @property
    def device(self) -> int | None:
        """Its device, where the viewer sees that."""
        return self.opened.state.device if self.opened is not None else None

    @property
    def live(self) -> bool:
        return True

    def compose(self) -> ComposeResult:
        yield TitleBar(app_name="◎ ringfence")
        yield NavBar(items=self.numbered)
        yield Breadcrumbs()
        yield Page()
        first = ("help", *(one.name for one in QUEUE), "device", "open", "undo", "back")
        yield self.key_bar(first, ("back",))

    def on_mount(self) -> None:
        """Shows whose view this is, and reads the alarm."""
        self.show_standing()
        self.mark_area(ALARMS.name)
        self._say_path("…")
        self.refresh_data()
        self.set_interval(_AGES_SECONDS, self._say)

    def on_screen_resume(self) -> None:
        """What was done in its form, or elsewhere, is seen."""
        if self._over:
            self.app.pop_screen()
        elif self.story is not None:
            self.refresh_data()

    def catch_up(self) -> None:
        self.show_standing()
        self.refresh_data()

    def refresh_data(self) -> None:
        own = self.alarm
        self.ask("story", lambda session: session.alarm_story(own), self._show, self._gone)

    def on_resize(self) -> None:
        """Says it for the width that there is now."""
        self.call_after_refresh(self._say)

    def go_to_device(self) -> None:
        """Goes to its device, in the list of all."""
        if (device := self.device) is not None:
            app = self.ringfence
            self.app.pop_screen()
            app.go_to(Place(DEVICES.name, device))

    def copy(self) -> None:
        """Puts what is said on the operator's own clipboard."""
        self.copy_out(self.query_one(Page).text)

    def _show(self, story: Story) -> None:
        self.story = story
        self._say_path(story.around.opened.state.name)
        self._say()
        self.query_one(KeyBar).read_again()

    def _say(self) -> None:
        if self.story is not None:
            shown = self.query_one(Page)
            shown.set_title(alarm_page.title(self.story))
            shown.set_subtitle(*alarm_page.stands(self.story, clock.now()))
            shown.say(alarm_page.page(self.story, shown.line_width - 1))

    def _say_path(self, name: str) -> None:
        self.query_one(Breadcrumbs).set_path([display.title(ALARMS), name])

    def _gone(self, reason: str) -> None:
        """It was deleted, or is not for the viewer any more: nothing of it stays."""
        self.ringfence.tell_failure(reason)
        self.story, self._over = None, True
        self.query_one(Page).say(())
        if self.app.screen is self:
            self.app.pop_screen()
