"""A customer's place in groups: the security groups that reach it, and the customer groups that it is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult

from ringfence.console.asked_about import AskedAbout
from ringfence.console.rights import why_no_groups
from ringfence.console.screens.pick import PickRecords, record_choices
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.widgets.choices import Choices
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, Row, RowsSpec, TextLine
from ringfence.domain import display
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.errors import Conflict, RingfenceError
from ringfence.domain.registry import naming
from ringfence.services.editing import Edit

if TYPE_CHECKING:
    from ringfence.domain.kind import StateKind
    from ringfence.services.edited import Opened
    from ringfence.services.records import CustomerDetail
    from ringfence.services.workspace import Session

_FIELDS: Final[tuple[tuple[str, StateKind, str], ...]] = tuple(
    (kind.plural, kind.noun, display.title(kind)) for kind in naming(CUSTOMERS.noun)
)


@dataclass(frozen=True)
class Assignment:
    """The groups that name a customer, each with whether those nested in it come along."""

    name: str
    security_groups: dict[int, bool]
    customer_groups: dict[int, bool]


class CustomerGroupsForm(RecordForm):
    """The groups of one customer. Saving changes every group whose customers differ, in one change."""

    kind = CUSTOMERS
    draft: Assignment

    def __init__(self, customer_id: int) -> None:
        super().__init__(customer_id)
        self._detail: CustomerDetail | None = None
        self._found: dict[str, dict[int, bool]] = {}
        self._names: dict[str, dict[int, str]] = {"security_groups": {}, "customer_groups": {}}
        self._notes: dict[str, dict[int, str]] = {}
        """What one decides by, of each of the groups."""
        self._everywhere: list[str] = []
        self._opened_groups: dict[tuple[str, int], Opened] = {}

    def compose_body(self) -> ComposeResult:
        yield Form()

    @property
    def asked_about(self) -> AskedAbout | None:
        """The customer: who reaches it is what its groups are about."""
        return AskedAbout(CUSTOMERS.noun, self._detail.key) if self._detail is not None and self._detail.key else None

    # Opening.

    def load(self, session: Session) -> Any:
        assert self.record_id is not None
        found: dict[str, dict[int, bool]] = {}
        names: dict[str, dict[int, str]] = {}
        said: dict[str, dict[int, str]] = {}
        for field, _, _ in _FIELDS:
            kind = field.replace("_", "-")
            found[field] = session.groups_naming(kind, self.record_id)
            choices = record_choices(session, kind)
            names[field] = dict(zip(choices.ids, choices.names, strict=True))
            said[field] = dict(zip(choices.ids, choices.notes, strict=True))
        notes = session.group_notes("security-groups", list(names["security_groups"]))
        return session.detail(self.record_id), found, names, said, notes

    def take(self, found: Any) -> Opened | None:
        self._detail, self._found, self._names, self._notes, notes = found
        self._everywhere = sorted(note.name for note in notes.values() if note.note == "all customers")
        selecting = {group for group, note in notes.items() if note.note != "all customers"}
        kept = selecting | self._found["security_groups"].keys()
        names = self._names["security_groups"]
        self._names["security_groups"] = {group: names[group] for group in names if group in kept}
        return None

    def first_draft(self) -> Assignment:
        assert self._detail is not None
        draft = Assignment(self._detail.name, self._found["security_groups"], self._found["customer_groups"])
        self.before = draft
        return draft

    def why_fixed(self) -> str:
        """It is the groups that are changed, not the customer."""
        return why_no_groups(self.ringfence.rights)

    # Drawing.

    def show_form(self) -> None:
        assert self._detail is not None
        self.form.set_title("Customer")
        fields: list[Any] = [
            PickSpec("name", "Name", self._detail.name, action=""),
            PickSpec("email", "E-mail", self._detail.email or "none", action=""),
            PickSpec("phone", "Phone", self._detail.phone or "none", action=""),
            TextLine(),
        ]
        for field, _, title in _FIELDS:
            fields.append(RowsSpec(field, title, self._rows(field), empty="in none by name"))
            fields.append(TextLine())
        if self._everywhere:
            fields.append(TextLine(f"Over all customers anyway: {', '.join(self._everywhere)}"))
        self.form.set_fields(fields)
        self.form.go_to("security_groups")
        self.form.focus()

    def _rows(self, field: str) -> tuple[Row, ...]:
        names, chosen = self._names[field], getattr(self.draft, field)
        known = sorted((names[one].casefold(), one) for one in chosen if one in names)
        return tuple(
            Row(one, (names[one], "with nested" if chosen[one] else "itself only", self._notes[field].get(one, "")))
            for _, one in known
        )

    # Changing.

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Opens the picker over the groups."""
        message.stop()
        field = message.name
        title = next((title for name, _, title in _FIELDS if name == field), "")
        if not title:
            return
        names = self._names[field]
        order = sorted(names, key=lambda one: (names[one].casefold(), one))
        choices = Choices.flat(order, [names[one] for one in order], notes=[self._notes[field][one] for one in order])
        chosen, take = getattr(self.draft, field), partial(self._chosen, field)
        kind = field.replace("_", "-")
        self.app.push_screen(PickRecords(self, title, kind, chosen, take, lambda _: choices, chosen_title="In"))

    def _chosen(self, field: str, chosen: dict[int, bool]) -> None:
        self.change(**{field: chosen})
        self.form.update(field, rows=self._rows(field))

    # The change.

    def edits(self) -> list[Edit]:
        """An edit of each group whose customers differ; ``finished`` fills them in."""
        found: list[Edit] = []
        for field, kind, _ in _FIELDS:
            differing = getattr(self.before, field).items() ^ getattr(self.draft, field).items()
            found.extend(Edit(kind, group, None, None) for group in sorted({one for one, _ in differing}))
        return found

    def finished(self, session: Session, edits: list[Edit]) -> list[Edit]:
        own = self.record_id
        assert own is not None
        found = []
        for edit in edits:
            after = getattr(self.draft, edit.of.plural)
            opened = self._opened_groups.get((edit.kind, edit.id))
            if opened is None:
                opened = self._open_group(session, edit.kind, edit.id)
                self._opened_groups[edit.kind, edit.id] = opened
            customers = {one: nested for one, nested in opened.state.customers.items() if one != own}
            if edit.id in after:
                customers[own] = after[edit.id]
            state = replace(opened.state, customers=customers)
            found.append(replace(edit, before=opened.state, after=state, revision=opened.revision))
        return found

    def _open_group(self, session: Session, kind: StateKind, group: int) -> Opened:
        """A group as it is now; raises Conflict for one that is gone."""
        try:
            return session.open_record(kind, group)
        except RingfenceError as error:
            if session.names_of(f"{kind.replace('_', '-')}s", [group]):
                raise
            raise Conflict(str(error), kind, group, None, 0, "") from None

    def conflicted(self, conflict: Any) -> None:
        """Another operator changed one of the groups: it is read anew, and only this customer's place in it is ours."""
        self._opened_groups.pop((conflict.kind, conflict.id), None)
        if conflict.current is None:
            self._forget(conflict.kind, conflict.id)
            return
        self.failure = "Not saved: one of the groups was changed meanwhile. It was read anew; look, and save again."
        self.preview_now()
        self.say_outcome()

    def _forget(self, kind: str, group: int) -> None:
        """Leaves out a group that was deleted meanwhile."""
        field = next(field for field, named, _ in _FIELDS if named == kind)
        name = self._names[field].pop(group, "one of the groups")

        def without(state: Assignment) -> Assignment:
            left: Any = {one: own for one, own in getattr(state, field).items() if one != group}
            return replace(state, **{field: left})

        self.before, self.blank, self.draft = without(self.before), without(self.blank), without(self.draft)
        self.form.update(field, rows=self._rows(field))
        self.draft_changed()
        self.failure = f"Not saved: somebody deleted “{name}” meanwhile, and it is left out. Look, and save again."
        self.say_outcome()
