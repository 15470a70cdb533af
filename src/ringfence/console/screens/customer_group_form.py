"""A customer group: its name, whether it is active, and the customers in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult

from ringfence.console.screens.pick import PickScreen
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import many, number
from ringfence.console.widgets.choices import Choices
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import Row, RowsSpec, TextLine, TextSpec
from ringfence.domain.customer_group import CUSTOMER_GROUPS, CustomerGroupState

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.edited import Opened
    from ringfence.services.workspace import Session

LISTED = 200


class CustomerGroupForm(RecordForm):
    """The form of a customer group."""

    kind = CUSTOMER_GROUPS
    draft: CustomerGroupState

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self._users: list[str] = []
        self._names: dict[int, str] = {}

    def compose_body(self) -> ComposeResult:
        yield Form()

    def load(self, session: Session) -> Any:
        users: list[str] = []
        if self.record_id is not None:
            users = session.used_by("customer-groups", self.record_id)[1]
        return super().load(session), users

    def take(self, found: Any) -> Opened | None:
        opened, self._users = found
        if opened is not None:
            self._names = dict(opened.names["customers"])
        return opened  # type: ignore[no-any-return]

    def show_form(self) -> None:
        self.form.set_title("Customer group")
        self.form.set_fields(
            [
                self.line("name"),
                TextSpec("description", "Description", self.draft.description, lines=True),
                self.toggle("active"),
                *([TextLine(self._given())] if self.record_id is not None else []),
                TextLine(),
                RowsSpec("customers", "Customers", empty="none yet", **listed(self.draft.customers, self._names)),
            ]
        )
        self.form.focus()
        read_ahead(self, self.draft.customers)

    def _given(self) -> str:
        if not self._users:
            return "Given to nobody yet: a user's security settings give it."
        shown = ", ".join(self._users[:12])
        more = f" and {number(len(self._users) - 12)} more" if len(self._users) > 12 else ""
        return f"Given to {shown}{more}"

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed into the draft."""
        message.stop()
        if message.name == "active":
            self.form.update("active", note=self.note("active", message.value))
        self.change(**{message.name: message.value})

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens the picker."""
        message.stop()
        pick_customers(self, "Customers", self.draft.customers, self._chosen, self._names)

    def _chosen(self, chosen: dict[int, bool]) -> None:
        self.change(customers=chosen)
        self.form.update("customers", **listed(chosen, self._names))


def listed(chosen: Mapping[int, bool], names: Mapping[int, str]) -> dict[str, Any]:
    """What a form's field of customers says: how many of those that are seen are chosen, and which."""
    known = sum(one in names for one in chosen)
    return {"rows": _rows(chosen, names), "said": many(known, "customer")}


def _rows(chosen: Mapping[int, bool], names: Mapping[int, str]) -> tuple[Row, ...]:
    """The chosen customers as rows of a form, by name; the first of very many."""
    known = sorted((names[one].casefold(), names[one], one) for one in chosen if one in names)
    rows = [Row(one, (name, "with nested" if chosen[one] else "itself only")) for _, name, one in known[:LISTED]]
    if len(known) > LISTED:
        rows.append(Row(-1, (f"and {number(len(known) - LISTED)} more", "")))
    return tuple(rows)


def read_ahead(editor: RecordForm, chosen: Mapping[int, bool]) -> None:
    """Reads what the picker chooses from while nobody waits for it: at a hundred thousand it takes half a second."""
    include = tuple(chosen)
    editor.ask("choices", lambda session: session.customer_choices(include), lambda _: None, lambda _: None)


def pick_customers(
    editor: RecordForm, title: str, chosen: Mapping[int, bool], take: Any, names: dict[int, str]
) -> None:
    """Opens the picker over every customer that the operator sees; their names are put into ``names``."""
    include = tuple(chosen)

    def load(session: Session) -> Choices:
        found = session.customer_choices(include)
        names.update(zip(found.ids, found.names, strict=True))
        choices = Choices(found.ids, found.names, found.folded, found.parents, found.own, found.below)
        _ = choices.tree  # worked out here, in the thread
        return choices

    editor.app.push_screen(PickScreen(editor, title, load, chosen, take))
