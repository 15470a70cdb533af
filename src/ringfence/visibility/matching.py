"""What a filter asks of a row: of each of its terms a condition, made of what the columns of the kind say.

What a row refers to is known by its name only as far as the viewer may list it. So a name that is hidden never decides
whether a row is found.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, text

from ringfence.domain.filter import Term
from ringfence.domain.kind import Kind
from ringfence.domain.text import fold
from ringfence.domain.user import USERS
from ringfence.storage.sqlite import FOLD
from ringfence.visibility.cells import Cells, Kept, Made, Name, Part, Plain, Words, cells, part, seen_actor, separator
from ringfence.visibility.keeping import kept
from ringfence.visibility.naming import Named, named, reached, visible
from ringfence.visibility.scopes import Extent
from ringfence.visibility.sql import probe, tied
from ringfence.visibility.substrings import among, bound
from ringfence.visibility.viewer import Sight

MOST_NAMES: Final = 1000
"""So many records that a word names are gone by one by one."""
_MOST_VALUES: Final = 500
"""Of so many texts that a column has, those that fit are looked for among them."""
_KEPT: Final = 4


class Lead(NamedTuple):
    """A term by which its rows can be found: those whose search key holds ``needle`` (None: that is not asked), and
    those that have, in a column, one of these ids or texts; there are no others."""

    needle: str | None
    named: Mapping[str, Sequence[int] | Sequence[str]]
    begins: bool = False
    """Whether all that is asked of the search key is that it holds the needle."""
    share: float = 0.0
    """The part of the texts of a column that are among those: of so many rows, by estimate."""


class Asked(NamedTuple):
    """What a filter asks. ``condition`` begins with AND, or is empty; ``leads`` are the terms by which rows can be
    found, ``words`` the lengths of what else must be found. ``beside`` says that more than the search key is read,
    ``names`` how many names are looked up row by row."""

    condition: str
    binds: dict[str, Any]
    leads: tuple[Lead, ...] = ()
    words: tuple[int, ...] = ()
    beside: bool = False
    names: int = 0


def asked(
    sight: Sight, kind: Kind, terms: Sequence[Term], extent: Extent | None, *, looked: bool, counting: bool = False
) -> Asked:
    """What the terms ask of rows of a kind that the ``extent`` reaches (None: that something else than it reaches).
    ``looked``: what they name is looked up first. ``counting``: very many rows are gone through."""
    return _Asking(sight, kind, extent, looked=looked, counting=counting).asked(terms)


class _Asking:
    def __init__(self, sight: Sight, kind: Kind, extent: Extent | None, *, looked: bool, counting: bool) -> None:
        self.sight = sight
        self.kind = kind
        self.extent = extent
        self.looked = looked
        self.counting = counting
        self.postgresql = sight.postgresql
        self.cells = cells(kind, sight.postgresql)
        self.binds: dict[str, Any] = {}
        self.beside, self.names = False, 0

    def asked(self, terms: Sequence[Term]) -> Asked:
        conditions, leads, words = [], [], []
        for number, term in enumerate(terms):
            if term.hopeless:  # and not asked for: see `hopeless`
                continue
            found, lead = self._term(number, term)
            conditions.append(f" AND ({found}) IS {'NOT ' if term.excluded else ''}TRUE")
            if term.excluded:
                lead = self._others(term)
            elif lead is None:
                words.append(len(term.text))
            if lead is not None:
                leads.append(lead)
        return Asked("".join(conditions), self.binds, tuple(leads), tuple(words), self.beside, self.names)

    def _term(self, number: int, term: Term) -> tuple[str, Lead | None]:
        """The condition for a term, and whether rows can be found by it."""
        columns = {name: one for name, one in self.cells.items() if term.column in ("", name)}
        if term.record:
            one = columns[term.column]
            assert isinstance(one, Name)
            condition = self._name(f"{number}_record", one, term, "", Named((term.record,)))
            return condition, Lead(None, {one.column: (term.record,)})
        if not term.text:
            ((_, one),) = columns.items()
            return self._blank(one), self._blank_lead(one)
        needle = f"needle{number}"
        self.binds[needle] = term.text
        parts = {name: one for name, one in columns.items() if isinstance(one, Part)}
        every = 0 < len(parts) == len(self.kind.searched)
        conditions = list(self._parts(parts, term, needle, every=every))
        found: dict[str, Sequence[int] | Sequence[str]] = {}
        alone, share = True, 0.0
        for name, one in columns.items():
            if isinstance(one, Part):
                continue
            if isinstance(one, Name):
                which = self._named(one, term) if self.looked else None
                if which is None:
                    alone = False
                elif which.ids:
                    found[one.column] = which.ids
                if which is None or which.ids:
                    conditions.append(self._name(f"{number}_{name}", one, term, needle, which))
                continue
            known = self._known(one)
            if known is not None:
                values = [value for value in known if value and term.fits(value)]
                if values and isinstance(one, Kept):
                    found[one.column], share = values, len(values) / len(known)
                    conditions.append(self._among(f"values{number}_{name}", one.column, values))
                    self.beside = True
                continue
            condition = self._own(one, term, needle)
            if condition:
                conditions.append(condition)
                self.beside, alone = True, False
        lead = Lead(term.text if parts else None, found, every and not term.anchored, share) if alone else None
        return " OR ".join(conditions) or "FALSE", lead

    def _parts(self, parts: Mapping[str, Part], term: Term, needle: str, *, every: bool) -> Iterator[str]:
        """The search key holds the needle, in one of these parts."""
        last = len(self.kind.searched) - 1
        if every and not term.anchored:
            yield self._holds("k.search_key", needle)
        elif every:
            between = separator(self.postgresql)
            text_of = f"CAST(:{needle} AS text)"
            yield self._found(f"{between} || k.search_key", f"{between} || {text_of}")
        else:
            for one in parts.values():
                own = part(one.place, last=one.place == last, postgresql=self.postgresql)
                whole = self._holds("k.search_key", needle)
                yield f"({whole} AND {self._test(own, term, needle)})"

    def _own(self, one: Cells, term: Term, needle: str) -> str:
        """The condition: what the column says of the row itself, beside its search key, fits; empty where it cannot."""
        if isinstance(one, Words):
            fitting = [(word, condition) for word, condition in one.said if term.fits(word)]
            return "" if not fitting else f"({' OR '.join(f'({condition})' for _, condition in fitting)})"
        if isinstance(one, Plain):
            return f"({self._test(self._folded(one), term, needle)}{self._shown(one)})"
        assert isinstance(one, Kept | Made)
        return self._test(f"k.{one.column}" if isinstance(one, Kept) else one.text, term, needle)

    def _known(self, one: Cells) -> list[str] | None:
        """The texts that a column has, where those are looked up, and not very many."""
        if not (self.looked and isinstance(one, Kept) and one.listed):
            return None
        return texts_of(self.sight, self.kind, one.column)

    def _others(self, term: Term) -> Lead | None:
        """The rows by which what has a term nowhere can be found: those with other texts in a column."""
        for name, one in self.cells.items():
            known = self._known(one) if term.column in ("", name) else None
            if known and isinstance(one, Kept):
                fitting = {value for value in known if term.fits(value)}
                if fitting:
                    others = [value for value in known if value not in fitting]
                    return Lead(None, {one.column: others} if others else {}, share=len(others) / len(known))
        return None

    def _blank_lead(self, one: Cells) -> Lead | None:
        """The rows of which a column is empty."""
        known = self._known(one)
        if known is None or not isinstance(one, Kept):
            return None
        return Lead(None, {one.column: [""]} if "" in known else {}, share=1 / len(known) if known else 0.0)

    def _blank(self, one: Cells) -> str:
        """The condition: nothing stands in the column."""
        self.beside = True
        if isinstance(one, Part):
            last = one.place == len(self.kind.searched) - 1
            return f"{part(one.place, last=last, postgresql=self.postgresql)} = ''"
        if isinstance(one, Words):
            return " AND ".join(f"({condition}) IS NOT TRUE" for _, condition in one.said)
        if isinstance(one, Kept):
            return f"k.{one.column} = ''"
        if isinstance(one, Plain):
            return f"(COALESCE(k.{one.column}, '') <> ''{self._shown(one)}) IS NOT TRUE"
        if isinstance(one, Name):
            if self._same(one) or self.sight.scope(one.kind.permission).nodes.whole:
                return f"k.{one.column} IS NULL"  # nothing that there is is hidden
            self.names += 1
            return f"({self._exists(one, '')}) IS NOT TRUE"
        return "FALSE"

    def _test(self, said: str, term: Term, needle: str) -> str:
        if not term.anchored:
            return self._holds(said, needle)
        return f"substr({said}, 1, length(CAST(:{needle} AS text))) = :{needle}"

    def _holds(self, said: str, needle: str) -> str:
        return self._found(said, f"CAST(:{needle} AS text)" if self.postgresql else f":{needle}")

    def _found(self, said: str, wanted: str) -> str:
        return f"{'strpos' if self.postgresql else 'instr'}({said}, {wanted}) > 0"

    # A column as the table has it.

    def _folded(self, one: Plain) -> str:
        """What the column says, folded. Only of plain ASCII do the engines make what `fold` does."""
        column = f"COALESCE(k.{one.column}, '')"
        if not self.postgresql:
            ascii_only = f"length(CAST({column} AS blob)) = length({column})"
            return f"CASE WHEN {ascii_only} THEN lower({column}) ELSE {FOLD}({column}) END"
        odd = f"odd_{one.column}"
        if odd not in self.binds:
            query = text(
                f"SELECT DISTINCT k.{one.column} AS said FROM {self.kind.table} k WHERE k.tenant_id = :tenant "
                f"AND octet_length(k.{one.column}) <> length(k.{one.column})"
            )
            rows = self.sight.connection.execute(query, {"tenant": self.sight.tenant_id})
            self.binds[odd] = json.dumps({row.said: fold(row.said) for row in rows})
        return f'COALESCE(CAST(:{odd} AS jsonb) ->> {column}, lower({column} COLLATE "C"))'

    def _shown(self, one: Plain) -> str:
        """That the column is shown at all."""
        if not one.actor:
            return ""
        scope = self.sight.scope(USERS.permission)
        self.binds["see_actor"] = scope.records.id
        return f" AND {seen_actor(scope.records.whole, ':see_actor', probe, postgresql=self.postgresql)}"

    # What a row refers to.

    def _named(self, one: Name, term: Term) -> Named | None:
        """Which records the term names, as far as the viewer may list them; None for too many."""
        if not reached(self.sight, one.kind):
            return Named(())
        return named(self.sight, one.kind, term, self._same(one), MOST_NAMES)

    def _name(self, place: str, one: Name, term: Term, needle: str, which: Named | None) -> str:
        """The condition: the row refers to something of a fitting name."""
        if one.column != self.kind.owner:
            self.beside = True
        if which is not None:
            ids = f"ids{place}"
            self.binds[ids] = list(which.ids) if self.postgresql else json.dumps(list(which.ids))
            listed = f"= ANY(CAST(:{ids} AS int[]))" if self.postgresql else f"IN (SELECT value FROM json_each(:{ids}))"
            return f"k.{one.column} {listed}"
        own = part(0, last=len(one.kind.searched) == 1, postgresql=self.postgresql, row="o")
        test = self._test(own, term, needle)
        if self.counting and self.looked:
            inside, binds = visible(self.sight, one.kind, f"see_{one.kind.noun}", same=self._same(one))
            self.binds.update(binds)
            source = inside.source if inside.source else f"{one.kind.table} o"
            return f"k.{one.column} IN (SELECT o.id FROM {source} WHERE o.tenant_id = :tenant AND {test}{inside.also})"
        self.names += 1
        return self._exists(one, f" AND {test}")

    def _among(self, bind: str, column: str, values: Sequence[int] | Sequence[str]) -> str:
        self.binds[bind] = bound(self.sight, values)
        return among(f"k.{column}", bind, values, postgresql=self.postgresql)

    def _exists(self, one: Name, test: str) -> str:
        """The condition: what the row refers to may be listed, and passes a test."""
        inside, binds = visible(self.sight, one.kind, f"see_{one.kind.noun}", same=self._same(one))
        self.binds.update(binds)
        its = f"o.id = k.{one.column}{tied('o', postgresql=self.postgresql)}"
        where = f"{its}{test}{inside.one}{' OFFSET 0' if self.postgresql else ''}"
        return f"EXISTS (SELECT 1 FROM {one.kind.table} o WHERE {where})"

    def _same(self, one: Name) -> bool:
        """Whether whoever sees the row sees what it refers to: that has its owner, and is seen just as far."""
        if self.extent is None or one.column not in (self.kind.owner, self.kind.standing):
            return False
        scope = self.sight.scope(one.kind.permission)
        return (scope.nodes if one.kind.is_customer else scope.records).id == self.extent.id


def texts_of(sight: Sight, kind: Kind, column: str) -> list[str] | None:
    """The texts that a column has, of which an index that begins with the tenant holds the order; None for very
    many."""
    known = kept(sight, "values", (kind, column), lambda: _texts(sight, kind, column), _KEPT)
    return None if len(known) > _MOST_VALUES else list(known)


def _texts(sight: Sight, kind: Kind, column: str) -> Sequence[str]:
    binds = {"tenant": sight.tenant_id, "most": _MOST_VALUES + 1}
    return list(sight.connection.execute(_distinct(kind, column), binds).scalars())


@lru_cache(maxsize=16)
def _distinct(kind: Kind, column: str) -> TextClause:
    """The texts that a column has, each once: a step down the index for each."""
    first = f"SELECT min(k.{column}) FROM {kind.table} k WHERE k.tenant_id = :tenant"
    return text(
        f"WITH RECURSIVE known(value) AS (SELECT ({first}) UNION ALL SELECT ({first} AND k.{column} > known.value) "
        "FROM known WHERE known.value IS NOT NULL) SELECT value FROM known WHERE value IS NOT NULL LIMIT :most"
    )


def hopeless(terms: Sequence[Term]) -> bool:
    """Nothing that a record may hold contains a control character."""
    return any(term.hopeless and not term.excluded for term in terms)
