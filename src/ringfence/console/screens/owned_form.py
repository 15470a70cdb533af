"""What the forms of records that belong to a customer share: whose the record is, and what the preview refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult

from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.records import Opened, Preview
    from ringfence.services.workspace import Session

_COLUMNS: Final = (
    Column("name", "Name", 20, grow=1, sortable=True),
    Column("owner", "In", 20, grow=1, style="quiet"),
)


class OwnedForm(RecordForm):
    """The form of a record that belongs to a customer, named by the field ``PLACE``.

    A new one is at ``home``, or else at the topmost customer where the viewer may make one. ``MOVES`` is the permission
    to give an existing one to another customer; without it, it stays where it is.
    """

    PLACE: ClassVar[str] = "customer"
    PLACE_LABEL: ClassVar[str] = "Customer"
    MOVES: ClassVar[str] = ""
    LABELS: ClassVar[Mapping[str, str]] = {}
    """The fields for people."""

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self._top: Home | None = None
        self._refused = ""
        self.names: dict[int, str] = {}
        """Names of customers by id."""

    def compose_body(self) -> ComposeResult:
        yield Form()

    # Opening.

    def load(self, session: Session) -> Any:
        permission = self.MOVES if self.record_id is not None else f"{self.KIND}.create"
        top = session.home_of_new(permission) if permission else None
        return super().load(session), top, self.load_more(session)

    def load_more(self, session: Session) -> Any:
        """Reads what else the form needs, in a thread."""

    def take(self, found: Any) -> Opened | None:
        opened, self._top, more = found
        for known in (self.first_home, self._top):
            if known is not None:
                self.names[known[0]] = known[1]
        if opened is not None:
            self.names.update(opened.names.get(self.PLACE, {}))
        self.take_more(opened, more)
        return opened  # type: ignore[no-any-return]

    def take_more(self, opened: Opened | None, more: Any) -> None:
        """What ``load_more`` brought."""

    def first_draft(self) -> Any:
        if self.before is not None:
            return self.before
        home = self.first_home or self._top
        return self.new_at(home[0] if home else 0)

    def new_at(self, customer: int) -> Any:
        """The draft of a new record at a customer."""
        raise NotImplementedError

    # Whose it is.

    @property
    def place(self) -> int:
        """The customer that the draft belongs to."""
        return int(getattr(self.draft, self.PLACE) or 0)

    def place_spec(self) -> PickSpec:
        """The row that names the customer."""
        moves = self.record_id is None or (self.place > 0 and self.MOVES in self.ringfence.rights)
        action = "choose" if self.record_id is None else "move"
        return PickSpec(self.PLACE, self.PLACE_LABEL, self.place_name(), action=action if moves else "")

    def place_name(self) -> str:
        """The customer's name."""
        return self.names.get(self.place, "one that you do not see")

    def choose_place(self) -> None:
        """Asks for a customer."""

        def drawn(row: Any) -> tuple[Any, ...]:
            return row.name, row.owner

        def chosen(record: Any) -> None:
            if record is not None and record.id != self.place:
                self.names[record.id] = record.name
                self.put_at(record.id)
                self.form.update(self.PLACE, text=self.place_name())

        extra = [self._top] if self._top else []
        screen = ChooseRecord(self.PLACE_LABEL, "customers", _COLUMNS, drawn, extra=extra, now=self.place)
        self.app.push_screen(screen, chosen)

    def put_at(self, customer: int) -> None:
        """Gives the draft to another customer."""
        self.change(**{self.PLACE: customer})

    # Changing.

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed into the draft."""
        message.stop()
        self.typed(message.name, message.value)

    def typed(self, name: str, value: Any) -> None:
        """Takes the new value of a field."""
        self.change(**{name: value})

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens what chooses."""
        message.stop()
        self.activated(message.name)

    def activated(self, name: str) -> None:
        """Opens what chooses the value of a field."""
        if name == self.PLACE:
            self.choose_place()

    # What is refused, and two operators.

    def take_preview(self, found: Any) -> Preview:
        """Says what is refused beside the field that it is about, and takes back what was refused before."""
        field = found.field if found.refusal and found.field in self.form.values else ""
        if self._refused and self._refused != field:
            self.form.set_error(self._refused, "")
        self._refused = field
        if field:
            self.form.set_error(field, found.refusal)
        return found  # type: ignore[no-any-return]

    def conflicted(self, conflict: Any) -> None:
        """Reads the name of the customer that the other operator gave it to before both are shown."""
        theirs = conflict.current
        if theirs is None:
            super().conflicted(conflict)
            return

        def named(found: dict[int, str]) -> None:
            self.names.update(found)
            RecordForm.conflicted(self, conflict)

        place = getattr(theirs, self.PLACE)
        self.ask("names", lambda session: session.names_of("customers", [place]), named)

    def label_of(self, name: str) -> str:
        return self.LABELS.get(name) or super().label_of(name)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        if name == self.PLACE:
            return self.names.get(value, "another one")
        return super().said(name, value)
