"""Filters made by chance, and what they find by a plain reading of what is shown, which shares nothing with the
product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from support.oracle import folded


@dataclass(frozen=True)
class Sought:
    """A word or a phrase; in one ``column``, or in any. Without a text, nothing may stand there."""

    text: str
    column: str = ""
    anchored: bool = False
    excluded: bool = False

    def typed(self, *, quoted: bool) -> str:
        """How it is typed."""
        said = f'"{self.text.replace(chr(34), 2 * chr(34))}"' if quoted or not self.text.isalnum() else self.text
        column = f"{self.column}:" if self.column else ""
        return f"{'-' if self.excluded else ''}{column}{'^' if self.anchored else ''}{said}"

    def fits(self, shown: Mapping[str, str]) -> bool:
        """Whether a row that shows that is found."""
        texts = [folded(text) for name, text in shown.items() if self.column in ("", name)]
        wanted = folded(self.text)
        if not wanted:
            found = texts == [""]
        elif self.anchored:
            found = any(text.startswith(wanted) for text in texts)
        else:
            found = any(wanted in text for text in texts)
        return found != self.excluded


@dataclass(frozen=True)
class Filter:
    """What is sought, and how it was typed."""

    sought: tuple[Sought, ...]
    typed: str

    def fits(self, shown: Mapping[str, str]) -> bool:
        return all(one.fits(shown) for one in self.sought)


def phrase(text: str) -> Filter:
    """A text as it stands."""
    one = Sought(text)
    return Filter((one,), one.typed(quoted=True))


def some_filter(chance: Random, columns: Sequence[str], texts: Sequence[str]) -> Filter:
    """One to three words, of those that rows have and of others."""
    sought = tuple(_some(chance, columns, texts) for _ in range(chance.choice((1, 1, 2, 3))))
    spaces = (" ", "  ", "\u00a0", "\t")
    typed = chance.choice(spaces).join(one.typed(quoted=not chance.randrange(3)) for one in sought)
    return Filter(sought, typed)


def _some(chance: Random, columns: Sequence[str], texts: Sequence[str]) -> Sought:
    column = chance.choice(columns) if chance.randrange(2) else ""
    excluded = not chance.randrange(4)
    if column and not chance.randrange(5):
        return Sought("", column, False, excluded)
    text = chance.choice(texts)
    if chance.randrange(3):
        start = 0 if chance.randrange(2) else chance.randrange(len(text))
        text = text[start : start + chance.randint(1, 6)]
    if chance.randrange(2):
        text = text.swapcase()
    return Sought(text, column, not chance.randrange(4), excluded)
