"""What a benchmark found: lines for people, and for each target what was found and whether that meets it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Target(NamedTuple):
    """What is not to be exceeded, and what was found."""

    what: str
    most: float
    found: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether it was."""
        return self.found <= self.most

    @property
    def verdict(self) -> str:
        """The same, as a word."""
        return "met" if self.met else "MISSED"

    def __str__(self) -> str:
        of = f" {self.unit}" if self.unit else ""
        return f"{self.what}: {_number(self.found)}{of}, at most {_number(self.most)}: {self.verdict}"


class Report:
    """The lines of a benchmark, and the targets among them."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.lines = list(lines)
        self.targets: list[Target] = []

    def judge(self, what: str, found: float, most: float, unit: str = "") -> None:
        """Holds what was found against the target, in a line of its own."""
        target = Target(what, most, found, unit)
        self.targets.append(target)
        self.lines.append(f"  target: {target}")


def summary(reports: dict[str, Report]) -> list[str]:
    """A table of all targets, met and missed, by the benchmark."""
    rows = [(name, one) for name, report in reports.items() for one in report.targets]
    if not rows:
        return []
    width = max(len(one.what) for _, one in rows)
    lines = [f"  {'':<9} {'target':<{width}} {'at most':>9} {'found':>9}"]
    for name, one in rows:
        figures = f"{_number(one.most):>9} {_number(one.found):>9} {one.unit:<13}"
        lines.append(f"  {name:<9} {one.what:<{width}} {figures} {one.verdict}")
    missed = sum(not one.met for _, one in rows)
    return [*lines, f"  {len(rows) - missed} of {len(rows)} met" + (f", {missed} MISSED" if missed else "")]


def _number(value: float) -> str:
    return f"{value:,.3f}" if value % 1 and value < 10 else f"{value:,.0f}"
