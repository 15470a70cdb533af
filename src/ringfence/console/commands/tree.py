"""The commands of the customers' tree. What they open is imported when it is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ringfence.console.commands.records import (
    Actions,
    Delete,
    Editable,
    Edited,
    History,
    Home,
    New,
    Open,
    RecordCommand,
    edited,
)

if TYPE_CHECKING:
    from textual.screen import Screen

    from ringfence.console.screens.area import CommandScreen
    from ringfence.console.screens.customer_tree import CustomerTree
    from ringfence.services.records import Opened


class OpenCustomer(Open):
    """The customer in its form."""

    help = "Open and edit the customer."


class NewCustomer(New):
    """A customer in a customer."""

    help = "Make a new customer, nested in this one."
    label = "New nested customer"
    on_row = True


class DeleteCustomer(Delete):
    """One less, with all that is in it."""

    help = "Delete the customer with everything in it; asks first."
    label = "Delete, with everything in it"

    def why_not(self, shown: Edited) -> str:
        return "this is the provider itself" if _is_root(shown) else ""


class TakeUp(RecordCommand):
    """A customer on its way to another parent."""

    name = "take_up"
    keys = "x"
    footer = "move"
    help = "Take the customer up, to move it in the tree."
    changes = True
    label = "Move: take it up"
    right = "move"

    def why_not(self, shown: Edited) -> str:
        return "this is the provider itself" if _is_root(shown) else ""

    def run(self, screen: CommandScreen) -> Any:
        _tree(screen.edited).take_up()


class PutDown(RecordCommand):
    """Its new parent."""

    name = "put_down"
    keys = "p"
    footer = "put here"
    help = "Put what was taken up into this one; asks first."
    changes = True
    label = "Move: put it in here"
    right = "move"

    def why_not(self, shown: Edited) -> str:
        return _tree(shown).why_not_here()

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.confirm import confirm_change

        tree = _tree(screen.edited)
        moving, target = tree.moving, tree.row
        if moving is None or target is None:
            return

        def confirm(opened: Opened) -> None:
            from ringfence.services.editing import Edit

            after = replace(opened.state, parent=target.id)
            title = f"Move “{opened.state.name}” into “{target.name}”?"
            change = [Edit("customer", opened.id, opened.state, after, opened.revision)]
            confirm_change(screen, title, change, "Move", lambda: tree.moved(opened.id))

        screen.ask("open", lambda session: session.open_record("customer", moving.id), confirm)


class EditGroups(RecordCommand):
    """The groups that name a customer."""

    name = "customer_groups"
    keys = "g"
    footer = "groups"
    help = "Edit which groups the customer is in."
    changes = True
    label = "Security groups and customer groups"
    right = "edit"

    def off(self, screen: CommandScreen) -> str:
        if screen.ringfence.session is None:
            return "sign in first"
        if {"security_group.edit", "customer_group.edit"}.isdisjoint(screen.ringfence.rights):
            return "you may edit no groups"
        return "" if edited(screen)[0].row is not None else "there is no customer under the cursor"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.customer_groups_form import CustomerGroupsForm

        return screen.app.push_screen(CustomerGroupsForm(edited(screen)[0].row.id))


class AssignDevices(RecordCommand):
    """Devices of others for a customer."""

    name = "assign"
    keys = "a"
    footer = "assign"
    help = "Assign devices to this customer."
    changes = True
    label = "Assign devices to it"
    right = "assign"
    of = "device"

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.manage_devices import ManageDevicesScreen

        return screen.app.push_screen(ManageDevicesScreen(edited(screen)[0].row.id))


class CopyId(RecordCommand):
    """What it is known by elsewhere."""

    name = "copy_id"
    keys = "Y"
    help = "Copy the customer's id."
    label = "Copy its id"
    right = "list"

    def why_not(self, shown: Edited) -> str:
        return "the provider itself has none" if _is_root(shown) else ""

    def run(self, screen: CommandScreen) -> Any:
        from ringfence.console.screens.area import AreaScreen

        assert isinstance(screen, AreaScreen)
        screen.copy_out(edited(screen)[0].row.key)


def _customer(record: int | None, _: int | None, home: Home | None) -> Screen[Any]:
    from ringfence.console.screens.customer_form import CustomerForm

    return CustomerForm(record, home)


CUSTOMER: Final = Editable(
    "customer",
    "customer",
    _customer,
    (
        *(Actions(), OpenCustomer(), NewCustomer(), EditGroups(), AssignDevices()),
        *(TakeUp(), PutDown(), History(), DeleteCustomer(), CopyId()),
    ),
)


def _tree(shown: Edited | None) -> CustomerTree:
    from ringfence.console.screens.customer_tree import CustomerTree

    assert isinstance(shown, CustomerTree)
    return shown


def _is_root(shown: Edited) -> bool:
    return shown.row is not None and not shown.row.key
