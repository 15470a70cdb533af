"""What a form for a record begins with: the record is opened, and its fields are put into words."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from textual import events, on

from ringfence.console.asked_about import AskedAbout
from ringfence.console.rights import may_not
from ringfence.console.screens.drafting import Drafting
from ringfence.console.text import capital
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import TextSpec, ToggleSpec
from ringfence.domain import display
from ringfence.domain.customer import CUSTOMERS
from ringfence.domain.display import said_no, words
from ringfence.domain.field import Choice, Flag
from ringfence.domain.kind import Kind, altered
from ringfence.domain.text import trimmed

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.edited import Opened
    from ringfence.services.workspace import Session

_BETWEEN_KEYS: Final = 0.03
_TRIED: Final = ("a@b.example", "+31101234567")


class DraftForm(Drafting):
    """A form over one record. ``before`` is what it was when it was opened (None: a new one), ``draft`` what it would
    be.

    A subclass gives ``kind``, ``compose_body`` and ``show_form``, and calls ``change`` with new fields of the draft.
    ``load`` reads in a thread; ``take`` is given what it brought.
    """

    AUTO_FOCUS = ""  # the form takes the focus once it is there
    kind: Kind

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__()
        self.AREA = self.kind.name if self.kind.display.area is not None else CUSTOMERS.name
        self.title_here = display.title(self.kind)
        self.record_id = record_id
        self.copy_of = copy_of
        self.first_home = home
        """Where a new record belongs; None for wherever the viewer may make one."""
        self.top: Home | None = None
        """The topmost customer at which the viewer may put a record; None for nowhere, or where it is not asked."""
        self.opened: Opened | None = None
        self.before: Any = None
        self.draft: Any = None
        self.blank: Any = None
        """The draft as the form came up: for a new record, what is not worth a question when it is left."""
        self.revision = 0
        self._ahead: list[events.Key] = []
        """Keys that came before the form did: they are for it."""

    # Opening.

    def on_mount(self) -> None:
        super().on_mount()
        self.show_path([self.title_here, "…"])
        self.ask("open", self._load, self._loaded, self._not_opened)

    def _load(self, session: Session) -> Any:
        for one in self.kind.texts.values():  # whatever checks as one types is imported here, beside the event loop
            _ = [one.fault(tried) for tried in _TRIED if one.fault is not None]
        right = self.right_of_place()
        self.top = session.home_of_new(right) if right else None  # nobody else asks for it before this has ended
        return self.load(session)

    def right_of_place(self) -> str:
        """The permission by which it is looked for where a record may be put; empty where it is not to be put."""
        return self.kind.right("create") if self.record_id is None else ""

    def load(self, session: Session) -> Any:
        """Reads what the form needs, in a thread. The default opens the record, or the one to be copied."""
        wanted = self.record_id if self.record_id is not None else self.copy_of
        return session.open_record(self.kind.noun, wanted) if wanted is not None else None

    def _not_opened(self, reason: str) -> None:
        self.ringfence.tell_failure(reason)
        self.app.pop_screen()

    @property
    def read_only(self) -> str:
        return self.ringfence.read_only or self.why_fixed()

    def why_fixed(self) -> str:
        """Why the record cannot be changed; before it is open, as far as the viewer's rights tell."""
        if self.opened is not None and self.record_id is not None:
            return self.opened.why_not
        action = "create" if self.record_id is None else "edit"
        may = self.kind.right(action) in self.ringfence.rights
        return "" if may else may_not("you", f"{action} {self.kind.several}", self.kind.right(action))

    @on(Form.Refused)
    def refused_field(self, message: Form.Refused) -> None:
        """Says why a field stays as it is."""
        message.stop()
        self.notify(f"{capital(message.reason)}.", severity="warning")

    @property
    def asked_about(self) -> AskedAbout | None:
        """The record, and what is needed to change the field under the cursor; of a new one, the customer at which it
        would be made."""
        kind, place = self.kind, self.kind.node.name
        if self.draft is None:
            return None
        if self.before is None:
            return AskedAbout(CUSTOMERS.noun, "", kind.right("create"), customer=getattr(self.draft, place))
        moves = kind.moves and self.query(Form) and self.form.current[0] == place
        right = kind.right(kind.moves if moves else "edit")
        return AskedAbout(kind.noun, self.before.key, right) if self.before.key else None

    def _loaded(self, found: Any) -> None:
        if (opened := self.take(found)) is not None:
            self.opened = opened
            if self.record_id is not None:
                self.before, self.revision = opened.state, opened.revision
        self.draft = self.blank = self.first_draft()
        self.show_standing()
        self.form.read_only = self.read_only
        self.show_form()
        self.show_where()
        self.app.refresh_bindings()
        self.preview_soon()
        self._replay()

    def _forward_event(self, event: events.Event) -> None:
        """Keeps keys for a form that has not come up yet; Escape does not wait."""
        if self.focused is None and isinstance(event, events.Key) and event.key != "escape":
            self._ahead.append(event)
            event.stop()
        else:
            super()._forward_event(event)

    def _replay(self) -> None:
        """Hands such keys on once the form has the focus, one by one: what one opens is for the next."""
        if self.focused is not None and self._ahead:
            kept = self._ahead.pop(0)
            event = events.Key(kept.key, kept.character)
            event.set_sender(self.app)  # from this screen it would not come back up to it
            self.app.post_message(event)
        if self.is_attached and (self._ahead or self.focused is None):
            self.set_timer(_BETWEEN_KEYS, self._replay)

    def take(self, found: Any) -> Opened | None:
        """What ``load`` brought; the record among it."""
        return found  # type: ignore[no-any-return]

    def first_draft(self) -> Any:
        """The draft to begin with: the record, a copy of another one, or an empty one."""
        if self.before is not None:
            return self.before
        home = self.first_home or self.top
        place = {self.kind.node.name: home[0] if home else 0}
        if self.opened is None:
            return altered(self.kind.blank, **place)
        fixed = {one.name: one.default for one in self.kind.fields.values() if getattr(one.spec, "fixed", False)}
        return altered(self.opened.state, **place, **fixed, name=f"{self.opened.state.name} (copy)", key="")

    @abstractmethod
    def show_form(self) -> None:
        """Fills the form from the draft."""

    def show_where(self) -> None:
        """Draws the breadcrumbs."""
        name = self.draft.name if self.draft is not None else ""
        self.show_path([self.title_here, name or f"New {self.kind.said}"])

    # Changing.

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    @property
    def dirty(self) -> bool:
        """Whether anything would be lost."""
        return self.draft is not None and self.draft != self.blank

    def change(self, **values: Any) -> None:
        """Changes fields of the draft, and previews it a moment later."""
        self.draft = replace(self.draft, **values)
        self.draft_changed()

    @abstractmethod
    def draft_changed(self) -> None:
        """The draft is another one now."""

    @abstractmethod
    def preview_soon(self) -> None:
        """Asks in a moment what saving the draft would change."""

    # The fields.

    def line(self, name: str) -> TextSpec:
        """A text of one line in the form, with what is wrong with it beside it as it is typed. What it was before is
        left alone, whatever it is."""
        spec = self.kind.texts[name]
        was = getattr(self.before, name) if self.before is not None else None

        def check(text: str) -> str:
            return "" if spec.fault is None or text == was else spec.fault(trimmed(text))  # as it will be saved

        label = display.heading(self.kind, name)
        return TextSpec(name, label, getattr(self.draft, name), check=check, required=spec.filled)

    def toggle(self, name: str) -> ToggleSpec:
        """A flag in the form, with what it comes to where it is off."""
        value: bool = getattr(self.draft, name)
        return ToggleSpec(name, display.heading(self.kind, name), value, self.note(name, value))

    def note(self, name: str, value: bool) -> str:
        """What a flag comes to."""
        spec = self.kind.fields[name].spec
        assert isinstance(spec, Flag)
        return said_no(spec) if spec.means and not value else ""

    def label_of(self, name: str) -> str:
        """A field for people."""
        return display.heading(self.kind, name)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        """A field's value for people; a tuple for many."""
        known = self.opened.names.get(name, {}) if self.opened is not None else {}
        if isinstance(value, dict):
            return tuple(sorted(known.get(one, "another one") for one in value))
        if isinstance(value, frozenset):
            return tuple(sorted(known.get(one[0] if isinstance(one, tuple) else one, str(one)) for one in value))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int):
            return known.get(value, "another one")
        if value is None:
            return "none"
        field = self.kind.fields.get(name)
        return words(value) if field is not None and isinstance(field.spec, Choice) else str(value)
