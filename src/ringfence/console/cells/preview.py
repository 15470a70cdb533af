"""What a change does to whom, in lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ringfence.console.text import Cell, Said, fit, many, number, width_of
from ringfence.wording import along, day, gained, lost

if TYPE_CHECKING:
    from ringfence.services.edited import Difference, Preview, Rights, UserDifference


_FEW: Final = 6
"""Of so many users a line or two names those who gain or lose something."""


def said(preview: Preview, besides: Sequence[Said] = ()) -> list[Said]:
    """All that a change does, in lines: who gains or loses how much, what there is to say ``besides``, what goes along;
    and of several users what each of them gains and loses."""
    goes = [*besides, *beside(preview)]
    if preview.refusal or not preview.users:
        return [*who(preview, _FEW), *goes]
    if len(preview.users) == 1:
        return [*_each(preview.users), *goes]
    return [*who(preview, _FEW), *goes, "", *_each(preview.users)]


def who(preview: Preview, limit: int) -> list[Said]:
    """Who gains or loses how much, in a line or two, with the first few by name; or why nothing can be saved."""
    if preview.refusal:
        return [Cell(f"! This cannot be saved: {preview.refusal}.", "attention")]
    return _first(preview.users, limit) if preview.users else [Cell("Nobody gains or loses anything.", "quiet")]


def lines_of(one: Difference) -> list[Said]:
    """All that somebody gains and loses, with the names of permissions where these may be told."""
    found: list[Said] = []
    for said_of, rights, sign, style in (
        (gained, one.rights_gained, "+", "good"),
        (lost, one.rights_lost, "−", "bad"),
    ):
        parts = said_of(one)
        if parts:
            found.append(Cell(", ".join(parts), style))
            found.extend(_named(rights, sign))
    return found


def summary(one: UserDifference) -> list[Said]:
    """How much one user gains and loses, in a few lines."""
    found: list[Said] = []
    for said_of, style in ((gained, "good"), (lost, "bad")):
        found.extend(Cell(part, style) for part in said_of(one.now))
    for moment, then in one.later:
        parts = [*gained(then), *lost(then)] or ["nothing"]
        found.append(Cell(f"from {day(moment)}: {', '.join(parts)}", "attention"))
    return found


def beside(preview: Preview) -> list[Said]:
    """What goes with a customer, and the sentences; nothing where it cannot be saved."""
    if preview.refusal:
        return []
    found: list[Said] = [Cell(line, "attention") for line in along(preview)]
    found.extend(Cell(note) for note in preview.notes)
    return found


def _each(users: Sequence[UserDifference]) -> list[Said]:
    found: list[Said] = []
    for one in users:
        name = [Cell(fit(one.login, max(15, width_of(one.login))) + "  ", "strong")]
        parts = lines_of(one.now) or [Cell("nothing now", "quiet")]
        found.append([*name, *cells(parts[0])])
        found.extend(parts[1:])
        for moment, then in one.later:
            parts = lines_of(then) or [Cell("nothing", "quiet")]
            found.append([Cell(f"  from {day(moment)}: ", "quiet"), *cells(parts[0])])
            found.extend(parts[1:])
    return found


def cells(line: Said) -> list[Cell | str]:
    """The cells of a line."""
    return [line] if isinstance(line, Cell | str) else list(line)


def _named(rights: Rights, sign: str) -> list[Said]:
    """The permissions by name, a line for each section, those first of which there are most."""
    from ringfence.services.choices import permission_labels

    if not rights.permissions:
        return []
    labels = permission_labels()
    found: list[Said] = []
    ordered = sorted(rights.permissions, key=lambda one: -one[1])
    counts = {count for _, count in ordered}
    for count, some in groupby(ordered, key=lambda one: one[1]):
        held = {key for key, _ in some}
        sections: dict[str, list[str]] = {}
        for key, (section, label) in labels.items():
            if key in held:
                sections.setdefault(section, []).append(label)
        times = f"{number(count)} each of " if len(counts) > 1 and count > 1 else ""
        if len(held) == len(labels):
            found.append(Cell(f"  {sign} {times}all permissions", "quiet"))
        else:
            found.extend(
                Cell(f"  {sign} {times}{section}: {', '.join(those)}", "quiet") for section, those in sections.items()
            )
    return found


def _first(users: Sequence[UserDifference], limit: int) -> list[Said]:
    """How much it is at most, and for the first few of them: now, and at later moments."""
    found: list[Said] = []
    now = [(one.login, one.now) for one in users if one.now]
    if not now:
        found.append(Cell("Now nobody gains or loses anything.", "quiet"))
    else:
        none: list[Said] = []
        for said_of, style, nobody in (
            (gained, "good", "+0  Nobody gains anything."),
            (lost, "bad", "−0  Nobody loses anything."),
        ):
            line = _some(now, said_of, style, limit)
            (found if line else none).append(line or Cell(nobody, "quiet"))
        found += none
    for moment in sorted({moment for one in users for moment, _ in one.later}):
        then = [(one.login, change) for one in users for at, change in one.later if at == moment]
        lines = [_some(then, gained, "good", limit), _some(then, lost, "bad", limit)]
        found.extend([Cell(f"from {day(moment)}: ", "attention"), *line] for line in filter(None, lines))
        ending = [login for login, change in then if not change]
        if ending:
            found.append([Cell(f"from {day(moment)}: ", "attention"), Cell(f"nothing for {_names(ending, limit)}")])
    return found


def _some(
    users: Sequence[tuple[str, Difference]], said_of: Callable[[Difference], list[str]], style: str, limit: int
) -> list[Cell | str]:
    some = [(login, one) for login, one in users if said_of(one)]
    if not some:
        return []
    alike = all(said_of(one) == said_of(some[0][1]) for _, one in some)
    most = some[0][1] if alike else _most([one for _, one in some])
    return [
        Cell(", ".join(said_of(most)), style),
        Cell(f" {'for' if alike else 'at most, for'} {many(len(some), 'user')}: ", "quiet"),
        Cell(_names([login for login, _ in some], limit)),
    ]


def _most(changes: Sequence[Difference]) -> Difference:
    """The most of each number."""
    from ringfence.services.edited import Difference, Rights

    def rights(some: Sequence[Rights]) -> Rights:
        records: dict[str, int] = {}
        for kind, count in (one for each in some for one in each.records):
            records[kind] = max(count, records.get(kind, 0))
        return Rights(
            max(one.count for one in some),
            max(one.customers for one in some),
            any(one.provider for one in some),
            max(one.sites for one in some),
            tuple(sorted(records.items())),
        )

    return Difference(
        max(one.customers_gained for one in changes),
        max(one.customers_lost for one in changes),
        max(one.devices_gained for one in changes),
        max(one.devices_lost for one in changes),
        rights([one.rights_gained for one in changes]),
        rights([one.rights_lost for one in changes]),
    )


def _names(logins: Sequence[str], limit: int) -> str:
    more = f" and {number(len(logins) - limit)} more" if len(logins) > limit else ""
    return ", ".join(logins[:limit]) + more
