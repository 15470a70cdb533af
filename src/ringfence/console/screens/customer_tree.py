"""The tree of customers as it is edited: what its commands need to know, and the customer that is being moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from textual.message import Message

from ringfence.console.commands.command import SCREEN, Editable, Home, bindings
from ringfence.console.commands.tree import CUSTOMER
from ringfence.console.questions import Asks
from ringfence.console.text import number
from ringfence.console.widgets.forest import TreeNode
from ringfence.console.widgets.paint import Part
from ringfence.console.widgets.tree import ForestView

if TYPE_CHECKING:
    from ringfence.services.records import TreeCustomer

_NESTED: Final = 3
_DEVICES: Final = 4
_THOUSANDS: Final = 6
"""Cells of the two columns of numbers, and how many the second has at most where there is little room."""
_ROOMY: Final = 100
_MOVING: Final = "↕ "
"""Stands at the customer that is being moved, in the place of what says whether it is open."""


class Here(NamedTuple):
    """A customer of the tree; the provider itself has no key."""

    id: int
    name: str
    key: str
    parent: int | None


class CustomerTree(ForestView, Asks):
    """The tree of customers. Its keys are commands of the screen."""

    BINDINGS = bindings(CUSTOMER.commands, SCREEN)

    class Moving(Message):
        """Posted when a customer was taken up to be moved, or is moved no more."""

    class Moved(Message):
        """Posted when a customer has got another parent."""

        def __init__(self, customer: int) -> None:
            super().__init__()
            self.id = customer

    def __init__(self, *, id: str) -> None:  # noqa: A002
        widths, names = (_NESTED, _DEVICES), ("nested", "devices")
        super().__init__(note_widths=widths, note_names=names, style_of=self._style, enter="choose", id=id)
        self._known: dict[int, Here] = {}
        self.moving: Here | None = None
        """The customer that was taken up."""
        self.on_its_way = False
        """Whether the tree is read anew for the cursor to go to another customer."""

    # What the screen asks

    def make_room(self, devices: int) -> None:
        """Gives the numbers of devices as many cells as the largest takes that can stand there, so that names have the
        rest: where that is little, very large ones are told in thousands."""
        wide = len(number(devices))
        roomy = self.screen.size.width >= _ROOMY
        self.note_widths = (_NESTED, max(_DEVICES, wide if roomy else min(wide, _THOUSANDS)))

    def nodes(self, found: Iterable[TreeCustomer]) -> list[TreeNode]:
        """Customers as nodes; what else is known of them is kept."""
        nodes = []
        for one in found:
            self._known[one.id] = Here(one.id, one.name, one.key, one.parent)
            nodes.append(TreeNode(one.id, one.parent, one.name, one.has_children))
        return nodes

    def arrive(self) -> None:
        """Ends the cursor's way to another customer: what can be done here is known again."""
        if self.on_its_way:
            self.on_its_way = False
            self.cursor_moved()

    def forget(self) -> None:
        """Holds nothing any more."""
        self.on_its_way = False
        self._known.clear()
        self.set_roots([])
        self.empty("")
        self.put_back()

    # What its commands ask

    @property
    def edits(self) -> Editable:
        """Customers."""
        return CUSTOMER

    @property
    def row(self) -> Here | None:
        """The customer under the cursor; none while the cursor is on its way to another one."""
        if self.on_its_way or self.selected_id is None:
            return None
        return self._known.get(self.selected_id)

    @property
    def chosen(self) -> tuple[int, ...]:
        """Its id."""
        return (self.row.id,) if self.row is not None else ()

    @property
    def home(self) -> Home | None:
        """The customer under the cursor: a new one is nested in it."""
        return (self.row.id, self.row.name) if self.row is not None else None

    def changed(self) -> None:
        """Something was done to a customer."""
        self.put_back()
        self.ringfence.look_for_changes()

    # Moving

    def take_up(self) -> None:
        """Takes up the customer under the cursor; the same once more leaves it where it is."""
        again = self.moving is not None and self.row is not None and self.row.id == self.moving.id
        self._move(None if again else self.row)

    def put_back(self) -> None:
        """Moves nothing any more."""
        if self.moving is not None:
            self._move(None)

    def moved(self, customer: int) -> None:
        """The customer has got another parent."""
        self.put_back()
        self.post_message(self.Moved(customer))

    def why_not_here(self) -> str:
        """Why what was taken up cannot be put below the customer under the cursor."""
        moving, target = self.moving, self.row
        if moving is None or target is None:
            return ""
        if any(step.id == moving.id for step in self.path_to(target.id)):
            return f"“{moving.name}” cannot be put into itself"
        return "it is in there already" if moving.parent == target.id else ""

    def _move(self, moving: Here | None) -> None:
        self.moving = moving
        self.refresh()
        self.post_message(self.Moving())

    def _style(self, node_id: int) -> str:
        return "attention" if self.moving is not None and self.moving.id == node_id else ""

    def line(self, index: int, width: int) -> Sequence[Part]:
        parts = list(super().line(index, width))
        if self.moving is not None and self._forest.ids[index] == self.moving.id:
            wide = len(parts[1][0])
            parts[1] = (_MOVING[:wide].ljust(wide), "attention")
        return parts
