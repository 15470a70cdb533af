"""Records from a file: what is in it, everything that is wrong with it, and loading it when told to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual import events, on
from textual.app import ComposeResult

from ringfence.console.cells.importing import lines
from ringfence.console.changing import MANY, save
from ringfence.console.commands.command import Command, bindings
from ringfence.console.commands.everywhere import BESIDE
from ringfence.console.commands.exchange import SUFFIXES
from ringfence.console.screens.area import CommandScreen, refresh_below
from ringfence.console.screens.choose_file import ChooseFile
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.report import ReportScreen
from ringfence.console.text import Cell, Said, capital, many, number, width_of
from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.flow import exact, flow
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, Spec, ToggleSpec
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import RingfenceError, SessionEnded
from ringfence.domain.registry import EDITED
from ringfence.services.importing import report, said, said_where, source_of

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.domain.kind import StateKind
    from ringfence.services.editing import Progress
    from ringfence.services.importing import Import
    from ringfence.services.workspace import Session

_COMMANDS: Final[tuple[Command[ImportScreen], ...]] = (
    Command(
        "save",
        "ctrl+s",
        "Load the rows that are good.",
        lambda screen: screen.load(),
        footer="load",
        unless=lambda screen: screen.why_not(),
        changes=True,
    ),
    Command(
        "read_again",
        "ctrl+r,f5",
        "Read the file again, once it was put right.",
        lambda screen: screen.read(),
        footer="read again",
        unless=lambda screen: "it is being loaded" if screen.busy else "",
    ),
    Command(
        "copy", "y", "Copy what is told of the file to your clipboard.", lambda screen: screen.copy(), footer="copy"
    ),
    Command(
        "leave",
        "escape",
        "Go back; nothing is loaded.",
        lambda screen: screen.app.pop_screen(),
        footer="back",
        unless=lambda screen: "it is being loaded" if screen.busy else "",
        palette=False,
    ),
    *BESIDE,
)
_LONG: Final = 50_000
"""A file of so many bytes takes long enough to be watched, and cancelled."""
_CUSTOMERS: Final = (
    Column("name", "Name", 20, grow=1, sortable=True),
    Column("owner", "In", 20, grow=1, style="quiet"),
)


class _Told(LineList):
    """What is told of the file. Lines that are too long are broken."""

    def __init__(self) -> None:
        super().__init__()
        self._told: Sequence[Said] = ()
        self._flowed: list[list[Cell]] = []

    def show(self, told: Sequence[Said]) -> None:
        """Shows lines from the first on."""
        self._told = told
        self._lay_out()
        self.cursor = 0

    def _lay_out(self) -> None:
        width = max(10, self.size.width - 3)
        self._flowed = []
        for line in self._told:
            if isinstance(line, Cell | str):
                cell = line if isinstance(line, Cell) else Cell(line)
                line = [cell]
                if len(cell.text) * 2 <= width or width_of(cell.text) <= width:  # of very many lines, most
                    self._flowed.append([cell])
                    continue
            self._flowed += flow(line, width)
        self.ready()
        self.set_count(len(self._flowed))

    def on_resize(self, event: events.Resize) -> None:
        """Breaks the lines anew."""
        del event
        self._lay_out()

    def line(self, index: int, width: int) -> Sequence[Part]:
        return exact([Cell(" "), *self._flowed[index]], width)

    def view_changed(self) -> None:
        view = self.in_view
        more = self.count > self.page_height
        self.set_subtitle(f"{number(view.start + 1)}–{number(view.stop)} of {number(self.count)}" if more else "")


class ImportScreen(CommandScreen, inherit_bindings=False):
    """A file of records of a kind: read as soon as it is chosen, loaded when that is said. ``home`` is the customer
    that new ones belong to where their row does not say so."""

    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ImportScreen Form { height: 5; }
    ImportScreen.-bad Form { height: 6; }
    ImportScreen LineList { height: 1fr; }
    """

    def __init__(self, kind: StateKind, path: str, home: Home | None) -> None:
        super().__init__()
        self.kind = EDITED[kind]
        self.title_here = f"Import {self.kind.several}"
        self._path = Path(os.path.expanduser(path))
        self._home = home
        self._top: Home | None = None
        self._found: Import | None = None
        self._skip = False
        self.busy: bool = False
        """Whether the rows are being loaded at this moment."""
        self._failure = ""

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        return self.COMMANDS_HERE

    def compose(self) -> ComposeResult:
        yield TitleBar(app_name="◎ ringfence")
        yield NavBar(items=self.numbered)
        yield Breadcrumbs()
        yield Form()
        yield _Told()
        first = ("help", "save", "read_again", "copy", "leave")
        yield self.key_bar(first, ("save", "leave"))

    def on_mount(self) -> None:
        """Shows whose view this is, and reads the file."""
        self.show_standing()
        self.mark_area(self._area)
        self.query_one(Form).set_title("Import")
        self._told.set_title("What is in it")
        self._say()
        self.form.focus()
        self.read()

    @property
    def _area(self) -> str:
        """The numbered screen that it was opened from."""
        return self.kind.name if self._home is None and self.kind.display.area is not None else CUSTOMERS.name

    @property
    def form(self) -> Form:
        """The file, and what is to be done with it."""
        return self.query_one(Form)

    @property
    def _told(self) -> _Told:
        return self.query_one(_Told)

    # Reading.

    def read(self) -> None:
        """Reads the file as it is now, and says what loading it would do."""
        path, customer, kind = self._path, self._home[0] if self._home is not None else None, self.kind
        if self.busy:
            return
        self._found, self._failure = None, ""
        self._say()

        def look(session: Session, progress: Progress | None = None) -> Any:
            try:
                found = session.read_import(source_of(path), customer, progress, kind=kind.noun)
                return found, session.home_of_new(kind.right("create"))
            except SessionEnded:
                raise
            except RingfenceError as error:
                return error

        self._do("Reading the file", look, self._was_read, long=_size(path) > _LONG)

    def _was_read(self, found: Any) -> None:
        if found is None or isinstance(found, Exception):
            self._failure = str(found or "cancelled: the file was not read")
        else:
            self._found, self._top = found
        self._skip = False
        self._say()

    def _do(self, title: str, work: Callable[..., Any], take: Callable[[Any], None], *, long: bool) -> None:
        if long:
            self.ringfence.open("working", title, work, then=take)
            return

        def failed(reason: str) -> None:
            self.ringfence.tell_failure(reason)
            take(None)

        self.ask("work", work, take, failed)

    # What is told.

    def _say(self) -> None:
        self.query_one(Breadcrumbs).set_path([self.title_here, self._path.name])
        self.set_class(self._may_skip, "-bad")
        self.form.set_fields(self._fields())
        self.form.go_to("load")
        if self._failure:
            self._told.show([Cell(f"! {capital(self._failure)}.", "attention")])
        else:
            self._told.show(lines(self._found) if self._found is not None else [Cell("…", "quiet")])
        self.app.refresh_bindings()

    @property
    def _may_skip(self) -> bool:
        return self._found is not None and bool(self._found.faults) and bool(self._found.edits)

    def _fields(self) -> list[Spec]:
        home = self._home or self._top
        nowhere = "…" if self._found is None else "nowhere: you may make none"
        whose = f"{home[1]}, where a row does not say" if home else nowhere
        fields: list[Spec] = [
            PickSpec("file", "File", str(self._path), action="choose"),
            PickSpec("home", "New ones to", whose, action="choose"),
        ]
        if self._found is not None and self._may_skip:
            good, bad = number(self._found.good), number(self._found.bad)
            fields.append(
                ToggleSpec("skip", "Bad rows", self._skip, f"load the {good} good rows, and leave the {bad} bad")
            )
        why = self.why_not()
        fields.append(PickSpec("load", "Load", capital(why) if why else self._what(), "" if why else "load"))
        return fields

    def _what(self) -> str:
        assert self._found is not None
        parts = [(self._found.new, "new"), (self._found.changed, "changed")]
        said = " and ".join(f"{number(count)} {what}" for count, what in parts if count)
        return f"{said} {self._named(len(self._found.edits))}"

    def _named(self, count: int) -> str:
        return self.kind.said if count == 1 else self.kind.several

    def why_not(self) -> str:
        """Why nothing can be loaded."""
        if self.busy:
            return "it is being loaded"
        if self._found is None:
            return "the file was not read" if self._failure else "it is still being read"
        if self._found.edits:
            bad = many(self._found.bad, "row")
            off = f"{bad} {'is' if self._found.bad == 1 else 'are'} bad: put them right, or say above to leave them"
            return off if self._found.faults and not self._skip else ""
        return "nothing in it is new or different" if self._found.good or not self._found.faults else "no row is good"

    # Changing.

    @on(Form.Changed)
    def changed(self, message: Form.Changed) -> None:
        """Takes whether bad rows are to be left out."""
        message.stop()
        self._skip = bool(message.value)
        *_, load = self._fields()
        assert isinstance(load, PickSpec)
        self.form.update("load", text=load.text, action=load.action)
        self.app.refresh_bindings()

    @on(Form.Activated)
    async def activated(self, message: Form.Activated) -> None:
        """Chooses another file or customer, or loads."""
        message.stop()
        if message.name == "load":
            await self.action_command("save")
        elif message.name == "file":
            self._choose_file()
        else:
            self._choose_home()

    def _choose_file(self) -> None:
        def chosen(path: str | None) -> None:
            if path is not None:
                self._path = Path(os.path.expanduser(path))
                self.read()

        self.app.push_screen(ChooseFile(f"{self.title_here} from which file?", SUFFIXES), chosen)

    def _choose_home(self) -> None:
        def chosen(record: Any) -> None:
            if record is not None:
                self._home = record.id, record.name
                self.read()

        def drawn(row: Any) -> tuple[Any, ...]:
            return row.name, row.owner

        extra = [self._top] if self._top else []
        now = self._home[0] if self._home else 0
        self.app.push_screen(
            ChooseRecord(f"Customer of new {self.kind.several}", "customers", _CUSTOMERS, drawn, extra=extra, now=now),
            chosen,
        )

    # Loading.

    def load(self) -> None:
        """Loads the good rows: in a thread, all of them or none."""
        found = self._found
        if found is None:
            return

        def work(session: Session, progress: Progress | None = None) -> Any:
            return save(session, found.edits, progress)

        self.busy = True
        title = f"Loading {number(len(found.edits))} {self._named(len(found.edits))}"
        self._do(title, work, self._loaded, long=len(found.edits) >= MANY)

    def _loaded(self, saved: Any) -> None:
        profile = self.ringfence.profile
        self.busy = False
        if saved is None or self._found is None:  # cancelled: nothing was changed
            return
        if isinstance(saved, Exception):
            self.ringfence.tell_failure(f"{saved}: nothing was loaded")
            self.read()
            return
        who, when = profile.login if profile else "", datetime.now(UTC)
        text = report(self._found, self._path.name, who, when, saved.change, kind=self.kind.noun)
        made = min(((-own, new) for own, new in saved.created.items()), default=None)
        refresh_below(self, (self.kind.noun, made[1]) if made is not None else None)
        self.app.switch_screen(
            ReportScreen(self._area, [self.title_here, self._path.name, "Report"], text, saved.change)
        )

    def copy(self) -> None:
        """Puts what is told on the operator's own clipboard."""
        if self._found is None:
            self.notify("There is nothing to copy yet.", markup=False)
            return
        text = "\n".join((said(self._found), *said_where(self._found), *self._found.faults, *self._found.warnings))
        self.app.copy_to_clipboard(text)
        self.notify(f"Copied {number(text.count(chr(10)) + 1)} lines.", markup=False, timeout=2)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
