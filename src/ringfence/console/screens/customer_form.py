"""A customer: its name, how to reach it, its place in the tree, and how much there may be of what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.screens.owned_form import OwnedForm
from ringfence.console.text import number
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import TextLine, TextSpec
from ringfence.domain.contact import email_fault, phone_fault
from ringfence.services.editing import CustomerState

if TYPE_CHECKING:
    from ringfence.services.workspace import Session

_LIMITS: Final = {"max_users": "Users", "max_devices": "Devices", "max_customers": "Customers nested"}
_MOST: Final = 999_999_999


class CustomerForm(OwnedForm):
    """The form of a customer. Another parent moves it, with everything in it."""

    AREA = "customers"
    KIND = "customer"
    TITLE_HERE = "Customers"
    NOUN = "customer"
    PLACE = "parent"
    PLACE_LABEL = "Parent"
    MOVES = "customer.move"
    PANEL_HEIGHT = 8
    LABELS = {"email": "E-mail", **{name: f"Limit: {label}" for name, label in _LIMITS.items()}}
    draft: CustomerState

    def load_more(self, session: Session) -> None:
        """Imports, beside the event loop, what checks as one types."""
        email_fault("a@b.example")
        phone_fault("+31101234567")

    def new_at(self, customer: int) -> CustomerState:
        return CustomerState(customer, "")

    def show_form(self) -> None:
        draft = self.draft
        self.form.set_title("Customer" if self.record_id is not None else "New customer")
        self.form.set_fields(
            [
                self.line("name", "Name", required=True),
                self.place_spec(),
                self.line("email", "E-mail", email_fault),
                self.line("phone", "Phone", phone_fault),
                TextSpec("address", "Address", draft.address, lines=True),
                TextLine(),
                TextLine("Limits, counted here and in all that is nested here:"),
                *(
                    TextSpec(name, label, text := _shown(getattr(draft, name)), check=_number_fault, hint=_hint(text))
                    for name, label in _LIMITS.items()
                ),
            ]
        )
        self.form.focus()

    def place_name(self) -> str:
        return self.names.get(self.place) or ("none: the provider itself" if not self.place else super().place_name())

    # Changing.

    def typed(self, name: str, value: Any) -> None:
        if name not in _LIMITS:
            super().typed(name, value)
            return
        self.form.update(name, hint=_hint(value))
        if not value.strip():
            self.change(**{name: None})
        elif not _number_fault(value):
            self.change(**{name: int(value)})
        else:  # the draft has what it had; the message is beside the field
            self.app.refresh_bindings()

    @property
    def _no_number(self) -> bool:
        values = self.form.values if self.draft is not None and self.query(Form) else {}
        return any(_number_fault(values[name]) for name in _LIMITS if values.get(name, "").strip())

    @property
    def dirty(self) -> bool:
        return super().dirty or self._no_number

    def why_not_save(self) -> str:
        """Why saving is off; what is wrong with a limit is said beside it, when it is tried."""
        why = super().why_not_save()
        return "a limit is a number, or empty" if self._no_number and why == "nothing was changed" else why

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        if name in _LIMITS:
            return "no limit" if value is None else number(value)
        return super().said(name, value)


def _shown(limit: int | None) -> str:
    return "" if limit is None else str(limit)


def _hint(text: str) -> str:
    return "" if text else "no limit"


def _number_fault(text: str) -> str:
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return "a number, or empty for no limit"
    return f"at most {number(_MOST)}" if int(text[:12]) > _MOST else ""
