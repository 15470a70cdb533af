"""Why somebody may do something to a record, or may not: where their paths end, and what would open it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult

from ringfence.console.cells import explaining, records
from ringfence.console.changing import ask_undo, confirm_change
from ringfence.console.commands.command import SCREEN, Command, bind, bindings, display, unless_signed_in
from ringfence.console.commands.drafting import SAVE
from ringfence.console.commands.everywhere import BESIDE, REFRESH
from ringfence.console.commands.holders import ACCESS
from ringfence.console.questions import Answered, while_wanted
from ringfence.console.screens.area import AreaScreen, CommandScreen
from ringfence.console.screens.choose_permission import ChoosePermission
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.text import Cell, as_cell, capital, fit, number, width_of
from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.rows import Row, Rows
from ringfence.domain.errors import RingfenceError
from ringfence.domain.registry import EDITED
from ringfence.domain.user import USERS
from ringfence.services.explained import LAST_RESORT
from ringfence.wording import NOT_YOURS, fixes_said, listed

if TYPE_CHECKING:
    from ringfence.console.asked_about import AskedAbout
    from ringfence.services.editing import Edit
    from ringfence.services.explained import Fix, Fixes, Path, Why
    from ringfence.services.workspace import Session

_RESORT: Final = "last resort"
_INDENT: Final = 3
_WIDE: Final = 72
"""Cells of a screen that has room to say what the columns are of."""
_FRAME: Final = 6
"""Cells of the frame that no title stands on."""
_COLUMN: Final = 9
"""Cells at least of what a change opens besides: how many records, for how many others, with how many other rights."""


def _unless_others(screen: WhyScreen) -> str:
    return "" if USERS.permission in screen.ringfence.rights else "you may list no users: this is about yourself"


_CHOOSE: Final[Command[WhyScreen]] = Command(
    "choose",
    "enter",
    "Preview the change under the cursor, to save it; at a group, show the steps or leave them out.",
    lambda screen: screen.choose(),
    footer="preview",
    palette=False,
)
_COMMANDS: Final[tuple[Command[WhyScreen], ...]] = (
    _CHOOSE,
    Command(
        "another_permission",
        "f",
        "Ask about another permission.",
        lambda screen: screen.choose_permission(),
        footer="permission",
        unless=unless_signed_in,
    ),
    Command(
        "another_user",
        "f2,ctrl+u",
        "Ask about another user.",
        lambda screen: screen.choose_subject(),
        footer="user",
        unless=_unless_others,
    ),
    Command("copy", "y", "Copy all that is said here to your clipboard.", lambda screen: screen.copy(), footer="copy"),
    Command(
        "undo",
        "u",
        "Take back your last change; asks first.",
        lambda screen: ask_undo(screen, done=screen.refresh_data),
        footer="undo",
        unless=unless_signed_in,
        changes=True,
    ),
    REFRESH,
    Command("back", "escape", "Go back.", lambda screen: screen.app.pop_screen(), footer="back", palette=False),
    *BESIDE,
)


class WhyScreen(CommandScreen, inherit_bindings=False):
    """The answer to a question: the walls at once, and what would open the record once that is found."""

    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    AUTO_FOCUS = "Rows"
    DEFAULT_CSS = "WhyScreen Rows { height: 1fr; }"

    def __init__(self, asked: AskedAbout) -> None:
        super().__init__()
        self.kind = EDITED[asked.noun]
        self.asked = asked._replace(permission=asked.permission or self.kind.permission)
        self.found: Why | None = None
        self.fixes: Fixes | None = None
        self._seeking = False
        self._failed = ""
        self._told: set[Hashable] = set()
        """The groups whose steps are shown, and the changes of which it is said why they cannot be made."""

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        return self.COMMANDS_HERE

    def compose(self) -> ComposeResult:
        yield TitleBar(app_name="◎ ringfence")
        yield NavBar(items=self.numbered)
        yield Breadcrumbs()
        yield Rows()
        yield self.key_bar(("help", "choose", "another_permission", "another_user", "copy", "undo"), ("back",))

    @property
    def rows(self) -> Rows:
        """What is said."""
        return self.query_one(Rows)

    def on_mount(self) -> None:
        """Shows whose view this is, and asks."""
        bind(self.rows, (_CHOOSE,), SCREEN)
        self.show_standing()
        below = next((one for one in reversed(self.app.screen_stack) if isinstance(one, AreaScreen) and one.AREA), None)
        if below is not None:
            self.mark_area(below.AREA)
        self.rows.wait()
        self.refresh_data()

    def on_resize(self) -> None:
        """Says the question where there is room for it now."""
        if self.found is not None:
            self._draw()

    # Asking

    @property
    def login(self) -> str:
        """Whom it is about."""
        profile = self.ringfence.profile
        return self.asked.login or (profile.login if profile is not None else "")

    def refresh_data(self) -> None:
        """Asks anew; what was said stays until there is an answer."""
        self.drop("fixes")
        self._look(self._take)

    def catch_up(self) -> None:
        """Asks anew, too; where nothing is otherwise than it was, all stays, and the cursor where it is."""
        self._look(self._take_changed)

    def _look(self, take: Callable[[tuple[AskedAbout, Why]], object]) -> None:
        asked, login = self.asked, self.login

        def look(session: Session) -> tuple[AskedAbout, Why]:
            named = asked if asked.key else asked._replace(key=_key_of(session, asked))
            return named, session.why(login, named.permission, _record(named))

        self._say_path()
        self._ask("why", look, take, self._refused)

    def _ask(
        self,
        group: str,
        question: Callable[[Session], Any],
        take: Callable[[Any], object],
        failed: Callable[[str], None],
    ) -> None:
        """Asks for whoever sits here, be it that they look through another's eyes: what they may know is theirs."""
        asker = self.ringfence.real or self.ringfence.session
        if asker is not None:
            self.in_thread(group, lambda: question(asker), take, failed)

    def _take_changed(self, found: tuple[AskedAbout, Why]) -> None:
        before, why = self.found, found[1]
        sought = self.fixes is not None and not self._seeking
        if before is None or replace(why, at=before.at) != before or not (why.allowed or sought):
            self._take(found)

    def _take(self, found: tuple[AskedAbout, Why]) -> None:
        before = self.found
        self.asked, why = found
        self.found, self.fixes, self._failed = why, None, ""
        same = before is not None and (before.login, before.permission, before.allowed) == _about(why)
        if not same:
            self._told = {_named(one) for one in why.paths[:1]}
        self._seeking = not why.allowed
        self._draw()
        if not same:
            self.rows.cursor = 0
        if self._seeking:
            self._seek(why)
        else:
            self.drop("fixes")

    def _seek(self, why: Why) -> None:
        """Looks for what would open it: of very many changes it takes a while to know whether they may be made."""

        def seek(session: Session) -> Fixes | None:
            wanted = while_wanted()

            def so_far(found: Fixes) -> None:
                wanted("", 0, 0)
                self.post_message(Answered(lambda: self._take_some(why, found)))

            return session.fixes(why.login, why.permission, why.record, so_far=so_far)

        self._ask("fixes", seek, self._take_fixes, self._no_fixes)

    def _take_some(self, why: Why, found: Fixes) -> None:
        if why is self.found and self._seeking:
            self._show_fixes(found)

    def _refused(self, reason: str) -> None:
        self.drop("fixes")
        self.found = self.fixes = None
        self._seeking = False
        self._say_path()
        self.rows.set_title("Why")
        self.rows.set_subtitle()
        self.rows.fail(f"{capital(reason)}.")

    def _take_fixes(self, fixes: Fixes | None) -> None:
        self._seeking = False
        self._show_fixes(fixes)

    def _show_fixes(self, fixes: Fixes | None) -> None:
        if self.found is None:
            return  # it went away meanwhile
        rests = self.fixes is None and self.rows.cursor == self.rows.validate_cursor(0)
        self.fixes = fixes
        self._draw()
        if rests and fixes is not None and fixes.list:
            self.rows.go_to(fixes.list[0].changes)

    def _no_fixes(self, reason: str) -> None:
        self._seeking, self._failed = False, reason
        if self.found is not None:
            self._draw()

    # What is said

    def _say_path(self) -> None:
        self.query_one(Breadcrumbs).set_path(["Why", self.login, self.asked.permission, _record(self.asked)])

    def _draw(self) -> None:
        found = self.found
        assert found is not None
        self._say_path()
        title, room = explaining.question(found, self.kind), max(1, self.size.width - _FRAME)
        fits = width_of(title) <= room
        self.rows.set_title(title if fits else fit(found.called, min(room, width_of(found.called))))
        whole = [] if fits else [Row([Cell(title, "strong")]), Row([])]
        rows = [*whole, *self._answer(found), *self._opening(found)]
        wanted = [
            max(map(width_of, texts)) + 2 for texts in zip(*(one.beside for one in rows if one.beside), strict=True)
        ]
        self.rows.show(rows, [max(_COLUMN, one) for one in wanted])
        self.rows.set_subtitle(fixes_said(self.fixes) if self.fixes is not None and self.fixes.list else "")
        self.refresh_bindings()

    def _answer(self, found: Why) -> Iterator[Row]:
        yield Row([explaining.verdict(found)._replace(style="bad" if not found.allowed else "good")])
        if self.kind is USERS:
            key = display(self.ringfence.keys_of(ACCESS))
            yield Row([Cell(f"What {found.called} may do: {key} at their row (Rights).", "quiet")])
        yield Row([])
        told = [_named(one) in self._told for one in found.paths]
        lines = explaining.path_lines(found.paths, lambda one: _named(one) in self._told)
        for path, line, in_steps in zip(found.paths, lines, told, strict=True):
            yield Row(line, choice=_named(path))
            if in_steps:
                yield from map(Row, explaining.gate_lines(path, _INDENT))
        for rest in explaining.rest(found):
            yield Row([as_cell(rest)] if isinstance(rest, Cell | str) else list(map(as_cell, rest)))

    def _opening(self, found: Why) -> Iterator[Row]:
        if found.allowed:
            return
        yield Row([])
        fixes = self.fixes
        if fixes is None:
            said = (
                "Looking for what would open it…"
                if self._seeking
                else f"What would open it is not known: {self._failed}."
            )
            yield Row([Cell(said, "quiet")])
            return
        if fixes.list:
            more = [Cell(" · what else that opens", "quiet")] if self.size.width >= _WIDE else []
            yield Row([Cell("To open it", "strong"), *more], (self.kind.several, "others", "rights"))
            for fix in fixes.list:
                yield from self._fix(fix)
            if fixes.narrower:
                yield Row([Cell("Narrower, with one change more", "strong")])
                for fix in fixes.narrower:
                    yield from self._fix(fix)
            elif fixes.complete and not self._seeking:
                yield Row([Cell("Narrower, with one change more: none", "quiet")])
            if self._seeking:
                yield Row([Cell("Looking whether you may make the others…", "quiet")])
        else:
            yield Row([Cell("No small change of access opens it.", "strong")])
            if fixes.last_resort:
                yield from self._offer(Row([Cell(f"{LAST_RESORT} does")], (), _RESORT), self.ringfence.read_only)

    def _fix(self, fix: Fix) -> Iterator[Row]:
        least = "+" if fix.exact else ">="
        counts = tuple(f"{least}{number(one)}" for one in (fix.records, fix.users, fix.rights))
        yield from self._offer(Row([Cell(_what(fix))], counts, fix.changes), self._why_not(fix))

    def _offer(self, row: Row, why_not: str) -> Iterator[Row]:
        """A change, and below it that it is not theirs to make, and why; where some are and some are not, which."""
        (what,) = row.said
        yield row._replace(said=[Cell(capital(what.text), "quiet" if why_not else "")])
        if why_not:
            yield _below(f"{NOT_YOURS}: {why_not if row.choice in self._told else 'Enter says why'}")
        elif self.fixes is not None and not all(one.may for one in (*self.fixes.list, *self.fixes.narrower)):
            yield _below("yours to make: Enter previews it")

    def _why_not(self, fix: Fix) -> str:
        return self.ringfence.read_only or ("" if fix.may else fix.refusal)

    def copy(self) -> None:
        """Copies all of it, with the command that says it, too."""
        said = f"ringfence why {self.login} {self.asked.permission} {_record(self.asked)}"
        self.copy_out("\n".join((said, self.rows.text)) if self.found is not None else "")

    # Choosing

    @on(LineList.CursorMoved)
    def moved(self) -> None:
        """Says in the key bar what can be done here."""
        self.refresh_bindings()

    @on(LineList.Chosen)
    async def chosen(self) -> None:
        """A double click chooses, too."""
        await self.action_command(_CHOOSE.name)

    def _fix_here(self) -> Fix | None:
        fixes, choice = self.fixes, self.rows.choice if self.is_mounted else None
        found = [] if fixes is None else [one for one in (*fixes.list, *fixes.narrower) if one.changes == choice]
        return found[0] if found else None

    def key_says(self, name: str, text: str) -> str:
        if name == _CHOOSE.name:
            choice, fix = (self.rows.choice, self._fix_here()) if self.is_mounted else (None, None)
            if choice is None:
                return ""
            if fix is None and choice != _RESORT:
                return "steps"
            return "why not" if self.ringfence.read_only or (fix is not None and not fix.may) else text
        return super().key_says(name, text)

    def choose(self) -> None:
        """Previews the change under the cursor; of one that may not be made it says why not, in its line. At a group it
        shows the steps, or leaves them out."""
        choice, fix = self.rows.choice, self._fix_here()
        if choice == _RESORT and not self.ringfence.read_only:
            asked, login = self.asked, self.login
            self.ask(
                "resort",
                lambda session: session.last_resort(login, asked.permission, _record(asked)),
                lambda edits: self._preview(LAST_RESORT, edits),
            )
        elif fix is not None and not self._why_not(fix):
            self._preview(_what(fix), fix.edits, explaining.besides(fix, self.kind))
        elif choice is not None:
            self._told ^= {choice}
            self._draw()

    def _preview(self, what: str, edits: Sequence[Edit], *more: str) -> None:
        confirm_change(self, f"{capital(what)}?", edits, "Save", more=more, key=SAVE.keys)

    def choose_permission(self) -> None:
        """Asks for another permission, of those that say something of such a record."""
        keys = explaining.permissions_of(self.kind)

        def chosen(at: int | None) -> None:
            if at is not None:
                self._ask_of(self.asked._replace(permission=keys[at]))

        self.app.push_screen(ChoosePermission("Which permission?", keys, self.asked.permission), chosen)

    def choose_subject(self) -> None:
        """Asks for another user."""

        def chosen(user: Any) -> None:
            if user is not None:
                self._ask_of(self.asked._replace(login=user.shown("login")))

        picker = ChooseRecord("Why who?", USERS.name, records.columns(USERS), records.cells(USERS))
        self.app.push_screen(picker, chosen)

    def _ask_of(self, asked: AskedAbout) -> None:
        self.asked = asked
        self.refresh_data()


def _what(fix: Fix) -> str:
    return listed([one.said for one in fix.changes])


def _below(text: str) -> Row:
    return Row([Cell(" " * _INDENT), Cell(text, "quiet")])


def _record(asked: AskedAbout) -> str:
    return f"{asked.noun}:{asked.key}" if asked.key else asked.noun


def _key_of(session: Session, asked: AskedAbout) -> str:
    key = "" if asked.customer is None else session.detail(asked.customer).key
    if not key:
        raise RingfenceError("this is the provider itself: ask about what is below it")
    return key


def _named(path: Path) -> Hashable:
    return path.group.key, path.valid_from, path.valid_until


def _about(why: Why) -> tuple[str, str, bool]:
    return why.login, why.permission, why.allowed
