"""The customers: the tree of what the user sees, and the customer under the cursor beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from textual.app import ComposeResult

from ringfence.console.cells import customers
from ringfence.console.commands.command import Command, bindings
from ringfence.console.commands.lists import LISTS, TABS
from ringfence.console.commands.panes import PANES
from ringfence.console.places import Place
from ringfence.console.screens.area import AreaScreen
from ringfence.console.screens.customer_detail import CustomerDetail
from ringfence.console.screens.customer_tree import CustomerTree
from ringfence.console.screens.two_panes import TwoPanes
from ringfence.console.text import fit, literal, number, width_of
from ringfence.console.widgets.fields import Fields
from ringfence.console.widgets.key_bar import KeyBar
from ringfence.console.widgets.lines import LineList
from ringfence.console.widgets.tree import ForestView

if TYPE_CHECKING:
    from ringfence.console.screens.record_list import RecordList
    from ringfence.domain.kind import StateKind
    from ringfence.preferences.layout import Spot
    from ringfence.services.records import TreeCustomer
    from ringfence.services.workspace import Session

Counts: TypeAlias = dict[int, tuple[int, int]]
"""Of customers by id: how many are nested in each, how many devices there are there and below."""

_HITS = 500
_NAME = 15
"""The least room for what is being moved, beside how that ends."""
_DRAWN_SECONDS = 0.02
"""By then a tree that was read is drawn: beside that, what is asked of its customer would keep it waiting."""
_FOLLOW_SECONDS = 0.06  # a held key runs through the tree without opening every customer on its way


class CustomersScreen(AreaScreen, TwoPanes):
    """Tree and detail. What changes records is a key of whichever of the two has the focus."""

    AREA = "customers"
    FILTERS = 'Name · -without ^beginning "a phrase"'  # as follows from what is declared, which is not read by then
    FIRST_KEYS = (
        *("help", "filter", "next_tab", "own", "acknowledge", "clear_alarm", "note", "actions", "open", "new", "undo"),
        *("toggle_mark", "delete", "take_up", "customer_groups", "assign", "activate", "bulk_edit"),
    )
    COMMANDS_HERE: Sequence[Command[Any]] = (*LISTS, *TABS, *PANES)
    BINDINGS = bindings(COMMANDS_HERE)
    AUTO_FOCUS = "ForestView"
    DEFAULT_CSS = """
    CustomersScreen #forest { width: 38%; min-width: 28; max-width: 46; }
    CustomersScreen #detail { width: 1fr; }
    CustomersScreen.-narrow, CustomersScreen.-zoomed {
        & #detail { display: none; }
        & #forest { width: 1fr; max-width: 100%; }
        &.-reading #detail { display: block; }
        &.-reading #forest { display: none; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-wide")]

    def __init__(self) -> None:
        super().__init__()
        self.add_class("-wide", update=False)  # as most are: the first paint then needs no second round of styles
        self._search = self._fault = ""
        self._wanted: int | None = None
        """The customer that the cursor is to go to, once the tree has been read anew."""
        self._opened: frozenset[int] = frozenset()
        """The customers that are to be open then, where it was left so."""
        self._inside = False
        """Whether the focus then goes into the customer."""

    def compose_lists(self) -> ComposeResult:
        yield CustomerTree(id="forest")
        yield CustomerDetail()

    def on_mount(self) -> None:
        self.forest.set_title("Customers")

    def declared(self) -> None:
        super().declared()
        self.detail.declared()

    @property
    def commands(self) -> tuple[Command[Any], ...]:
        return self.and_everywhere((*(self.edited.edits or self.forest.edits).commands, *self.COMMANDS_HERE))

    @property
    def edited(self) -> CustomerTree | RecordList:
        """The list that has the focus; the tree where none has of which records are changed."""
        table = self.table
        return table if table is not None and table.edits is not None else self.forest

    @property
    def table(self) -> RecordList | None:
        return next((one for one in self.detail.lists.values() if one is self.focused), None)

    @property
    def listed(self) -> tuple[Any, int | None]:
        from ringfence.services.records import Listing

        shown, profile, search = self.table, self.ringfence.profile, self._search
        if shown is not None:
            return shown.listed
        return Listing("customers", search), None if search or profile is None else profile.customers

    @property
    def panes(self) -> tuple[CustomerTree, CustomerDetail]:
        return self.forest, self.detail

    @property
    def forest(self) -> CustomerTree:
        """The tree."""
        return self.query_one(CustomerTree)

    @property
    def detail(self) -> CustomerDetail:
        """The customer beside it."""
        return self.query_one(CustomerDetail)

    def spot(self) -> Spot:
        from ringfence.preferences.layout import OPEN_LIMIT

        inside = self.detail.stands
        own = self.forest.selected_id or self._wanted
        return inside._replace(
            records={**({"customers": own} if own is not None else {}), **inside.records},
            open=tuple(sorted(self.forest.expanded_ids or self._opened)[:OPEN_LIMIT]),
            pane=self.pane,
            zoomed=self.has_class("-zoomed"),
        )

    def come_back(self, spot: Spot) -> None:
        self.set_class(spot.zoomed, "-zoomed")
        self.set_pane(spot.pane)
        self._wanted, self._opened = spot.records.get("customers"), frozenset(spot.open)
        self._inside = spot.inside
        self.detail.come_back(spot)

    def viewer_changed(self) -> None:
        """Shows the new viewer's tree, and meanwhile nothing of the old one's."""
        place = self._place()
        self.clear()
        self.forest.wait()
        self.hold()
        opened, self._opened = self._opened, frozenset()
        self._read_tree(place, opened)

    def _place(self) -> list[int]:
        """The customers from the top down to the one under the cursor."""
        own = self.forest.selected_id
        wanted = [] if self._wanted is None else [self._wanted]
        if own is None:
            return [self.detail.customer, *wanted] if self.detail.customer is not None else wanted
        return [*(node.id for node in self.forest.path_to(own)), *wanted]

    def _read_tree(self, place: list[int], keep_open: frozenset[int] = frozenset(), *, again: bool = False) -> None:
        """Shows the tree at the last customer of ``place`` that the viewer may see; these others are open as well.

        With ``again`` it is the same tree read once more: it stays where it is on screen, its numbers too.
        """
        self._search = ""
        seen = self.forest.ids_in_view if again else []

        def look(session: Session) -> tuple[list[TreeCustomer], int | None, Counts]:
            nodes, shown_open, found = list(session.roots()), set(keep_open), None
            for own in reversed(place):
                trail = session.trail(own)
                if trail:
                    shown_open.update(step.id for step in trail[:-1])
                    found = own
                    break
            if found is None and len(nodes) == 1:
                shown_open.add(nodes[0].id)
            for node in nodes:  # which grows on the way
                if node.has_children and node.id in shown_open:
                    nodes.extend(session.children(node.id))
            return nodes, found, session.counts(seen) if seen else {}

        self.ask("tree", look, self._show_tree, self.forest.fail)

    def _show_tree(self, found: tuple[list[TreeCustomer], int | None, Counts]) -> None:
        self.release()
        nodes, place, counted = found
        inside, self._inside = self._inside and place is not None and place == self._wanted, False
        self._wanted = None
        self.forest.arrive()
        top, line = self.forest.top, self.forest.cursor
        profile = self.ringfence.profile
        self.forest.make_room(profile.devices if profile else 0)
        parents = {node.parent for node in nodes if node.parent is not None}
        self.forest.empty_text = self._nothing()
        self.forest.replace(self.forest.nodes(nodes), parents)
        self._say_shown()
        if place is not None:
            self.forest.select(place)
        elif self.forest.count:
            self.forest.cursor = 0
        if counted:
            self.forest.scroll_to_line(max(0, top + self.forest.cursor - line))
            self._show_counts(counted, self.forest.generation)
        if not self.forest.count:
            self.show_path([])
            self.detail.close()
        elif self.forest.selected_id is not None:
            self.show_path([node.label for node in self.forest.path_to(self.forest.selected_id)])
            own = self.forest.selected_id
            self.set_timer(_DRAWN_SECONDS, lambda: self._follow(own))
        if inside:
            self.on_forest_view_chosen()

    def clear(self) -> None:
        """Takes the tree and the customer off the screen."""
        self._search = ""
        self.show_path([])
        self.forest.forget()
        self.forest.set_subtitle("")
        self.detail.close()

    def _nothing(self) -> str:
        profile = self.ringfence.profile
        if self._search:
            return "Nothing matches. Esc clears the filter."
        if profile is not None and profile.reason:
            return f"{profile.name} sees nothing: {profile.reason}."
        return "No customer that this user may see."

    def refresh_data(self) -> None:
        """Reads tree and customer again."""
        if self._search:
            self._find(self._search, again=True)
        else:
            self._read_tree(self._place(), self.forest.expanded_ids, again=True)
        self.detail.again()

    def filtered(self, text: str) -> None:
        """Shows the customers that the filter finds, under those of their ancestors that are visible. The tree stays as
        it is where the filter cannot be understood."""
        from ringfence.console.screens.record_list import why_not

        self._fault = why_not(self.AREA, text)
        if self._fault:
            self.show_filter("", self._fault)
        else:
            self._find(text)

    def _find(self, text: str, *, again: bool = False) -> None:
        self._search = text
        if not text:
            self._read_tree(self._place())
            return

        seen = self.forest.ids_in_view if again else []

        def look(session: Session) -> tuple[tuple[tuple[TreeCustomer, ...], frozenset[int]], Counts]:
            return session.matching(text, _HITS), session.counts(seen) if seen else {}

        def show(found: tuple[tuple[tuple[TreeCustomer, ...], frozenset[int]], Counts]) -> None:
            (nodes, hits), counted = found
            if self._wanted is not None and all(node.id != self._wanted for node in nodes):
                self.filter_line.action_clear()  # which reads the whole tree, and goes there
                return
            stays = again and any(node.id == self.forest.selected_id for node in nodes)
            self.forest.empty_text = self._nothing()
            self.forest.replace(self.forest.nodes(nodes), {node.parent for node in nodes if node.parent is not None})
            wanted, self._wanted = self._wanted, None
            self.forest.arrive()
            if any(node.id == wanted for node in nodes):
                self.forest.select(wanted or 0)
            elif hits and not stays:
                first = next(node.id for node in nodes if node.id in hits)
                self.forest.select(first)
            if counted:
                self._show_counts(counted, self.forest.generation)
            more = "+" if len(hits) >= _HITS else ""
            profile = self.ringfence.profile
            of = f" of {number(profile.customers)}" if profile else ""
            among = sum(node.id in hits and bool(node.key) for node in nodes)  # the provider itself is no customer
            if not self._fault:
                self.show_filter(text, f"{number(among)}{more}{of}")
            self._say_shown()

        self.ask("tree", look, show, self.forest.fail)

    def _say_shown(self) -> None:
        profile = self.ringfence.profile
        if profile is not None and not self._search:
            self.forest.set_subtitle(f"{number(profile.customers)} in all")
        else:
            self.forest.set_subtitle(f"{number(self.forest.count)} shown")

    def on_forest_view_expanded(self, message: ForestView.Expanded) -> None:
        """Fetches the children of a node that is opened."""
        parent, generation = message.id, message.generation
        self.ask(
            f"children-{parent}",
            lambda session: session.children(parent),
            lambda found: self.forest.add_children(parent, self.forest.nodes(found), generation),
        )

    def on_forest_view_notes_wanted(self, message: ForestView.NotesWanted) -> None:
        """Fetches the counts beside the nodes on screen."""
        ids, generation = message.ids, message.generation
        self.ask(
            "notes",
            lambda session: session.counts(ids),
            lambda found: self._show_counts(found, generation),
        )

    def _show_counts(self, found: Counts, generation: int) -> None:
        room = self.forest.note_widths[-1]
        notes = {own: customers.counts(*numbers, room) for own, numbers in found.items()}
        self.forest.set_notes(notes, generation)

    def on_forest_view_selected(self, message: ForestView.Selected) -> None:
        """Opens the customer under the cursor, once the cursor rests on it."""
        own = message.id
        self.show_path([node.label for node in self.forest.path_to(own)])
        self.set_timer(_FOLLOW_SECONDS, lambda: self._follow(own))

    def _follow(self, own: int) -> None:
        node = self.forest.node(own)
        shown = self.detail.customer == own and self.detail.detail is not None
        if node is not None and self.forest.selected_id == own and not shown:
            self.detail.open(own, node.label)

    def on_forest_view_chosen(self) -> None:
        """Goes into the customer under the cursor."""
        self.ringfence.leave_place()
        self.add_class("-reading")
        self.detail.current.focus()

    async def on_line_list_chosen(self, message: LineList.Chosen) -> None:
        """Opens the record that Enter was pressed on."""
        only_read = self.table is not None and self.table.edits is None
        if not (isinstance(message, ForestView.Chosen) or only_read):
            await self.open_chosen()

    def on_line_list_cursor_moved(self) -> None:
        """Says in the key bar what can be done to this row."""
        self.query_one(KeyBar).read_again()

    def on_customer_tree_moving(self) -> None:
        """Says what is being moved, and how that ends."""
        moving = self.forest.moving
        if moving is None:
            self.query_one(KeyBar).say("")
            return
        how = ": go to its new parent, p puts it there, Esc leaves it"
        name = f"Moving {literal(moving.name)}"
        room = max(_NAME, self.size.width - width_of(how) - 3)
        self.query_one(KeyBar).say((name if width_of(name) <= room else fit(name, room)) + how)

    def on_customer_tree_moved(self, message: CustomerTree.Moved) -> None:
        """Goes after the customer to its new place."""
        self.go_to(message.id)

    def go_to(self, customer: int) -> None:
        """Reads the tree anew, with the cursor on a customer."""
        self._wanted = customer
        self.forest.on_its_way = True
        self.refresh_data()

    @property
    def record_here(self) -> int | None:
        return self.forest.row.id if self.forest.row is not None else None

    @property
    def to_keep(self) -> Place | None:
        """Of a list beside the tree the record under its cursor, where that has a screen of its own to come back to."""
        shown = self.table
        area = shown.kind if shown is not None else ""
        if shown is not None and any(one.name == area for one in self.ringfence.numbered):
            return Place(area, shown.row.id) if shown.row is not None else None
        return super().to_keep

    def show_place(self, place: Place) -> None:
        self.filter_line.show_quietly(place.search)
        self.remove_class("-reading")
        self.forest.focus()
        if place.search != self._search:
            self.show_filter(place.search, "")
        if place.record is None:
            self._find(place.search)
        else:
            self._search = place.search
            self.go_to(place.record)

    def show_new(self, kind: StateKind, record: int) -> None:
        """Goes to a new customer in the tree, or to what is new in the list beside it."""
        shown = self.detail.current_list
        if kind == "customer":
            self.go_to(record)
        elif shown is not None and shown.edits is not None and shown.edits.kind == kind:
            self._read_tree(self._place(), self.forest.expanded_ids, again=True)
            self.detail.again()
            shown.go_to(record)
        else:
            self.refresh_data()

    def turn_tab(self, step: int) -> None:
        """Shows another tab of the customer."""
        self.detail.turn(step)

    def back(self) -> None:
        """Goes back to the tree, then clears the filter."""
        current = self.detail.current
        if self.forest.moving is not None:
            self.forest.put_back()
        elif not isinstance(current, Fields) and current.marks:
            current.clear_marks()
        elif self.forest.has_focus or not self.detail.has_focus_within:
            super().back()
        else:
            self.remove_class("-reading")
            self.forest.focus()

    def copy(self) -> None:
        """Copies from whichever side has the focus."""
        if self.forest.has_focus and self.forest.selected_id is not None:
            node = self.forest.node(self.forest.selected_id)
            self.copy_out(node.label if node else "")
        else:
            current = self.detail.current
            self.copy_out(current.copy_text())
