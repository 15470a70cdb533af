"""A customer: its name, how to reach it, its place in the tree, and how much there may be of what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.screens.owned_form import OwnedForm
from ringfence.console.text import number
from ringfence.console.widgets.form_fields import TextLine, TextSpec
from ringfence.domain.customer import CUSTOMERS, CustomerState

if TYPE_CHECKING:
    pass

_LIMITS: Final = {"max_users": "Users", "max_devices": "Devices", "max_customers": "Customers nested"}


class CustomerForm(OwnedForm):
    """The form of a customer. Another parent moves it, with everything in it."""

    kind = CUSTOMERS
    UNREAD = "a limit is a number, or empty"
    draft: CustomerState

    def show_form(self) -> None:
        draft = self.draft
        self.form.set_title("Customer" if self.record_id is not None else "New customer")
        self.form.set_fields(
            [
                self.line("name"),
                self.place_spec(),
                self.line("email"),
                self.line("phone"),
                TextSpec("address", "Address", draft.address, lines=True),
                TextLine(),
                TextLine("Limits, counted here and in all that is nested here:"),
                *(self.read_line(name, label, _hint(getattr(draft, name))) for name, label in _LIMITS.items()),
                TextLine(),
                TextSpec("attributes", "Attributes", draft.attributes, lines=True),
            ]
        )
        self.form.focus()

    def place_name(self) -> str:
        return super().place_name() if self.place else "none: the provider itself"

    def typed(self, name: str, value: Any) -> None:
        if name in _LIMITS:
            self.form.update(name, hint=_hint(value or None))
        super().typed(name, value)

    def label_of(self, name: str) -> str:
        return f"Limit: {_LIMITS[name]}" if name in _LIMITS else super().label_of(name)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        if name in _LIMITS:
            return "no limit" if value is None else number(value)
        return super().said(name, value)


def _hint(limit: object) -> str:
    return "no limit" if limit is None else ""
