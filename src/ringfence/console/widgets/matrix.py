"""Many options under headings, side by side, switched on and off by key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from ringfence.console.text import literal
from ringfence.console.widgets.matrix_layout import NO_OPTION, Place
from ringfence.console.widgets.matrix_view import MatrixView, Option, Section
from ringfence.console.widgets.posted import Posted


class PermissionMatrix(MatrixView):
    """A set of options under headings, in as many columns as there is room for. It knows only which of them are held.

    The owner gives all of it with `set_sections`, and is told of every change with the whole set. What stands in
    `base` and is not held, or the reverse, is marked as a difference.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "toggle"),
        Binding("enter", "next", "next"),
        Binding("enter", "choose", "Fold a section, or go on", show=False),
        Binding("s", "section", "whole section"),
        Binding("A", "all", "all", show=False),
        Binding("slash", "find", "find"),
        Binding("n", "hit(1)", "Next found", show=False),
        Binding("N", "hit(-1)", "Previous found", show=False),
        Binding("escape", "leave_find", "leave the search"),
        Binding("d", "differ", "differences"),
        Binding("z", "fold", "Fold", show=False),
        Binding("Z", "fold_all", "Fold all", show=False),
        Binding("right,l", "across(1)", "Next column", show=False),
        Binding("left,h", "across(-1)", "Previous column", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | space, enter | Switch the option under the cursor on or off; on a heading, its section. |
    | s | Switch the whole section on, or off when all of it is on. What is blocked stays as it is. |
    | A | The same with every option that is shown. |
    | /, then n, N | Find as one types (enter, down; up: the next, the one before; escape: leave); find it again. |
    | d | Show only what differs; again: everything. |
    | z; Z | Fold or unfold the section; all sections. |
    | left, h; right, l | Go to the column beside, to the line that is nearest. |
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--found"}
    """
    | Class | Description |
    | :- | :- |
    | `lines--found` | The text that was looked for. |
    """

    DEFAULT_CSS = """
    PermissionMatrix {
        & > .lines--found { color: $warning; text-style: bold underline; }
        &.-finding { border-subtitle-color: $warning; border-subtitle-style: bold; }
    }
    """

    class Changed(Posted):
        """Posted when the operator has switched something: `held` is all that is on now."""

        def __init__(self, control: PermissionMatrix, held: frozenset[str]) -> None:
            super().__init__(control)
            self.held = held

    class Highlighted(Posted):
        """Posted when the cursor has come to another option, or to a heading (`option` is None then)."""

        def __init__(self, control: PermissionMatrix, option: Option | None, section: Section) -> None:
            super().__init__(control)
            self.option = option
            self.section = section

    class Refused(Posted):
        """Posted instead of `Changed` when nothing could be switched: `reason` says why."""

        def __init__(self, control: PermissionMatrix, reason: str) -> None:
            super().__init__(control)
            self.reason = reason

    def __init__(self, **options: Any) -> None:
        """Creates a matrix without options, with the name, id and classes of any widget."""
        super().__init__(**options)
        self._finding = False
        self._find = ""
        self._find_from: Place = (0, 0)

    def set_sections(
        self,
        sections: Iterable[Section],
        held: frozenset[str],
        base: frozenset[str] | None = None,
        read_only: str = "",
    ) -> None:
        """Leaves the search, and shows other options."""
        self.action_leave_find()
        super().set_sections(sections, held, base, read_only)

    @property
    def is_finding(self) -> bool:
        """Whether keys are being typed into the search."""
        return self._finding

    def watch_has_focus(self, has_focus: bool) -> None:
        """Leaves the search when the focus goes elsewhere."""
        super().watch_has_focus(has_focus)
        if not has_focus:
            self.action_leave_find()

    def _tell(self) -> None:
        current = self.current
        if current is not None and current != self._told:
            self._told = current
            self.post_message(self.Highlighted(self, current[1], current[0]))

    def _tell_numbers(self) -> None:
        if not self._finding:
            super()._tell_numbers()
            return
        hits = self._hits()
        place = self._stops[self._at].place if self._stops else None
        at = f"{hits.index(place) + 1} of {len(hits)}" if place in hits else "not found"
        self.set_subtitle(f"/{self._find}▏ {at if self._find else 'type to find'}")

    # Switching

    def _refuses(self, reason: str) -> bool:
        if reason:
            self.post_message(self.Refused(self, reason))
        return bool(reason)

    def _hold(self, held: frozenset[str]) -> None:
        self._held = held
        self.refresh()
        self._tell_numbers()
        self.post_message(self.Changed(self, held))

    def _switch(self, options: Sequence[Option]) -> None:
        """Switches all of these on, or off when all are on, and leaves those that are blocked as they are."""
        if not options or self._refuses(self._read_only):
            return
        free = frozenset(option.key for option in options if not option.blocked)
        if not free:
            self._refuses(options[0].blocked)
            return
        self._hold(self._held - free if free <= self._held else self._held | free)

    def action_switch(self) -> None:
        """Switches the option under the cursor on or off; on a heading, its section."""
        current = self.current
        if current is None:
            return
        option = current[1]
        if option is None:
            self.action_section()
        elif not self._refuses(self._read_only or ("" if option.key in self._held else option.blocked)):
            self._hold(self._held ^ {option.key})

    def action_choose(self) -> None:
        """Folds a section, or goes on to the next option: Enter gives nobody anything."""
        current = self.current
        if current is not None and current[1] is None:
            self.action_fold()
        else:
            self.action_move(1)

    def action_section(self) -> None:
        """Switches the options of the section under the cursor, as far as they are shown."""
        current = self.current
        if current is not None:
            self._switch([current[0].options[n] for n in self._shown(current[0])])

    def action_all(self) -> None:
        """Switches all options that are shown, those of folded sections too."""
        self._switch([section.options[n] for section in self._sections for n in self._shown(section)])

    # Showing

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the action is on: while a search is typed its keys are letters, and differences need a base."""
        if action in {"leave_find", "next"}:
            return self._finding
        if action in {"switch", "section", "find", "differ"} and self._finding:
            return False
        return self._base is not None if action == "differ" else True

    def action_differ(self) -> None:
        """Shows only what differs now, or everything again. What is switched meanwhile stays in view."""
        place = self._stops[self._at].place if self._stops else (0, 0)
        self._only = self._differing if self._only is None else None
        self._lay_out(place)

    def action_fold(self) -> None:
        """Folds the section under the cursor, or unfolds it."""
        if self._stops:
            place = self._stops[self._at].place
            section = self._sections[place[0]]
            self._folded ^= {(section.part, section.heading)}
            self._lay_out(place)

    def action_fold_all(self) -> None:
        """Folds all sections, or unfolds them when all are folded."""
        if self._stops:
            names = {(section.part, section.heading) for section in self._sections}
            self._folded = set() if names <= self._folded else names
            self._lay_out(self._stops[self._at].place)

    # Finding

    @property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(literal(self._find)), re.IGNORECASE)

    def _hits(self) -> list[Place]:
        """Where the text that is looked for stands, in folded sections too, in the order shown."""
        if not self._find:
            return []
        pattern = self._pattern
        hits: list[Place] = []
        for number_, section in enumerate(self._sections):
            shown = self._shown(section)
            if shown and pattern.search(literal(section.heading)):
                hits.append((number_, NO_OPTION))
            hits += [(number_, n) for n in shown if pattern.search(literal(section.options[n].label))]
        return hits

    def action_find(self) -> None:
        """Begins to find as one types."""
        if self._stops:
            self._find, self._find_from = "", self._stops[self._at].place
            self._set_finding(True)

    def action_leave_find(self) -> None:
        """Ends the search where it has led; its text is kept for the next and the one before."""
        if self._finding:
            self._set_finding(False)

    def _set_finding(self, finding: bool) -> None:
        self._finding = finding
        self._seek()
        self.set_class(finding, "-finding")
        self._tell_numbers()
        self.refresh()
        self.refresh_bindings()

    def _seek(self) -> None:
        """Underlines what is looked for."""
        self._sought = self._pattern if self._finding and self._find else None

    def _type(self, text: str) -> None:
        """Takes `text` as what is looked for, and goes to the first of it from where the search began."""
        self._find = text
        self._seek()
        hits = self._hits()
        self._reach(next((hit for hit in hits if hit >= self._find_from), hits[0] if hits else self._find_from))

    def _reach(self, place: Place) -> None:
        """Goes to an entry, unfolding its section if it is hidden in there."""
        section = self._sections[place[0]]
        if place[1] != NO_OPTION and self._is_folded(section):
            self._folded.discard((section.part, section.heading))
            self._lay_out(place)
        else:
            self._go(self._layout.nearest(place))
        self._tell_numbers()
        self.refresh()

    def action_next(self) -> None:
        """Goes to the next entry that holds the text, while it is being typed."""
        self.action_hit(1)

    def action_hit(self, step: int) -> None:
        """Goes to the next entry that holds the text, or to the one before, round the end."""
        hits = self._hits()
        if not hits or not self._stops:
            return
        here = self._stops[self._at].place
        if step > 0:
            self._reach(next((hit for hit in hits if hit > here), hits[0]))
        else:
            self._reach(next((hit for hit in reversed(hits) if hit < here), hits[-1]))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether the key is typed into the search, and so means nothing else now."""
        return self._finding and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Types into the search, and goes from hit to hit; any other key ends the search and does what it does."""
        if not self._finding or event.key == "escape":
            return
        if event.key in ("enter", "down", "up"):
            self.action_hit(-1 if event.key == "up" else 1)
        elif event.key == "backspace":
            self._type(self._find[:-1])
        elif event.is_printable and event.character is not None:
            self._type(self._find + event.character)
        else:
            self.action_leave_find()
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Types what is pasted into the search."""
        if self._finding:
            event.stop()
            self._type(self._find + event.text)
