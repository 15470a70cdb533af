"""The commands of the customers' tree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from ringfence.console.changing import confirm_change
from ringfence.console.commands.command import Editable, Edited, Host, display
from ringfence.console.commands.exchange import importing
from ringfence.console.commands.holders import ACCESS
from ringfence.console.commands.records import ACTIONS, DELETE, HISTORY, NEW, OPEN, RecordCommand, edited
from ringfence.console.rights import why_no_groups

if TYPE_CHECKING:
    from ringfence.services.edited import Opened


class Tree(Edited, Protocol):
    """A tree in which customers are moved."""

    @property
    def moving(self) -> Any:
        """The customer that was taken up, or None."""

    def take_up(self) -> None:
        """Takes up the customer under the cursor."""

    def why_not_here(self) -> str:
        """Why what was taken up cannot be put below the customer under the cursor."""

    def moved(self, customer: int) -> None:
        """The customer has got another parent."""


class _OfGroups(RecordCommand):
    """It is the groups that are changed."""

    def denied(self, here: Host, edits: Editable) -> str:
        return why_no_groups(here.ringfence.rights)


class _PutDown(RecordCommand):
    """It is only for what was taken up."""

    def denied(self, here: Host, edits: Editable) -> str:
        moving = cast(Tree, here.edited).moving
        return super().denied(here, edits) or ("" if moving is not None else _first(here))


def _first(here: Host) -> str:
    return f"take a customer up first: {display(here.ringfence.keys_of(TAKE_UP))}"


def _is_root(shown: Edited) -> bool:
    return shown.row is not None and not shown.row.key


def _unless_root(shown: Edited) -> str:
    return "this is the provider itself" if _is_root(shown) else ""


def _put_down(host: Host) -> None:
    tree = cast(Tree, host.edited)
    moving, target = tree.moving, tree.row
    if moving is None or target is None:
        return

    def confirm(opened: Opened) -> None:
        from ringfence.services.editing import Edit

        after = replace(opened.state, parent=target.id)
        title = f"Move “{opened.state.name}” into “{target.name}”?"
        change = [Edit("customer", opened.id, opened.state, after, opened.revision)]
        confirm_change(host, title, change, "Move", lambda: tree.moved(opened.id))

    host.ask("open", lambda session: session.open_record("customer", moving.id), confirm)


TAKE_UP: Final = RecordCommand(
    "take_up",
    "x",
    "Take the customer up, to move it in the tree.",
    lambda host: cast(Tree, host.edited).take_up(),
    footer="move",
    changes=True,
    label="Move: take it up",
    right="move",
    why_not=_unless_root,
)
PUT_DOWN: Final = _PutDown(
    "put_down",
    "p",
    "Put what was taken up into this one; asks first.",
    _put_down,
    footer="put here",
    changes=True,
    label="Move: put it in here",
    right="move",
    why_not=lambda shown: cast(Tree, shown).why_not_here(),
)
EDIT_GROUPS: Final = _OfGroups(
    "customer_groups",
    "g",
    "Edit which groups the customer is in.",
    lambda host: host.ringfence.open("groups of a customer", edited(host)[0].row.id),
    footer="groups",
    changes=True,
    label="Security groups and customer groups",
    right="edit",
)
ASSIGN_DEVICES: Final = RecordCommand(
    "assign",
    "a",
    "Assign devices to this customer.",
    lambda host: host.ringfence.open("manage devices", edited(host)[0].row.id),
    footer="assign",
    changes=True,
    label="Assign devices to it",
    right="assign",
    of="device",
)
COPY_ID: Final = RecordCommand(
    "copy_id",
    "Y",
    "Copy the customer's id.",
    lambda host: host.copy_out(edited(host)[0].row.key),
    label="Copy its id",
    right="list",
    why_not=lambda shown: "the provider itself has none" if _is_root(shown) else "",
)

CUSTOMER: Final = Editable(
    "customer",
    "customer",
    "customers",
    "customer.{}".format,
    (
        ACTIONS,
        OPEN.but(help="Open and edit the customer."),
        NEW.but(help="Make a new customer, nested in this one.", label="New nested customer", on_row=True),
        EDIT_GROUPS,
        ASSIGN_DEVICES,
        TAKE_UP,
        PUT_DOWN,
        HISTORY,
        DELETE.but(
            help="Delete the customer with everything in it; asks first.",
            label="Delete, with everything in it",
            why_not=_unless_root,
        ),
        ACCESS.but(help="Show who may do what with the customer.", why_not=_unless_root),
        COPY_ID,
        importing("customers"),
    ),
)
