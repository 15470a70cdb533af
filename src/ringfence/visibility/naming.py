"""Which records a word names, as far as the viewer may list them: what a filter needs of that which rows refer to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, text

from ringfence.domain.filter import Term
from ringfence.domain.kind import Kind
from ringfence.visibility.cells import part
from ringfence.visibility.keeping import kept_for_the_next
from ringfence.visibility.members import members
from ringfence.visibility.scopes import Extent, Scope
from ringfence.visibility.sql import member, on_sites, probe, told, within
from ringfence.visibility.substrings import few, hits
from ringfence.visibility.viewer import Sight

_NEAR: Final = 2_000
"""So many customers of a scope are gone through sooner than names are looked for in all of the tenant."""
_MOST_SITES: Final = 4_000
"""And so many sites of them, once they were read: when somebody searches a second time before anything changes."""
_SHORT: Final = 4
"""Of a word that no index knows, so many times fewer names are looked for one by one."""


class Named(NamedTuple):
    """Those that a word names, by id."""

    ids: Sequence[int]


class Inside(NamedTuple):
    """How statements keep to what may be listed of records ``o``: the condition for ``one`` that is known; or the
    ``source`` that they begin with where all are gone through, and what they ask ``also``."""

    one: str
    source: str
    also: str


def reached(sight: Sight, kind: Kind) -> bool:
    """Whether anything of a kind may be listed at all."""
    return not sight.scope(kind.permission).empty


def visible(sight: Sight, kind: Kind, bind: str, *, same: bool) -> tuple[Inside, dict[str, Any]]:
    """How statements keep to what may be listed of a kind, and what they bind; ``same``: there is nothing else."""
    scope = sight.scope(kind.permission)
    extent = scope.nodes if kind.is_customer else scope.records
    if same or extent.whole:
        return Inside("", f"{kind.table} o", ""), {}
    if extent.customers <= _NEAR:  # a set of them is not worth the asking
        return _inside(kind, bind, scope.has_sites, sight.postgresql, probing=True), {bind: extent.id}
    binds = {bind: extent.id, f"{bind}_members": members(sight, kind, extent)}
    return _inside(kind, bind, scope.has_sites, sight.postgresql, probing=False), binds


@lru_cache(maxsize=64)
def _inside(kind: Kind, bind: str, has_sites: bool, postgresql: bool, *, probing: bool) -> Inside:
    scope = f":{bind}"
    seen = f"{bind}_members"
    if kind.is_customer:
        between = "o.tenant_id = :tenant AND o.path >= os.path AND o.path < os.path_hi"
        if postgresql:
            found = f"LATERAL (SELECT * FROM {kind.table} o WHERE {between} OFFSET 0) o"
        else:
            found = f"{kind.table} o ON {between}"
        source = f"scope_interval os CROSS JOIN {found}"
        one = probe("o.path", scope) if probing else member("o.id", seen, postgresql=postgresql)
        return Inside(f" AND {one}", source, f" AND os.scope_id = {scope} AND os.tenant_id = :tenant")
    if probing:
        found = within(kind, postgresql=postgresql, record="o", scope=scope)
    else:
        found = member(f"o.{kind.owner}", seen, postgresql=postgresql)
    if has_sites and kind.standing:
        found = f"({found} OR {on_sites(f'o.{kind.standing}', scope)})"
    return Inside(f" AND {found}", f"{kind.table} o", f" AND {found}")


def named(sight: Sight, kind: Kind, term: Term, same: bool, most: int) -> Named | None:
    """The records whose name holds the term, or begins with it, of those that may be listed; where what is asked about
    is seen just as far (``same``), of all there are. None for more than ``most``."""
    key = ("named", kind, term.text, term.anchored, same, most)
    if key not in sight.answers:
        found = _named(sight, kind, term, same, most)
        sight.answers[key] = () if found is None else (found,)
    answer = sight.answers[key]
    return answer[0] if answer else None


def _named(sight: Sight, kind: Kind, term: Term, same: bool, most: int) -> Named | None:
    scope = sight.scope(kind.permission)
    extent = scope.nodes if kind.is_customer else scope.records
    binds: dict[str, Any] = {"tenant": sight.tenant_id, "needle": term.text}
    # Who sees little goes through that; of a word that the index knows it says who has it; else all are looked at.
    names = _few_names(sight, kind, scope, extent)
    if names is not None:
        fits = str.startswith if term.anchored else str.__contains__
        ids = [one for one, name in names if fits(name, term.text)]
        return None if len(ids) > most else Named(ids)
    found = hits(sight, kind, term.text, few(sight))
    if found is not None and not found.count:
        return Named(())
    if found is not None and found.count > few(sight):
        return None
    gathered = False
    if found is None:
        most //= _SHORT
        gathered = not extent.whole and kind.is_customer and not same and extent.customers * 4 <= _total(sight)
    inside, more = visible(sight, kind, "see", same=same and not gathered)
    binds.update(more)
    if found is not None:
        binds["ids"] = found.ids
    way = "hits" if found is not None else "gather" if gathered else "walk"
    rows = sight.connection.execute(
        _statement(kind, way, inside, term.anchored, sight.postgresql), {**binds, "most": most + 1}
    )
    ids = list(rows.scalars())
    return None if len(ids) > most else Named(ids)


def _few_names(sight: Sight, kind: Kind, scope: Scope, extent: Extent) -> Sequence[tuple[int, str]] | None:
    """What may be listed of customers or of sites, with the names folded, where that is little; None where names are
    looked for in all of the tenant."""
    if extent.whole or extent.customers > _NEAR:
        return None
    if kind.is_customer:
        return _customers(sight, kind, extent)
    if not kind.is_site or scope.has_sites:
        return None
    names = kept_for_the_next(sight, "few sites", extent.id, lambda: _sites(sight, kind, extent), 1)
    return None if names is None or len(names) > _MOST_SITES else names


def _customers(sight: Sight, kind: Kind, extent: Extent) -> Sequence[tuple[int, str]]:
    """The customers of an extent, read once for a version of the tenant."""
    known: dict[int, list[tuple[int, str]]] = sight.memo.setdefault("few names", {})  # type: ignore[assignment]
    if extent.id not in known:
        inside, binds = visible(sight, kind, "see", same=False)
        query = text(f"SELECT o.id, {_own(kind, sight)} FROM {inside.source} WHERE o.tenant_id = :tenant{inside.also}")
        rows = sight.connection.execute(query, {**binds, "tenant": sight.tenant_id})
        known[extent.id] = [(row[0], row[1]) for row in rows]
    return known[extent.id]


def _sites(sight: Sight, kind: Kind, extent: Extent) -> Sequence[tuple[int, str]]:
    """The sites of an extent's customers; of very many one more than are kept."""
    inside = "c.tenant_id = :tenant AND c.path >= s.path AND c.path < s.path_hi"
    owners, own = f"customer c ON {inside}", f"{kind.table} o ON o.{kind.owner} = c.id"
    if sight.postgresql:
        owners = f"LATERAL (SELECT c.id FROM customer c WHERE {inside} OFFSET 0) c"
        its = f"o.{kind.owner} = c.id AND o.tenant_id = :tenant"
        own = f"LATERAL (SELECT * FROM {kind.table} o WHERE {its} OFFSET 0) o"
    source = f"scope_interval s CROSS JOIN {owners} CROSS JOIN {own}"
    scope = "s.scope_id = :scope AND s.tenant_id = :tenant"
    query = text(f"SELECT o.id, {_own(kind, sight)} FROM {source} WHERE {scope} LIMIT :most")
    binds = {"tenant": sight.tenant_id, "scope": extent.id, "most": _MOST_SITES + 1}
    return [(row[0], row[1]) for row in sight.connection.execute(query, binds)]


def _own(kind: Kind, sight: Sight) -> str:
    """The name of a record ``o``, folded."""
    return part(0, last=len(kind.searched) == 1, postgresql=sight.postgresql, row="o")


def _total(sight: Sight) -> int:
    """How many customers the tenant has, where that is known."""
    found = sight.memo.get("tenant")
    return int(found[0]) if isinstance(found, tuple) else 0


@lru_cache(maxsize=256)
def _statement(kind: Kind, way: str, inside: Inside, anchored: bool, postgresql: bool) -> TextClause:
    own = part(0, last=len(kind.searched) == 1, postgresql=postgresql, row="o")
    needle = "CAST(:needle AS text)" if postgresql else ":needle"
    if anchored:
        test = f"substr({own}, 1, length({needle})) = {needle}"
    else:
        test = f"{'strpos' if postgresql else 'instr'}({own}, {needle}) > 0"
    if way == "hits":
        listed = "o.id = ANY(CAST(:ids AS int[]))" if postgresql else "o.id IN (SELECT value FROM json_each(:ids))"
        where = f"FROM {kind.table} o WHERE {listed} AND {told('o', postgresql=postgresql)} AND {test}{inside.one}"
    elif way == "gather":
        where = f"FROM {inside.source} WHERE o.tenant_id = :tenant AND {test}{inside.also}"
    else:
        where = f"FROM {kind.table} o WHERE o.tenant_id = :tenant AND {test}{inside.one}"
    return text(f"SELECT o.id {where} LIMIT :most")
