"""A site: its name, and the customer that it belongs to for good."""

from __future__ import annotations

from ringfence.console.screens.owned_form import OwnedForm
from ringfence.services.editing import SiteState


class SiteForm(OwnedForm):
    """The form of a site."""

    AREA = "customers"
    KIND = "site"
    TITLE_HERE = "Sites"
    NOUN = "site"
    draft: SiteState

    def new_at(self, customer: int) -> SiteState:
        return SiteState(customer, "")

    def show_form(self) -> None:
        self.form.set_title("Site" if self.record_id is not None else "New site")
        self.form.set_fields([self.line("name", "Name", required=True), self.place_spec()])
        self.form.focus()
