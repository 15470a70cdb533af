"""The form of a record of any kind whose fields are all there is to it, as its kind is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

from ringfence.console.commands.command import bind
from ringfence.console.commands.declared import editable
from ringfence.console.commands.records import RecordCommand
from ringfence.console.screens.choose_one import ChooseOne, own_of
from ringfence.console.screens.of_itself import OfItself
from ringfence.console.screens.owned_form import OwnedForm
from ringfence.console.widgets.form_fields import ChoiceSpec, PickSpec, Spec, TextLine, TextSpec
from ringfence.domain import display
from ringfence.domain.display import words
from ringfence.domain.field import Choice, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind, altered
from ringfence.domain.registry import EDITED
from ringfence.domain.shown import GAP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringfence.console.commands.command import Home
    from ringfence.services.edited import Opened

_NONE: Final = 0
_FOLLOWS: Final = "the one of the same name there, or none"


class PlainForm(OfItself, OwnedForm):
    """The form of a record. What it refers to is chosen among what the viewer may list; the site that it stands on
    among those of its own customer. Of what can be done to a row of a list it has what is declared for it, too. A new
    one begins with what is ``given``: by field a value and, where that is another record, its name."""

    def __init__(
        self,
        kind: Kind,
        record_id: int | None,
        copy_of: int | None = None,
        home: Home | None = None,
        given: Mapping[str, tuple[Any, str]] | None = None,
    ) -> None:
        self.kind = kind
        self._given = given or {}
        super().__init__(record_id, copy_of, home)
        self._begun = False
        if record_id is not None:
            own = [one for one in editable(kind).commands if isinstance(one, RecordCommand) and one.in_form]
            self.COMMANDS_HERE = own
            bind(self, own)

    def take(self, found: Any) -> Opened | None:
        for name, (value, said) in self._given.items():
            if name in self.names:
                self.names[name][value] = said
        return super().take(found)

    def first_draft(self) -> Any:
        draft = super().first_draft()
        given = {name: value for name, (value, _) in self._given.items()}
        return altered(draft, **given) if given else draft

    def show_form(self) -> None:
        said = self.kind.said
        self.form.set_title(said.capitalize() if self.record_id is not None else f"New {said}")
        self.form.set_fields([self._field(name) for name in display.form(self.kind)])
        if self.record_id is None and not self._begun:  # with what it is called, wherever that stands
            self.form.go_to("name")
        self._begun = True
        self.form.focus()

    def _field(self, name: str) -> Spec:
        if name == GAP:
            return TextLine()
        label, value, spec = display.heading(self.kind, name), getattr(self.draft, name), self.kind.fields[name].spec
        match spec:
            case Text(lines=True):
                return TextSpec(name, label, value, lines=True, required=spec.filled)
            case Text():
                return self.line(name)
            case Number() | Moment():
                return self.read_line(name)
            case Choice():
                shown = (one for one in spec.values if one in spec.said or one == value)
                return ChoiceSpec(name, label, value, tuple((one, words(one)) for one in shown))
            case Flag():
                return self.toggle(name)
            case Ref(node=True):
                return self.place_spec()
            case Ref():
                stays = self.kind.stays and self.record_id is not None
                return PickSpec(name, label, self.ref_said(name), action="" if spec.fixed or stays else "choose")
            case Ties():
                raise TypeError(f"the form of {self.kind} cannot ask for its {name}: it needs one of its own")
            case _:
                assert_never(spec)

    def ref_said(self, name: str) -> str:
        """What a field refers to, by name."""
        if self._follows and self.kind.fields[name] is self.kind.stands:
            return _FOLLOWS
        value = getattr(self.draft, name)
        return "none" if value is None else self.names[name].get(value, "one that you do not see")

    def typed(self, name: str, value: Any) -> None:
        if isinstance(self.kind.fields[name].spec, Flag):
            self.form.update(name, note=self.note(name, value))
        super().typed(name, value)

    @property
    def _follows(self) -> bool:
        """Whether it stands where it did at the customer before, and finds such a site at the other one."""
        stands, before = self.kind.stands, self.before
        if before is None or stands is None or not (isinstance(stands.spec, Ref) and stands.spec.follows):
            return False
        former = getattr(before, stands.name)
        elsewhere = getattr(before, self.place_field) != self.place
        return elsewhere and former is not None and former == getattr(self.draft, stands.name)

    def put_at(self, customer: int) -> None:
        """Another customer has other sites; the one of an existing record may follow it."""
        stands = self.kind.stands
        if stands is None:
            super().put_at(customer)
            return
        follows = isinstance(stands.spec, Ref) and stands.spec.follows and self.before is not None
        self.change(**{self.place_field: customer, stands.name: getattr(self.before, stands.name) if follows else None})
        self.form.update(stands.name, text=self.ref_said(stands.name))

    def activated(self, name: str) -> None:
        if name == self.place_field:
            self.choose_place()
        elif EDITED[self.kind.refs[name]].is_site:
            self._choose_own(name)
        else:
            self.choose(name, self._none(name), lambda record: self._take(name, record.id))

    def _none(self, name: str) -> list[tuple[int, str]]:
        return [(_NONE, "none")] if self.kind.fields[name].optional else []

    def _take(self, name: str, value: int) -> None:
        self.change(**{name: value or None})
        self.form.update(name, text=self.ref_said(name))

    def _choose_own(self, name: str) -> None:
        """Asks for one of what the customer itself has."""
        customer, of = self.place, EDITED[self.kind.refs[name]]

        def chosen(value: int | None) -> None:
            if value is not None:
                self._take(name, value)

        def show(found: list[tuple[int, str]]) -> None:
            self.names[name].update(found)
            now = getattr(self.draft, name) or _NONE
            title = f"{display.title(of)} of {self.place_name()}"
            self.app.push_screen(ChooseOne(title, found, above=self._none(name), now=now), chosen)

        self.ask(f"{of.name}-choices", lambda session: own_of(session, of, customer), show)
