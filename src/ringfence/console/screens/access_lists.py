"""Who may do something to a record, and what a user may do: lists that ask for themselves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType

from ringfence.console.asked_about import AskedAbout
from ringfence.console.cells import access, explaining, records
from ringfence.console.questions import Asks
from ringfence.console.screens.choose_permission import ChoosePermission
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.text import Cell, capital, fit, many, number
from ringfence.console.widgets.flow import exact
from ringfence.console.widgets.held_table import HeldTable
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.paint import Part
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.permission import BY_KEY
from ringfence.domain.registry import EDITED
from ringfence.services.explained import HIDDEN

if TYPE_CHECKING:
    from ringfence.domain.kind import Kind
    from ringfence.services.explained import Holder, Rights
    from ringfence.services.workspace import Session

MOST: Final = 500
"""So many users are shown; the command line lists all."""
_KEYS: Final = ("f another", "Enter why · f another")
"""What is said of the keys, as there is room for it."""
_BESIDE: Final = "Tab: f another"
"""The same where other keys come first."""
_ROOM: Final = 64


class _Asked(HeldTable, Asks):
    """A table below a line that says what was asked, which ``f`` asks of something else."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f", "another", "another")]

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.on_count: Callable[[str], object] = lambda _: None
        """Is told how many there are."""

    @property
    @abstractmethod
    def asked(self) -> Sequence[Cell]:
        """What was asked."""

    @property
    @abstractmethod
    def by_command(self) -> str:
        """The command that says the same."""

    @abstractmethod
    def action_another(self) -> None:
        """Asks of something else."""

    @property
    def header_height(self) -> int:
        return 2

    def header_line(self, y: int, width: int) -> Sequence[Part]:
        if y:
            return super().header_line(y - 1, width)
        keys = _KEYS[width >= _ROOM] if self.has_focus else _BESIDE
        room = max(1, width - len(keys) - 2)
        return [*exact([Cell(" "), *self.asked], room), (fit(f" {keys}", width - room), "quiet")]

    def clear(self) -> None:
        """Shows nothing."""
        self.drop("access")
        self.show((), nothing="")

    def _look(self, look: Callable[[Session], Any], take: Callable[[Any], object], *, anew: bool) -> None:
        if anew:
            self.show((), nothing="")
            self.wait()
        self.ask("access", look, take, lambda reason: self.fail(f"{capital(reason)}."))


class WhoList(_Asked):
    """The users who hold a permission on a record, by login, of whom the first ``MOST`` are shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(columns=access.WHO, cells=access.holder, row_id=lambda one: one.user.id, noun="user", id=id)
        self.about: tuple[Kind, str] | None = None
        self.permission = ""
        self._found: Sequence[Holder] = ()

    @property
    def asked(self) -> Sequence[Cell]:
        if not self.permission:
            return ()
        label = BY_KEY[self.permission]
        return [Cell("may "), Cell(label.label, "strong"), Cell(f" ({label.section})", "quiet")]

    @property
    def by_command(self) -> str:
        kind, key = self.about or (CUSTOMERS, "")
        return f"ringfence who {self.permission} {kind.noun}:{key}"

    def show_of(self, noun: str, key: str) -> None:
        """Shows who may view a record, by its kind and key, or do what was asked about before to one of its kind."""
        kind = EDITED[noun]
        if self.about is None or self.about[0] is not kind:
            self.permission = kind.right("view")
        anew, self.about = self.about != (kind, key), (kind, key)
        self._ask(anew=anew)

    def again(self) -> None:
        """Asks again."""
        if self.about is not None:
            self._ask(anew=False)

    def _ask(self, *, anew: bool) -> None:
        assert self.about is not None
        kind, key = self.about
        if not key:
            self.empty("This is the provider itself: ask about what is below it.")
            return
        permission, record = self.permission, f"{kind.noun}:{key}"
        take = partial(self._take, anew)
        self._look(lambda session: session.who(permission, record, MOST + 1), take, anew=anew)

    def _take(self, anew: bool, found: tuple[Holder, ...]) -> None:
        more = self.by_command if len(found) > MOST else ""
        shown = self._found = found[:MOST]
        rows = [one for one in shown if not one.everything]
        self.show(rows, access.below(shown, more=more), nothing="Nobody may whom you may list.", anew=anew)
        self.on_count(f"{number(len(shown))}{'+' if more else ''}")

    def place_parts(self) -> list[str]:
        """All of them are counted, who may do everything too, as in the tab."""
        parts = super().place_parts()
        below = sum(one.everything for one in self._found)
        return [many(len(self.rows) + (0 if self.search else below), self.noun), *parts[1:]] if parts else parts

    def clear(self) -> None:
        self.about = None
        super().clear()

    def action_another(self) -> None:
        """Asks about another permission, of those that say something of such a record."""
        if self.about is None:
            return
        keys = explaining.permissions_of(self.about[0])

        def chosen(at: int | None) -> None:
            if at is not None:
                self.permission = keys[at]
                self._ask(anew=True)

        self.app.push_screen(ChoosePermission("Who may do what?", keys, self.permission), chosen)

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """Says of the user under the cursor why they may."""
        message.stop()
        if self.row is not None and self.about is not None:
            kind, key = self.about
            self.ringfence.open("why", AskedAbout(kind.noun, key, self.permission, self.row.login))


class RightsList(_Asked):
    """All permissions, and which of them a user holds: over how many customers, or at one of them."""

    def __init__(self, login: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            columns=access.RIGHTS, cells=access.right, row_id=lambda one: one.permission, noun="permission", id=id
        )
        self.login = login
        self.at: tuple[str, str] | None = None
        """The customer at which it is asked, by key and name; None for anywhere."""

    @property
    def asked(self) -> Sequence[Cell]:
        if self.at is None:
            return [Cell("what they may do, and over how many customers", "strong")]
        return [Cell("at "), Cell(self.at[1], "strong")]

    @property
    def by_command(self) -> str:
        return " ".join(("ringfence rights", self.login, *([self._record] if self._record else [])))

    @property
    def _record(self) -> str | None:
        return None if self.at is None else f"{CUSTOMERS.noun}:{self.at[0]}"

    def again(self, *, anew: bool = False) -> None:
        """Asks, or asks again."""
        login, record = self.login, self._record
        self._look(lambda session: session.rights(login, record), partial(self._take, anew), anew=anew)

    def _take(self, anew: bool, found: Rights) -> None:
        self.show(found.rights, [HIDDEN] if found.hidden else [], nothing="", anew=anew)
        self.on_count(access.held(found))

    def action_another(self) -> None:
        """Asks what the user may do at a customer."""

        def chosen(record: Any) -> None:
            if record is not None:
                self.at = (record.key, record.name) if record.key else None
                self.again(anew=True)

        columns, cells = records.columns(CUSTOMERS), records.cells(CUSTOMERS)
        anywhere = [(0, "Anywhere: over how many customers")]
        self.app.push_screen(ChooseRecord("At which customer?", CUSTOMERS.name, columns, cells, extra=anywhere), chosen)

    def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """Says of the permission under the cursor why the user holds it at the customer, or does not."""
        message.stop()
        if self.at is None:
            self.notify("At which customer? f chooses one.", markup=False)
        elif self.row is not None:
            self.ringfence.open("why", AskedAbout(CUSTOMERS.noun, self.at[0], self.row.permission, self.login))
