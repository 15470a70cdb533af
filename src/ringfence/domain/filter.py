"""What one types into a filter, taken to pieces.

Words are sought one by one, each in any column that lists of the kind show, and all must be found. Quotes keep a
phrase, ``-`` excludes, ``^`` asks that a column's text begins so, and ``kind:camera`` looks at one column; ``kind:""``
asks that nothing stands there. A sign with nothing behind it asks nothing yet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from ringfence.domain import display
from ringfence.domain.errors import WrongFilter
from ringfence.domain.kind import Kind
from ringfence.domain.text import fold, has_control

MOST: Final = 16
"""So many words are sought at once."""
_BRIEF: Final = 16
"""So many letters of what is wrong stand beside the filter."""
_COLUMN: Final = re.compile(r"([^\W\d_]+(?:[_-][^\W\d_]+)*):")
"""What names a column: made of letters, so that addresses and times are text like any other."""


class Term(NamedTuple):
    """A word or a phrase, folded. ``column`` is the field of the one column that it is sought in, if any; without a
    text nothing may stand there. ``anchored``: the column's text begins with it. ``excluded``: it must not be so.
    ``record`` is the id of the one record that the column must refer to: nobody types that."""

    text: str
    column: str = ""
    anchored: bool = False
    excluded: bool = False
    record: int = 0

    @property
    def plain(self) -> bool:
        """Whether it is only sought."""
        return bool(self.text) and not (self.anchored or self.excluded)

    def fits(self, said: str) -> bool:
        """Whether a column that says this, folded, has it; that it is excluded does not count here."""
        if not self.text:
            return not said
        return said.startswith(self.text) if self.anchored else self.text in said

    @property
    def hopeless(self) -> bool:
        """Whether no record can have it: nothing that a record may hold contains a control character."""
        return has_control(self.text)


class Named(NamedTuple):
    """A column that a filter can name: by its field or its heading. ``unsought`` says why it is not searched."""

    field: str
    heading: str
    unsought: str = ""


@lru_cache(maxsize=16)
def named(kind: Kind) -> tuple[Named, ...]:
    """The columns that a filter of lists of a kind can name."""
    return tuple(
        Named(
            one.field,
            display.column_heading(kind, one).lower(),
            ""
            if display.is_sought(kind, one)
            else "a number that is counted"
            if display.is_counted(kind, one)
            else "no text",
        )
        for one in display.columns(kind)
    )


def parse(kind: Kind, typed: str) -> tuple[Term, ...]:
    """The terms of a filter of lists of a kind: see ``terms``."""
    return terms(named(kind), typed)


@lru_cache(maxsize=256)
def terms(columns: Sequence[Named], typed: str) -> tuple[Term, ...]:
    """The terms of a filter, each once. Raises WrongFilter for a column that there is not, or that is not searched, and
    for more words than are sought at once. A quote left open is closed by the end."""
    found: dict[Term, None] = {}
    at = 0
    while at < len(typed):
        if _is_space(typed[at]):
            at += 1
            continue
        excluded = typed[at] == "-"
        at += excluded
        which = _COLUMN.match(typed, at)
        column = ""
        if which is not None:
            column, at = _column(columns, which[1], _word(typed, at)).field, which.end()
        anchored = typed[at : at + 1] == "^"
        at += anchored
        blank = False
        if typed[at : at + 1] == '"':
            text, at, closed = _phrase(typed, at + 1)
            blank = closed and not text and bool(column)
        else:
            text = _word(typed, at)
            at += len(text)
        if text or blank:
            found[Term(fold(text), column, anchored and not blank, excluded)] = None
    if len(found) > MOST:
        raise WrongFilter(f"more than {MOST} words", f"a filter seeks {MOST} words at most: quotes keep a phrase")
    return tuple(found)


def fault(columns: Sequence[Named], typed: str) -> str:
    """In a few words, why a filter cannot be understood; empty where it can."""
    try:
        terms(columns, typed)
    except WrongFilter as wrong:
        return wrong.briefly
    return ""


def narrows(now: Sequence[Term], before: Sequence[Term]) -> bool:
    """Whether all that one filter finds is sure to be among what another one found: as when one types on."""
    return all(old in now or (old.plain and any(_narrows(new, old) for new in now)) for old in before)


def _narrows(new: Term, old: Term) -> bool:
    return not new.excluded and old.text in new.text and old.column in ("", new.column)


def quoted(text: str) -> str:
    """The filter that seeks a text as it stands."""
    return '"' + text.replace('"', '""') + '"'


def _is_space(one: str) -> bool:
    return unicodedata.category(one)[0] == "Z" or one in "\t\r\n"


def _word(typed: str, start: int) -> str:
    end = start
    while end < len(typed) and not _is_space(typed[end]):
        end += 1
    return typed[start:end]


def _phrase(typed: str, at: int) -> tuple[str, int, bool]:
    """What stands between quotes, where it ends, and whether a quote does so; two of them are one that is meant."""
    text = ""
    while at < len(typed):
        if typed[at] != '"':
            text += typed[at]
        elif typed[at + 1 : at + 2] == '"':
            text += '"'
            at += 1
        else:
            return text, at + 1, True
        at += 1
    return text, at, False


def _column(columns: Sequence[Named], typed: str, word: str) -> Named:
    """The column that is meant: by its heading or its field, or how one of them alone begins."""
    wanted = _squeezed(typed)
    called = [(one, (_squeezed(one.field), _squeezed(one.heading))) for one in columns]
    exact = [one for one, names in called if wanted in names]
    found = exact or [one for one, names in called if any(name.startswith(wanted) for name in names)]
    if len(found) != 1:
        names = _listed([one.heading for one in found or columns])
        if found:
            raise WrongFilter(f"“{typed}:” may be {_brief(names)}", f"{typed!r} may be {names}: type more of it")
        raise WrongFilter(
            f"no column “{_brief(typed)}”: quotes seek it",
            f"there is no column {typed!r} to search: take {names}, or seek the text as it stands, in quotes: "
            f"{quoted(word.replace(chr(34), ''))}",
        )
    name, what = found[0].heading, found[0].unsought
    if what:
        raise WrongFilter(f"“{name}” is not searched", f"{name!r} is {what}, and not searched: leave it out")
    return found[0]


def _brief(text: str) -> str:
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def _squeezed(name: str) -> str:
    return re.sub(r"[-_ ]", "", fold(name))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
