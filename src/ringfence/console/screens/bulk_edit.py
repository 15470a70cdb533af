"""Many devices at once: what all of them are given, and what of each stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult

from ringfence.console.asked_about import AskedAbout
from ringfence.console.changing import MANY, save
from ringfence.console.commands.command import Command, bindings
from ringfence.console.rights import may_not
from ringfence.console.screens.choose_one import ChooseOne, own_of
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.text import Cell, Said, many, number
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import PickSpec, TextLine, TextSpec
from ringfence.domain.device import DEVICES
from ringfence.domain.site import SITES
from ringfence.services.editing import Edit

if TYPE_CHECKING:
    from ringfence.services.edited import Opened
    from ringfence.services.workspace import Session

_LEAVE: Final = "leave as it is"
_TAKEN: Final = "none: what is there is taken away"
_AS_IT_IS, _NONE = -1, 0


@dataclass(frozen=True)
class Bulk:
    """What the devices are given. None leaves a field as it is; site 0 is none."""

    name: str
    kind: str | None = None
    site: int | None = None
    notes: str | None = None


_COMMANDS: Final[tuple[Command[BulkEditScreen], ...]] = (
    Command(
        "leave_field",
        "ctrl+l",
        "Leave the field under the cursor as it is at each device.",
        lambda form: form.leave_field(),
        footer="leave as it is",
        unless=lambda form: form.why_not_leave_field(),
        changes=True,
    ),
)


class BulkEditScreen(RecordForm):
    """A form over many devices: only what is touched is changed, one edit a device. ``done`` is called once saved."""

    kind = DEVICES
    COMMANDS_HERE = _COMMANDS
    BINDINGS = bindings(_COMMANDS)
    draft: Bulk

    def __init__(self, ids: Sequence[int], done: Callable[[], object]) -> None:
        super().__init__(None)
        self._ids = tuple(ids)
        self._done = done
        self._all: tuple[Opened, ...] = ()
        self._sites: dict[int, str] = {}

    def compose_body(self) -> ComposeResult:
        yield Form()

    # Opening.

    def right_of_place(self) -> str:
        return ""  # each stays where it is

    def load(self, session: Session) -> Any:
        return session.open_records("device", self._ids)

    def take(self, found: Any) -> None:
        self._all = tuple(found)

    @property
    def _mine(self) -> list[Opened]:
        return [one for one in self._all if not one.why_not]

    @property
    def asked_about(self) -> AskedAbout | None:
        """The first of the devices."""
        return AskedAbout(DEVICES.noun, self._all[0].state.key, DEVICES.right("edit")) if self._all else None

    def first_draft(self) -> Bulk:
        return Bulk(many(len(self._all), "device"))

    def show_form(self) -> None:
        self.form.set_title(f"All of {self.draft.name}")
        self.form.set_fields(
            [
                TextSpec("kind", "Kind", hint=_LEAVE),
                PickSpec("site", "Site", self._site_name(), action="choose"),
                TextSpec("notes", "Notes", hint=_LEAVE, lines=True),
                TextLine(),
                TextLine("What is not touched stays as it is at each device."),
            ]
        )
        self.form.focus()

    def _site_name(self) -> str:
        site = self.draft.site
        return _LEAVE if site is None else "none" if site == _NONE else self._sites.get(site, "")

    # Changing.

    @on(Form.Changed)
    def field_changed(self, message: Form.Changed) -> None:
        """Puts what was typed into the draft."""
        message.stop()
        self.form.update(message.name, hint="" if message.value else _TAKEN)
        self.change(**{message.name: message.value})

    @on(Form.Activated)
    def field_activated(self, message: Form.Activated) -> None:
        """Asks for a site: those of the customer, where the devices have one in common."""
        message.stop()
        customers = {one.state.customer for one in self._mine}

        def chosen(site: int | None) -> None:
            if site is not None:
                self.change(site=None if site == _AS_IT_IS else site)
                self.form.update("site", text=self._site_name())

        def show(found: list[tuple[int, str]]) -> None:
            self._sites.update(found)
            above = [(_AS_IT_IS, _LEAVE), (_NONE, "none")]
            title = "Site" if len(customers) == 1 else "Site (they are of more than one customer)"
            now = _AS_IT_IS if self.draft.site is None else self.draft.site
            self.app.push_screen(ChooseOne(title, found, above=above, now=now), chosen)

        if len(customers) == 1:
            (customer,) = customers
            self.ask("sites", lambda session: own_of(session, SITES, customer), show)
        else:
            show([])

    def why_fixed(self) -> str:
        return "" if "device.edit" in self.ringfence.rights else may_not("you", "edit devices", DEVICES.right("edit"))

    def why_not_leave_field(self) -> str:
        """Why the field under the cursor cannot be left as it is."""
        name = self.form.current[0] if self.draft is not None and self.query(Form) else ""
        return "" if name and getattr(self.draft, name) is not None else "it is left as it is"

    def leave_field(self) -> None:
        """Leaves the field under the cursor as it is."""
        name = self.form.current[0]
        self.change(**{name: None})
        if name == "site":
            self.form.update("site", text=self._site_name())
        else:
            self.form.update(name, value="", hint=_LEAVE)

    # The change.

    def edits(self) -> list[Edit]:
        given: dict[str, Any] = {
            name: value for name in ("kind", "site", "notes") if (value := getattr(self.draft, name)) is not None
        }
        if given.get("site") == _NONE:
            given["site"] = None
        found = []
        for one in self._mine:
            after = replace(one.state, **given)
            if after != one.state:
                found.append(Edit("device", one.id, one.state, after, one.revision))
        return found

    def outcome_lines(self) -> list[Said]:
        lines = super().outcome_lines()
        if self.draft is not None and (edits := self.edits()):
            lines.insert(0, Cell(f"{number(len(edits))} of {self.draft.name} change.", "strong"))
        return lines

    def warnings(self) -> Sequence[str]:
        left = len(self._all) - len(self._mine)
        return (f"{many(left, 'device')} of these are not yours to change, and left out.",) if left else ()

    def _save_now(self) -> None:
        if len(self.edits()) < MANY:
            super()._save_now()
            return
        edits = self.edits()

        def ended(found: Any) -> None:
            self._saving = False
            if found is not None:
                self._saved(found)

        title = f"Saving {many(len(edits), 'device')}"
        self.ringfence.open("working", title, lambda session, told: save(session, edits, told), then=ended)

    def _saved(self, found: Any) -> None:
        super()._saved(found)
        if not isinstance(found, Exception):
            self._done()

    def conflicted(self, conflict: Any) -> None:
        """Another operator changed one of them: all are read anew, and only what is given here is ours."""
        if conflict.current is None:
            self._ids = tuple(one for one in self._ids if one != conflict.id)
        said = "was deleted meanwhile, and is left out" if conflict.current is None else "was changed meanwhile"

        def opened(found: Any) -> None:
            self.take(found)
            self.preview_now()
            self.failure = f"Not saved: one of them {said}. They were read anew; look, and save again."
            self.say_outcome()

        self.ask("open", self.load, opened)
