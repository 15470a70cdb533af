"""A device: what it is, whose, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ringfence.console.screens.choose_one import ChooseOne, sites_of
from ringfence.console.screens.owned_form import OwnedForm
from ringfence.console.widgets.form_fields import PickSpec, TextLine, TextSpec
from ringfence.services.editing import DeviceState

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.services.records import Opened

_NONE: Final = 0
_FOLLOWS: Final = "the one of the same name there, or none"


class DeviceForm(OwnedForm):
    """The form of a device. Another customer takes it over; what becomes of its site, the preview says."""

    AREA = "devices"
    KIND = "device"
    TITLE_HERE = "Devices"
    NOUN = "device"
    MOVES = "device.assign"
    PANEL_HEIGHT = 8
    LABELS = {"unit_id": "Unit id"}
    draft: DeviceState

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self.sites: dict[int, str] = {}
        """Names of sites by id."""

    def take_more(self, opened: Opened | None, more: Any) -> None:
        if opened is not None:
            self.sites.update(opened.names.get("site", {}))

    def new_at(self, customer: int) -> DeviceState:
        return DeviceState(customer, "")

    def show_form(self) -> None:
        draft = self.draft
        self.form.set_title("Device" if self.record_id is not None else "New device")
        self.form.set_fields(
            [
                self.line("name", "Name", required=True),
                self.line("kind", "Kind"),
                self.line("unit_id", "Unit id"),
                TextLine(),
                self.place_spec(),
                PickSpec("site", "Site", self._site_name(), action="choose"),
                TextLine(),
                TextSpec("notes", "Notes", draft.notes, lines=True),
            ]
        )
        self.form.focus()

    def _site_name(self) -> str:
        if self._follows:
            return _FOLLOWS
        site = self.draft.site
        return "none" if site is None else self.sites.get(site, "")

    @property
    def _follows(self) -> bool:
        """Whether the site is still that of the customer before."""
        before: Any = self.before
        return (
            before is not None
            and before.customer != self.draft.customer
            and before.site is not None
            and before.site == self.draft.site
        )

    # Changing.

    def activated(self, name: str) -> None:
        if name == "site":
            self._choose_site()
        else:
            super().activated(name)

    def put_at(self, customer: int) -> None:
        """Another customer has other sites; that of an existing device follows it, where there is one of its name."""
        self.change(customer=customer, site=self.before.site if self.before is not None else None)
        self.form.update("site", text=self._site_name())

    def _choose_site(self) -> None:
        customer = self.place

        def chosen(site: int | None) -> None:
            if site is not None:
                self.change(site=site or None)
                self.form.update("site", text=self._site_name())

        def show(found: list[tuple[int, str]]) -> None:
            self.sites.update(found)
            title = f"Sites of {self.place_name()}"
            screen = ChooseOne(title, found, above=[(_NONE, "none")], now=self.draft.site or _NONE)
            self.app.push_screen(screen, chosen)

        self.ask("sites", lambda session: sites_of(session, customer), show)

    # Two operators.

    def conflicted(self, conflict: Any) -> None:
        theirs = conflict.current
        if theirs is None or theirs.site is None:
            super().conflicted(conflict)
            return

        def named(found: dict[int, str]) -> None:
            self.sites.update(found)
            OwnedForm.conflicted(self, conflict)

        self.ask("sites", lambda session: session.names_of("sites", [theirs.site]), named)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        if name == "site":
            return "none" if value is None else self.sites.get(value, "another one")
        return super().said(name, value)
