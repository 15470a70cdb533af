"""``why``, ``who`` and ``rights``: what access comes of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ringfence.cli.columns import in_columns
from ringfence.cli.options import AsUser, At, Counted, Db, SeeAs
from ringfence.cli.settings import Settings, WrongUsage, checked, settings
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.services.explained import Fix, Fixes, Holder, Path, Right, Why
    from ringfence.storage.engine import Database
    from ringfence.visibility.viewer import Viewer

Subject = Annotated[str, typer.Argument(metavar="LOGIN", help="The user asked about.")]
Permission = Annotated[str, typer.Argument(metavar="PERMISSION", help="A key such as device.list.")]
Record = Annotated[str, typer.Argument(metavar="RECORD", help="Such as customer:KEY, device:KEY or user:KEY.")]
Table = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How it is written.")]
_TITLES: Final = ("login", "name", "by", "how", "until")
_FLAT: Final = ("group", "role", "level", "scope", "entry", "nested", "valid_from", "valid_until")


def why(
    context: typer.Context,
    subject: Subject,
    permission: Permission,
    record: Record,
    login: AsUser = None,
    see_as: SeeAs = None,
    fixes: Annotated[
        int | None, typer.Option("--fixes", min=1, max=5, metavar="N", help="At most so many changes; 5.")
    ] = None,
    no_fixes: Annotated[bool, typer.Option("--no-fixes", help="No changes that would make it a yes.")] = False,
    output: Counted = "text",
    db: Db = None,
    at: At = None,
) -> int:
    """Say why a user holds a permission on a record, or why not: by which of their security groups, step by step.

    Where they do not, the exit status is 1, and the smallest changes are shown that would make it a yes, with what else
    each of them would open.
    """
    from dataclasses import replace

    from ringfence.services import explaining, fixing

    if no_fixes and fixes is not None:
        raise WrongUsage("--no-fixes shows none, so there is nothing for --fixes to say: leave one of them out")

    chosen = settings(context.obj, db, at, login, see_as)
    viewer = _asking(chosen, lambda has: explaining.owner(has, checked(subject), chosen.at))
    found = explaining.why(viewer, subject, permission, record)
    if not (found.allowed or no_fixes):
        found = replace(found, fixes=fixing.fixes(viewer, subject, permission, record, fixes or fixing.SHOWN))
    if output == "json":
        typer.echo(as_json(found.fields(), indent=2))
    else:
        _say(_told(found))
    return 0 if found.allowed else 1


def who(
    context: typer.Context,
    permission: Permission,
    record: Record,
    login: AsUser = None,
    see_as: SeeAs = None,
    limit: Annotated[int | None, typer.Option("--limit", min=0, metavar="N", help="At most so many.")] = None,
    paths: Annotated[bool, typer.Option("--paths", help="By every path, not by the deciding one alone.")] = False,
    output: Annotated[
        Literal["table", "json", "csv", "keys"], typer.Option("--format", help="keys prints one login a line.")
    ] = "table",
    db: Db = None,
    at: At = None,
) -> int:
    """Say who holds a permission on a record, and by which security group.

    Exit status 1 where nobody does whom the user may list.
    """
    from ringfence.services import explaining

    chosen = settings(context.obj, db, at, login, see_as)
    viewer = _asking(chosen, lambda has: explaining.owner_of(has, record, chosen.at))
    anybody = explaining.who(viewer, permission, record, 1 if limit == 0 else limit)
    found = anybody[:limit]
    if output == "keys":
        from ringfence.text import literal

        _say(literal(one.login) if sys.stdout.isatty() else one.login for one in found)
    elif output == "json":
        typer.echo(as_json([one.fields(all_paths=paths) for one in found], indent=2))
    elif output == "csv":
        _csv(("login", "name", *_FLAT), [_row(one, path) for one in found for path in _of(one, paths)])
    else:
        _say(_table(found, paths))
    return 0 if anybody else 1


def rights(
    context: typer.Context,
    subject: Subject,
    record: Annotated[
        str | None, typer.Argument(metavar="[RECORD]", help="Without a record: over how many customers.")
    ] = None,
    login: AsUser = None,
    see_as: SeeAs = None,
    output: Table = "table",
    db: Db = None,
    at: At = None,
) -> None:
    """Say of every permission whether a user holds it, on a record or anywhere, and by which security group."""
    from ringfence.services import explaining

    chosen = settings(context.obj, db, at, login, see_as)
    viewer = _asking(chosen, lambda has: explaining.owner(has, checked(subject), chosen.at))
    found = explaining.rights(viewer, subject, record)
    rows = [_right(one, with_customers=record is None) for one in found.rights]
    if output == "json":
        typer.echo(as_json(rows, indent=2))
    elif output == "csv":
        _csv(tuple(rows[0]), [tuple(one.values()) for one in rows])
    else:
        said = [[_cell(value) for value in one.values()] for one in rows]
        _say(in_columns([[title.replace("_", " ") for title in rows[0]], *said]))
        _say([_hidden()] if found.hidden else [])


def _asking(chosen: Settings, owner: Callable[[Database], Viewer]) -> Viewer:
    """Whoever is meant to ask; without anybody, the owner of the database, who may know all of it."""
    return chosen.viewer() if chosen.somebody else owner(chosen.open())


def _say(lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


def _hidden() -> str:
    from ringfence.services.explained import HIDDEN

    return HIDDEN


def _cell(value: object) -> str:
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)


def _csv(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from ringfence.services.sheets import write_rows

    write_rows(sys.stdout, titles, rows)


# Why.


def _told(found: Why) -> Iterator[str]:
    from ringfence.services.explained import NO_GROUP
    from ringfence.text import fit, literal, width_of
    from ringfence.wording import wall

    asked = (literal(one) for one in (found.login, found.permission, found.record))
    yield f"{'yes' if found.allowed else 'no'}  {'  '.join(asked)}"
    opened = [one for one in found.paths if one.open]
    shut = [one for one in found.paths if not one.open]
    for path in opened:
        yield f"  {literal(path.group.name)}{' (only)' if path.only else ''}"
        widest = max(len(gate.name) for gate in path.gates)
        for gate in path.gates:
            yield f"    {gate.name:<{widest}}  {literal(gate.said)}".rstrip()
    widest = max((width_of(one.group.name) for one in shut), default=0)
    for path in shut:
        yield f"  {fit(path.group.name, widest)}  {literal(wall(path, exact=True))}"
    if found.hidden:
        yield f"  {_hidden()}"
    elif not found.paths:
        yield f"  {NO_GROUP}"
    if found.fixes is not None:
        yield from _fixes(found.fixes)


def _fixes(found: Fixes) -> Iterator[str]:
    from ringfence.wording import fixes_said, no_small_change

    if found.size is None:
        yield no_small_change(found)
    for heading, some in (("to open it:", found.list), ("narrower, with one more:", found.narrower)):
        if some:
            yield heading
        for fix in some:
            yield from _fix(fix)
    if found.list:
        yield fixes_said(found)


def _fix(fix: Fix) -> Iterator[str]:
    from ringfence.text import literal, many
    from ringfence.wording import NOT_YOURS

    for place, change in enumerate(fix.changes):
        yield f"  {'and ' if place else ''}{literal(change.said)}"
    counts = f"{many(fix.records, 'record')}, for {many(fix.users, 'other')}, with {many(fix.rights, 'other right')}"
    yield f"    also opens {'' if fix.exact else 'at least '}{counts}"
    if not fix.may:
        yield f"    {NOT_YOURS}: {literal(fix.refusal)}"


# Who.


def _of(holder: Holder, paths: bool) -> Sequence[Path | None]:
    return (holder.paths if paths else holder.paths[:1]) or (None,)


def _row(holder: Holder, path: Path | None) -> tuple[object, ...]:
    told = {} if path is None else path.fields()
    entry = told.pop("entry", None) or {}
    told |= {"entry": entry.get("customer"), "nested": entry.get("nested")}
    return holder.login, holder.user.name, *(told.get(name) for name in _FLAT)


def _table(found: Sequence[Holder], paths: bool) -> Iterator[str]:
    from ringfence.text import many
    from ringfence.wording import how

    rows = [
        [
            one.login,
            one.user.name,
            *(["", "", ""] if path is None else [path.group.name, how(path), path.valid_until or ""]),
        ]
        for one in found
        if not one.everything
        for path in _of(one, paths)
    ]
    if rows:
        yield from in_columns([_TITLES, *rows])
    administrators = sum(one.everything for one in found)
    if administrators:
        yield f"{'and ' if rows else ''}{many(administrators, 'administrator')} of everything"


# Rights.


def _right(one: Right, *, with_customers: bool) -> dict[str, Any]:
    group, role = (None, None) if one.path is None else (one.path.group.key, one.path.role and one.path.role.key)
    counted = {"customers": one.customers} if with_customers else {}
    return {"permission": one.permission, "allowed": one.allowed, **counted, "group": group, "role": role}
