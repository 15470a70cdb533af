"""Two users over one tree: what both see, and what only one of them does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from textual import events
from textual.app import ComposeResult

from ringfence.console.asked_about import AskedAbout
from ringfence.console.commands.command import Command, bindings
from ringfence.console.screens.area import CommandScreen
from ringfence.console.screens.choose_user import ChooseUser
from ringfence.console.text import Cell, number
from ringfence.console.widgets.bars import Breadcrumbs, NavBar, TitleBar
from ringfence.console.widgets.forest import TreeNode
from ringfence.console.widgets.tree import ForestView

if TYPE_CHECKING:
    from ringfence.services.customers import SideBySide
    from ringfence.services.records import ComparedCustomer, Profile, TreeCustomer
    from ringfence.services.workspace import Session


_WIDE = 100
_Found: TypeAlias = "tuple[SideBySide, tuple[Profile, ...], list[TreeCustomer], dict[int, ComparedCustomer]]"


_COMMANDS: Final[tuple[Command[SideBySideScreen], ...]] = (
    Command(
        "only_differences",
        "d",
        "Leave out what both see alike; again: show all.",
        lambda screen: screen.toggle_differences(),
        footer="only differences",
    ),
    Command(
        "swap",
        "tab,s",
        "Put the left user on the right.",
        lambda screen: screen.swap(),
        footer="swap users",
        unless=lambda screen: "" if screen.pair else "the two are still being looked up",
    ),
    Command("choose_left", "L", "Choose the user on the left.", lambda screen: screen.choose(0), footer="left user"),
    Command("choose_right", "R", "Choose the user on the right.", lambda screen: screen.choose(1), footer="right user"),
    Command("leave", "escape", "Go back.", lambda screen: screen.app.pop_screen(), footer="back", palette=False),
)


class SideBySideScreen(CommandScreen):
    """The union of two users' trees, with what each of them sees of every customer."""

    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    AUTO_FOCUS = "ForestView"
    DEFAULT_CSS = """
    SideBySideScreen ForestView { height: 1fr; }
    """

    def __init__(self, left: str, right: str) -> None:
        super().__init__()
        self._logins = [left, right]
        self._sessions: dict[str, Session] = {}
        self._profiles: tuple[Profile, ...] = ()
        self.pair: SideBySide | None = None
        self._seen: dict[int, ComparedCustomer] = {}
        self._differences = False
        self._known: dict[int, TreeNode] = {}

    def compose(self) -> ComposeResult:
        yield TitleBar(app_name="◎ ringfence")
        yield NavBar(items=self.numbered)
        yield Breadcrumbs()
        yield ForestView(note_widths=(14, 14, 6), style_of=self._style)
        yield self.key_bar(("help", "only_differences", "swap", "choose_left", "choose_right"))

    @property
    def forest(self) -> ForestView:
        """The tree."""
        return self.query_one(ForestView)

    @property
    def asked_about(self) -> AskedAbout | None:
        """The customer under the cursor, as the right user sees it."""
        own = self.forest.selected_id
        if own is None or not self._profiles:
            return None
        return AskedAbout("customer", "", login=self._profiles[1].login, customer=own)

    def on_unmount(self) -> None:
        """The two are looked through no more."""
        self.ringfence.leave(*self._sessions.values())

    def on_resize(self, event: events.Resize) -> None:
        """Gives the two users' columns the room there is."""
        wide = 26 if event.size.width >= _WIDE else 14
        self.forest.note_widths = (wide, wide, 6)

    def on_mount(self) -> None:
        """Looks the two up."""
        self.forest.set_title("One tree, two users")
        self.refresh_data()

    def refresh_data(self) -> None:
        """Reads both users' trees anew."""
        self._read(None)

    def catch_up(self) -> None:
        """Reads what is open again; it stays where it is."""
        if self.pair is not None:
            self._read(self.forest.expanded_ids)

    def _read(self, keep_open: frozenset[int] | None) -> None:
        logins, demo = tuple(self._logins), self.ringfence.demo
        known = [*self._seen] if keep_open is not None else []

        def look(_: Session) -> _Found:
            for login in logins:
                if login not in self._sessions:  # to look is audited: once
                    self._sessions[login] = self.ringfence.session_of(login)
            left, right = (self._sessions[login] for login in logins)
            pair = left.beside(right)
            profiles = (left.profile(totals=demo), right.profile(totals=demo))
            nodes = list(pair.roots())
            opened = {nodes[0].id} if keep_open is None and len(nodes) == 1 else keep_open or frozenset()
            for node in nodes:  # which grows on the way
                if node.has_children and node.id in opened:
                    nodes.extend(pair.children(node.id))
            return pair, profiles, nodes, pair.compare(known) if known else {}

        self.ask("pair", look, self._show, self._failed)

    def _failed(self, reason: str) -> None:
        if self.pair is None:
            self.ringfence.tell_failure(reason)
            self.app.pop_screen()
        else:
            self.ringfence.tell_failure(reason)
            self._logins = [profile.login for profile in self._profiles]

    def _show(self, found: _Found) -> None:
        self.pair, self._profiles, nodes, compared = found
        top = self.forest.top
        left, right = self._profiles
        self.show_standing("side by side", "demo" if self.ringfence.demo else "")
        self.query_one(Breadcrumbs).set_path(["Side by side", left.login, right.login])
        self.forest.set_header(
            [
                ("Customer", (Cell(left.login, "accent"), Cell(right.login, "attention"), Cell("Only", "quiet"))),
                ("", (Cell(left.standing, "quiet"), Cell(right.standing, "quiet"), Cell(""))),
            ]
        )
        self._seen = dict(compared)
        self._known = {}
        self.forest.empty_text = "Neither of them sees any customer."
        alike = {own for own, seen in compared.items() if seen.left == seen.right} if self._differences else set()
        self._add([node for node in nodes if node.id not in alike])
        parents = {node.parent for node in nodes if node.parent is not None}
        self.forest.replace(list(self._known.values()), parents)
        if compared:
            self.forest.scroll_to_line(top)
            self.forest.set_notes({own: _notes(seen) for own, seen in compared.items()}, self.forest.generation)
        self.forest.set_subtitle(
            f"{left.login} {number(left.customers)} customers, {number(left.devices)} devices · "
            f"{right.login} {number(right.customers)} customers, {number(right.devices)} devices"
        )
        self.app.refresh_bindings()

    def _add(self, nodes: list[TreeCustomer]) -> list[TreeNode]:
        added = [TreeNode(node.id, node.parent, node.name, node.has_children) for node in nodes]
        self._known.update({node.id: node for node in added})
        return added

    def _style(self, own: int) -> str:
        seen = self._seen.get(own)
        if seen is None:
            return ""
        return "accent" if seen.right is None else "attention" if seen.left is None else ""

    def on_forest_view_expanded(self, message: ForestView.Expanded) -> None:
        """Fetches the children of a node that is opened."""
        pair = self.pair
        if pair is None:
            return
        parent, generation = message.id, message.generation
        self.ask(
            f"children-{parent}",
            lambda _: pair.children(parent),
            lambda found: self.forest.add_children(parent, self._add(list(found)), generation),
        )

    def on_forest_view_notes_wanted(self, message: ForestView.NotesWanted) -> None:
        """Fetches what each of the two sees of the nodes on screen."""
        pair = self.pair
        if pair is None:
            return
        ids, generation = message.ids, message.generation

        def show(found: dict[int, ComparedCustomer]) -> None:
            self._seen.update(found)
            self.forest.set_notes({own: _notes(seen) for own, seen in found.items()}, generation)
            if self._differences:
                self._leave_out()

        self.ask("notes", lambda _: pair.compare(ids), show)

    def swap(self) -> None:
        """Puts the left user on the right."""
        self._logins.reverse()
        self.refresh_data()

    def choose(self, side: int) -> None:
        """Asks for another user on one side."""

        def chosen(login: str | None) -> None:
            if login is not None:
                self._logins[side] = login
                self.refresh_data()

        self.app.push_screen(ChooseUser("On the right" if side else "On the left"), chosen)

    def toggle_differences(self) -> None:
        """Leaves out what both see alike, or shows it again."""
        self._differences = not self._differences
        if self._differences:
            self._leave_out()
            self.notify("Only customers that the two do not see alike.", markup=False, timeout=2)
        else:
            self.refresh_data()

    def _leave_out(self) -> None:
        alike = {own for own, seen in self._seen.items() if seen.left == seen.right}
        kept = [node for node in self._known.values() if node.id not in alike]
        if len(kept) != len(self._known):
            expanded = self.forest.expanded_ids
            self._known = {node.id: node for node in kept}
            self.forest.empty_text = "The two see the same."
            self.forest.replace(kept, expanded & set(self._known))


def _notes(seen: ComparedCustomer) -> tuple[Cell, ...]:
    only = "both" if seen.left is not None and seen.right is not None else "left" if seen.right is None else "right"
    return _count(seen.left, "accent"), _count(seen.right, "attention"), Cell(only, "quiet")


def _count(devices: int | None, style: str) -> Cell:
    return Cell("—", "quiet") if devices is None else Cell(f"● {number(devices)}", style)
