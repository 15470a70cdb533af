"""What the forms of records that belong to a customer share: whose the record is, and what the preview refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, assert_never

from textual import on
from textual.app import ComposeResult

from ringfence.console.moments import read_moment
from ringfence.console.moments import typed as typed_moment
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import number
from ringfence.console.widgets.columns import Column
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, TextSpec
from ringfence.domain import display
from ringfence.domain.field import Choice, Flag, Moment, Number, Ref, Spec, Text, Ties
from ringfence.domain.ids import ids_in
from ringfence.domain.registry import EDITED

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.edited import Opened, Preview
    from ringfence.services.rows import Record
    from ringfence.services.workspace import Session

_MOST: Final = 999_999_999
_COLUMNS: Final = (
    Column("name", "Name", 20, grow=1, sortable=True),
    Column("owner", "In", 20, grow=1, style="quiet"),
)


class OwnedForm(RecordForm):
    """The form of a record that belongs to a customer.

    A new one is at ``home``, or else at the topmost customer where the viewer may make one. An existing one is given to
    another customer where the viewer may do that; without it, it stays where it is.
    """

    UNREAD: ClassVar[str] = "what was typed cannot be read: it says so beside it"
    """Why what is all that was changed cannot be saved."""

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self.place_field = self.kind.node.name
        self._moves = self.kind.right(self.kind.moves) if self.kind.moves else ""
        self._refused = ""
        self.names: dict[str, dict[int, str]] = {name: {} for name in self.kind.refs}
        """Names of what it refers to, by field and id."""

    def compose_body(self) -> ComposeResult:
        yield Form()

    # Opening.

    def right_of_place(self) -> str:
        return self._moves if self.record_id is not None else super().right_of_place()

    def take(self, found: Any) -> Opened | None:
        opened: Opened | None = found
        for known in (self.first_home, self.top):
            if known is not None:
                self.names[self.place_field][known[0]] = known[1]
        if opened is not None:
            for name, known_here in opened.names.items():
                self.names[name].update(known_here)
        return opened

    # Whose it is.

    @property
    def place(self) -> int:
        """The customer that the draft belongs to."""
        return int(getattr(self.draft, self.place_field) or 0)

    def place_spec(self) -> PickSpec:
        """The row that names the customer."""
        moves = self.record_id is None or (self.place > 0 and self._moves in self.ringfence.rights)
        action = "choose" if self.record_id is None else "move"
        label = display.heading(self.kind, self.place_field)
        return PickSpec(self.place_field, label, self.place_name(), action=action if moves else "")

    def place_name(self) -> str:
        """The customer's name."""
        return self.names[self.place_field].get(self.place, "one that you do not see")

    def choose_place(self) -> None:
        """Asks for a customer."""

        def chosen(record: Record) -> None:
            if record.id != self.place:
                self.put_at(record.id)
                self.form.update(self.place_field, text=self.place_name())

        self.choose(self.place_field, [self.top] if self.top else [], chosen)

    def choose(self, name: str, extra: Sequence[Home], take: Callable[[Record], object]) -> None:
        """Asks for a record for a field to refer to, of those that the viewer may list, or of these others."""

        def drawn(row: Record) -> tuple[str, str]:
            return row.name, row.owner

        def chosen(record: Record | None) -> None:
            if record is not None:
                self.names[name][record.id] = record.name
                take(record)

        title, listed = display.heading(self.kind, name), EDITED[self.kind.refs[name]].name
        now = getattr(self.draft, name) or 0
        self.app.push_screen(ChooseRecord(title, listed, _COLUMNS, drawn, extra=extra, now=now), chosen)

    def put_at(self, customer: int) -> None:
        """Gives the draft to another customer."""
        self.change(**{self.place_field: customer})

    # Changing.

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed into the draft."""
        message.stop()
        self.typed(message.name, message.value)

    def typed(self, name: str, value: Any) -> None:
        """Takes the new value of a field. What cannot be read leaves the draft as it was: it is said beside it."""
        try:
            self.change(**{name: read(self.kind.fields[name].spec, value)})
        except ValueError:
            self.app.refresh_bindings()

    def read_line(self, name: str, label: str = "", hint: str = "") -> TextSpec:
        """A number or a moment in the form, with what is wrong with it beside it as it is typed."""
        spec = self.kind.fields[name].spec
        label = label or display.heading(self.kind, name)
        return TextSpec(name, label, typed(getattr(self.draft, name)), check=partial(fault, spec), hint=hint)

    @property
    def _unread(self) -> bool:
        values = self.form.values if self.draft is not None and self.query(Form) else {}
        return any(
            fault(one.spec, values[name])
            for name, one in self.kind.fields.items()
            if isinstance(one.spec, Number | Moment) and values.get(name, "").strip()
        )

    @property
    def dirty(self) -> bool:
        return super().dirty or self._unread

    def why_not_save(self) -> str:
        """Why saving is off; what is wrong with a field is said beside it, when it is tried."""
        why = super().why_not_save()
        return self.UNREAD if self._unread and why == "nothing was changed" else why

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens what chooses."""
        message.stop()
        self.activated(message.name)

    def activated(self, name: str) -> None:
        """Opens what chooses the value of a field."""
        if name == self.place_field:
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
        """Reads the names of what the other operator made it refer to before both are shown."""
        theirs = conflict.current
        if theirs is None:
            super().conflicted(conflict)
            return

        def look(session: Session) -> dict[str, dict[int, str]]:
            return {
                name: session.names_of(EDITED[kind].name, ids_in(getattr(theirs, name)))
                for name, kind in self.kind.refs.items()
            }

        def named(found: dict[str, dict[int, str]]) -> None:
            for name, known in found.items():
                self.names[name].update(known)
            RecordForm.conflicted(self, conflict)

        self.ask("names", look, named)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        if isinstance(self.kind.fields[name].spec, Ref) and value is not None:
            return self.names[name].get(value, "another one")
        return super().said(name, value)


def read(spec: Spec, value: Any) -> Any:
    """What was typed or chosen as the record holds it. Raises ValueError, with a line for people."""
    match spec:
        case Number():
            return _number(value, spec) if value.strip() else None
        case Moment():
            try:
                return read_moment(value, datetime.now(UTC), until=False)
            except ValueError:
                raise ValueError("write it as 2026-11-30 18:00 or +3d, in UTC; empty is none") from None
        case Text() | Flag() | Choice() | Ref() | Ties():
            return value
        case _:
            assert_never(spec)


def fault(spec: Spec, text: str) -> str:
    """Why a text cannot be read; empty where it can."""
    try:
        read(spec, text)
    except ValueError as error:
        return str(error)
    return ""


def typed(value: int | datetime | None) -> str:
    """A number or a moment as one would type it."""
    return typed_moment(value, until=False) if isinstance(value, datetime) else "" if value is None else str(value)


def _number(text: str, spec: Number) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a number, or empty for no limit" if spec.counts else "a number, or empty")
    found, most = int(text[:12]), min(spec.most, _MOST)
    if not spec.least <= found <= most:
        raise ValueError(f"at least {spec.least}" if found < spec.least else f"at most {number(most)}")
    return found
