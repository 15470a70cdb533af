"""What a user's form gives: security groups with their windows, customer groups and sites."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual import on

from ringfence.console.commands.command import Command
from ringfence.console.moments import window
from ringfence.console.screens.choose_record import ChooseRecord
from ringfence.console.screens.pick import PickRecords, record_choices
from ringfence.console.screens.record_form import RecordForm
from ringfence.console.screens.window_dialog import WindowDialog
from ringfence.console.text import Cell
from ringfence.console.widgets.choices import Choices
from ringfence.console.widgets.form import Form
from ringfence.console.widgets.form_fields import Row
from ringfence.console.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from ringfence.console.commands.command import Home
    from ringfence.domain.user import UserState
    from ringfence.services.choices import GroupNote
    from ringfence.services.workspace import Session

GIVING: Final[tuple[Command[Memberships], ...]] = (
    Command(
        "window",
        "v",
        "Say from when until when the user is in the security group under the cursor.",
        lambda form: form.set_window(),
        footer="validity",
        unless=lambda form: form.why_no_group(),
        changes=True,
    ),
    Command(
        "take_away",
        "delete,x",
        "Take away the group or site under the cursor.",
        lambda form: form.take_away(),
        footer="take away",
        unless=lambda form: form.why_no_row(),
        changes=True,
    ),
    Command(
        "open_group",
        "g",
        "Open the security group under the cursor, with its permissions.",
        lambda form: form.open_group(),
        footer="group",
        unless=lambda form: form.why_no_group(),
        unless_row=lambda form: form.why_not_open(),
    ),
)


class Memberships(RecordForm):
    """The form of a user, as far as it gives groups and sites. A subclass draws the fields, and says in ``redraw`` what
    they hold once something was given or taken away."""

    draft: UserState

    def __init__(self, record_id: int | None, copy_of: int | None = None, home: Home | None = None) -> None:
        super().__init__(record_id, copy_of, home)
        self._names: dict[str, dict[int, str]] = {"home": {}, "sites": {}}
        self._groups: dict[int, GroupNote] = {}
        self._filters: dict[int, GroupNote] = {}
        self._is_self = False

    @abstractmethod
    def redraw(self) -> None:
        """Draws what is given as it is now."""

    # Drawing.

    def _group_rows(self) -> tuple[Row, ...]:
        rows = []
        for group, (since, until) in self._ordered_groups():
            known = self._groups.get(group)
            note = "made for it" if known and known.made_for else _about(known) if known else ""
            when = window(since, until)
            name = known.name if known else "?"
            place = self._key(group, since, until)
            rows.append(Row(place, (name, Cell(note, "quiet"), Cell(when, "attention"))))
        return tuple(rows)

    def _ordered_groups(self) -> list[tuple[int, Any]]:
        def order(one: tuple[int, Any]) -> tuple[str, str]:
            known = self._groups.get(one[0])
            return (known.name.casefold() if known else "", repr(one[1]))

        return sorted(self.draft.security_groups, key=order)

    @staticmethod
    def _key(group: int, since: Any, until: Any) -> str:
        return f"{group} {since} {until}"

    def _filter_rows(self) -> tuple[Row, ...]:
        known = sorted(
            (self._filters[one].name.casefold(), one) for one in self.draft.customer_groups if one in self._filters
        )
        rows = []
        for _, group in known:
            note = self._filters[group]
            said = Cell(note.note, "quiet") if note.active else Cell("inactive: gives nothing", "attention")
            rows.append(Row(group, (note.name, said)))
        return tuple(rows)

    def _site_rows(self) -> tuple[Row, ...]:
        names = self._names["sites"]
        known = sorted((names[one].casefold(), one) for one in self.draft.sites if one in names)
        return tuple(Row(site, (names[site],)) for _, site in known)

    def said(self, name: str, value: Any) -> str | tuple[str, ...]:
        if name == "home":
            return self._names["home"].get(value, "another one")
        if name == "security_groups":
            return tuple(
                f"{known.name if (known := self._groups.get(group)) else 'another one'} {window(*when)}".strip()
                for group, when in value
            )
        if name == "customer_groups":
            return tuple(known.name if (known := self._filters.get(one)) else "another one" for one in value)
        if name == "sites":
            return tuple(self._names["sites"].get(one, "another one") for one in value)
        return super().said(name, value)

    # Two operators.

    def conflicted(self, conflict: Any) -> None:
        """Reads the names of what the other operator gave before both are shown."""
        theirs = conflict.current
        if conflict.kind != "user":
            self.failure = f"Not saved: {conflict}. It was read anew; look, and save again."
            self.preview_now()
            self.say_outcome()
            return
        if theirs is None:
            super().conflicted(conflict)
            return

        def read(session: Session) -> Any:
            return (  # of each what its part of the form shows: notes on groups and filters, names of the others
                session.group_notes("security-groups", [group for group, _ in theirs.security_groups]),
                session.group_notes("customer-groups", list(theirs.customer_groups)),
                session.names_of("sites", theirs.sites),
                session.names_of("customers", [theirs.home]),
            )

        def named(found: Any) -> None:
            groups, filters, sites, homes = found
            self._groups.update(groups)
            self._filters.update(filters)
            self._names["sites"].update(sites)
            self._names["home"].update(homes)
            RecordForm.conflicted(self, conflict)

        self.ask("names", read, named)

    # Giving.

    def _choose(
        self, title: str, kind: str, columns: Any, take: Any, extra: Sequence[tuple[int, str]] = (), now: int = 0
    ) -> None:
        def drawn(row: Any) -> tuple[Any, ...]:
            return (row.name, row.owner)[: len(columns)]

        self.app.push_screen(ChooseRecord(title, kind, columns, drawn, extra=extra, now=now), take)

    def _pick(self, field: str) -> None:
        kind = field.replace("_", "-")

        def load(session: Session) -> Choices:
            self._choices = record_choices(session, kind)
            return self._choices

        chosen = dict.fromkeys(self._chosen(field), False)
        title = {"security_groups": "Security groups", "customer_groups": "Customer groups", "sites": "Sites"}[field]
        take = partial(self._picked, field)
        self.app.push_screen(PickRecords(self, title, kind, chosen, take, load, nestable=False, chosen_title="Given"))

    def _chosen(self, field: str) -> list[int]:
        if field == "security_groups":
            return [group for group, _ in self.draft.security_groups]
        return list(getattr(self.draft, field))

    def _picked(self, field: str, ids: Any) -> None:
        if field != "security_groups":
            if field == "sites":
                self._names["sites"].update(zip(self._choices.ids, self._choices.names, strict=True))
            self.change(**{field: frozenset(ids)})
        else:
            kept = {one for one in self.draft.security_groups if one[0] in ids}
            fresh = {(group, (None, None)) for group in ids if group not in {one for one, _ in kept}}
            self.change(security_groups=frozenset(kept | fresh))
        self._learn(field)

    def _learn(self, field: str) -> None:
        """Reads the words beside groups that were given just now."""
        known = self._groups if field == "security_groups" else self._filters
        missing = [one for one in self._chosen(field) if one > 0 and one not in known]
        if field == "sites" or not missing:
            self.redraw()
            return
        kind = field.replace("_", "-")

        def learned(notes: dict[int, GroupNote]) -> None:
            known.update(notes)
            self.redraw()

        self.ask("notes", lambda session: session.group_notes(kind, missing), learned)

    # The row under the cursor.

    @on(Form.Moved)
    def cursor_moved(self, message: Form.Moved) -> None:
        """Says in the key bar what can be done to this row."""
        message.stop()
        self.query_one(KeyBar).read_again()

    def _row(self) -> tuple[str, Any]:
        if not self.query(Form) or self.draft is None:
            return "", None
        return self.form.current

    def _group_here(self) -> tuple[int, Any] | None:
        field, row = self._row()
        if field != "security_groups" or row is None:
            return None
        return next((one for one in self.draft.security_groups if self._key(one[0], *one[1]) == row), None)

    def why_no_group(self) -> str:
        """Why nothing can be done with a security group now."""
        return self.why_no_row() or ("" if self._group_here() else "put the cursor on a security group")

    def why_no_row(self) -> str:
        """Why nothing can be taken away now."""
        if self._is_self:
            return "somebody else must change your own access"
        field, row = self._row()
        here = field in ("security_groups", "customer_groups", "sites") and row is not None
        return "" if here else "put the cursor on a group or a site"

    def why_not_open(self) -> str:
        """Why the security group under the cursor cannot be opened."""
        here = self._group_here()
        return "save the user first: the group is made then" if here and here[0] < 0 else ""

    def set_window(self) -> None:
        """Asks from when until when."""
        here = self._group_here()
        assert here is not None
        known = self._groups.get(here[0])

        def taken(when: Any) -> None:
            if when is not None:
                rest = self.draft.security_groups - {here}
                self.change(security_groups=rest | {(here[0], when)})
                self.redraw()
                self.form.go_to("security_groups", self._key(here[0], *when))

        self.app.push_screen(WindowDialog(known.name if known else "", here[1]), taken)

    def take_away(self) -> None:
        """Takes away what is under the cursor."""
        field, row = self._row()
        if field == "security_groups":
            here = self._group_here()
            assert here is not None
            self.change(security_groups=self.draft.security_groups - {here})
        else:
            self.change(**{field: getattr(self.draft, field) - {row}})
        self.redraw()

    def open_group(self) -> None:
        """Opens the security group under the cursor."""
        here = self._group_here()
        assert here is not None
        self.ringfence.open("security_group form", here[0])


def _about(group: GroupNote) -> str:
    return f"{group.role} · {group.note}" if group.role else group.note
