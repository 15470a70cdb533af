"""What a form holds: its fields as they are now, and what is wrong with them; plain values, without a widget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ringfence.console.widgets.form_fields import Spec, TextLine, TextSpec, fault_of, value_of


class FormState:
    """The fields of a form. What is wrong is shown of those that were touched, and of those that somebody told it of.

    Raises ValueError where two fields have one name.
    """

    def __init__(self, specs: Iterable[Spec] = ()) -> None:
        self.specs: list[Spec] = list(specs)
        self.touched: set[str] = set()
        self._told: dict[str, str] = {}
        names = [spec.name for spec in self.specs if spec.name]
        if len(names) != len(set(names)):
            raise ValueError(f"two fields of one name: {names}")

    def find(self, name: str) -> tuple[int, Spec]:
        """A field and its place among them; raises KeyError where there is none of the name."""
        for index, spec in enumerate(self.specs):
            if spec.name == name and name:
                return index, spec
        raise KeyError(name)

    def update(self, name: str, **changes: Any) -> None:
        """Changes a field; with another value it is not what was told to be wrong any more."""
        index, spec = self.find(name)
        if {"value", "text"} & changes.keys():
            self._told.pop(name, None)
        self.specs[index] = replace(spec, **changes)

    def tell(self, name: str, message: str) -> None:
        """Takes what is wrong with a field until its value changes; an empty message takes that back."""
        self.find(name)
        self._told.pop(name, None)
        if message:
            self._told[name] = message

    @property
    def values(self) -> dict[str, Any]:
        """What the fields hold: text, bool, the chosen option's value, the rows' ids, the picked text."""
        return {spec.name: value_of(spec) for spec in self.specs if not isinstance(spec, TextLine)}

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field, shown already or not."""
        found = {spec.name: fault_of(spec) for spec in self.specs if isinstance(spec, TextSpec)}
        return {name: message for name, message in {**found, **self._told}.items() if message}

    @property
    def shown(self) -> dict[str, str]:
        """What of that is shown."""
        return {name: message for name, message in self.errors.items() if name in self.touched or name in self._told}
