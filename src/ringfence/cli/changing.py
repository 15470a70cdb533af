"""What all commands that change records share: they look first, ask where that is due, save, and report."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from ringfence.cli.differences import data, people
from ringfence.cli.settings import WrongUsage, origin, settings
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.kind import altered
from ringfence.domain.registry import EDITED
from ringfence.domain.text import as_json

if TYPE_CHECKING:
    from ringfence.domain.kind import StateKind
    from ringfence.services.edited import Opened, Preview, Saved
    from ringfence.services.editing import Edit
    from ringfence.visibility.viewer import Viewer

Editor = Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="The user who does it, by their rights.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would do, and to whom.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking; only a terminal can be asked.")]
Format = Annotated[
    Literal["text", "json"], typer.Option("--format", help="json has the change's number, the keys, and the same.")
]

_SHOWN: Final = 5
_TYPED: Final[Mapping[str, str]] = {
    name: kind.label(name) for kind in EDITED.values() for name in (*kind.texts, *kind.limits)
}
"""The fields that are typed: what is wrong with one is said with its name."""
_PAST: Final = {
    "create": "created",
    "edit": "edited",
    "assign": "assigned",
    "move": "moved",
    "delete": "deleted",
    "activate": "activated",
    "deactivate": "deactivated",
    "acknowledge": "acknowledged",
    "take": "took",
    "note": "noted something about",
    "clear": "cleared",
    "start": "started",
    "end": "ended",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change and how it is said: ``verb`` what (``move`` ``customer “North”`` ``into “South”``).

    ``new`` is the negative id of what it creates, of a kind. Whoever is asked first types ``name``, if it is given,
    where more than one record goes along; ``more`` are further lines.
    """

    verb: str
    kind: StateKind
    edits: Sequence[Edit]
    what: str
    to: str = ""
    new: int = 0
    keys: Sequence[str] = ()
    name: str = ""
    more: Sequence[str] = ()

    def said(self, *, done: bool) -> str:
        """``moved customer “North” into “South”``, or that it would be."""
        return " ".join(filter(None, (_PAST[self.verb] if done else f"would {self.verb}", self.what, self.to)))


@dataclass(frozen=True, slots=True)
class Work:
    """Who changes something, whether they must be ``named``, and how: only to look, asking first or not, in text or
    JSON. ``origin`` is where it comes from, as the audit says it."""

    viewer: Viewer
    login: str
    origin: str
    dry_run: bool
    asking: bool
    output: str
    named: bool

    def make(self, change: Change) -> None:
        """Says what a change does, and makes it unless that was all that was wanted."""
        from ringfence.services import editing, previewing

        edits = [edit for edit in change.edits if edit.before != edit.after]
        if not edits:
            raise Refused("nothing was changed")
        quiet = bool(change.new) and self.output == "text" and not self.dry_run
        with _fields_named():
            preview = None if quiet else previewing.preview(self.viewer, edits)
            if preview is not None and preview.refusal:
                raise Refused(preview.refusal, preview.field, preview.lacking)
        if self.dry_run:
            assert preview is not None
            typer.echo(self._report(change, preview, None))
            return
        if preview is not None:
            # Where it cannot be said, it is not done either.
            self._report(change, preview, None).encode(sys.stdout.encoding or "utf-8")
            if self.asking:
                _ask(change, preview)
        with _fields_named():
            saved = editing.save(self.viewer, edits, self.origin)
        try:
            typer.echo(self._report(change, preview, saved))
        finally:
            self.tell_undo(saved.change)

    def tell_undo(self, change: int) -> None:
        """Says, beside what the command says, how a change is taken back."""
        from ringfence.text import literal

        whose = f"--as {literal(self.login)} " if self.named else ""
        typer.echo(f"change {change}: undo it with 'ringfence undo {whose}{change}'", err=True)

    def _report(self, change: Change, preview: Preview | None, saved: Saved | None) -> str:
        from ringfence.services import naming

        keys = list(change.keys)
        if saved is not None and change.new:
            keys = naming.keys_of_new(self.viewer, change.kind, [saved.created[change.new]])
        if preview is None:
            return "\n".join(keys)
        if self.output == "json":
            return as_json(_data(preview, keys, saved), indent=2)
        lines = _lines(change, preview, done=saved is not None)
        return next(lines) if self.asking and saved is not None else "\n".join(lines)


def work(
    context: typer.Context,
    db: str | None,
    login: str | None,
    *,
    dry_run: bool,
    output: str,
    yes: bool | None = None,
) -> Work:
    """Whoever ``--as`` names, ready to change something. ``yes`` is None for what needs no question.

    Raises WrongUsage where a question is due and there is nobody to be asked, and where there is none to be answered.
    """
    if yes and dry_run:
        raise WrongUsage("--dry-run changes nothing, so there is nothing for --yes to say: leave one of them out")
    asking = yes is False and not dry_run
    if asking and not sys.stdin.isatty():
        raise WrongUsage("nobody can be asked here: look with --dry-run, then say --yes")
    chosen = settings(context.obj, db, None, login)
    viewer = chosen.viewer()
    whence, named = origin("command line", chosen.proven), chosen.identity is None
    return Work(viewer, chosen.whose, whence, dry_run, asking, output, named)


def given(others: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """The fields that were given (what is None was not), and others. Raises WrongUsage where nothing was."""
    found = {**{name: value for name, value in fields.items() if value is not None}, **others}
    if not found:
        raise WrongUsage("say what shall be changed: --help names the options")
    return found


def place(viewer: Viewer, kind: StateKind, key: str | None, option: str, action: str = "create") -> tuple[int, str]:
    """Id and name of the customer with a key, or without one of the topmost where the viewer may do that."""
    from ringfence.services import editing, naming

    if key is None:
        return naming.place_of_new(viewer, kind, action, option)
    customer = naming.record_id(viewer, "customers", key)
    return customer, editing.names_of(viewer, "customers", [customer]).get(customer, "")


def find(viewer: Viewer, kind: StateKind, keys: Sequence[str]) -> tuple[Opened, ...]:
    """Records by what they are called: users by their logins, others by their keys. Raises RingfenceError alike for one
    that is hidden and one that is not there."""
    from ringfence.services import naming

    return naming.open_all(viewer, kind, naming.ids_called(viewer, kind, keys))


def edited(opened: Sequence[Opened], values: Mapping[str, Any]) -> list[Edit]:
    """The edits that give fields of records other values."""
    from ringfence.services.editing import Edit

    return [Edit(one.kind, one.id, one.state, altered(one.state, **values), one.revision) for one in opened]


def deletion(kind: StateKind, opened: Sequence[Opened]) -> Change:
    """The change that deletes records."""
    from ringfence.services.editing import Edit

    edits = [Edit(kind, one.id, one.state, None, one.revision) for one in opened]
    name = opened[0].state.name if len(opened) == 1 else ""
    return Change("delete", kind, edits, named(kind, opened), name=name, keys=keys_of(opened))


def named(kind: StateKind, opened: Sequence[Opened]) -> str:
    """Records in a few words: ``device “Gate camera”``, or how many, and the first of them."""
    names = [f"“{one.state.name}”" for one in opened]
    if len(names) == 1:
        return f"{EDITED[kind].said} {names[0]}"
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"{len(names):,} {EDITED[kind].several}: {', '.join(names[:_SHOWN])}{more}"


def keys_of(opened: Sequence[Opened]) -> list[str]:
    """The keys of records."""
    return [one.state.key for one in opened]


@contextmanager
def _fields_named() -> Iterator[None]:
    """Says with what is refused which of the typed fields it is about."""
    try:
        yield
    except Refused as error:
        if error.field in _TYPED:
            raise Refused(f"{_TYPED[error.field]}: {error}", error.field, error.lacking) from None
        raise


def _lines(change: Change, preview: Preview, *, done: bool) -> Iterator[str]:
    from ringfence.text import literal

    yield literal(change.said(done=done))
    yield from map(literal, change.more)
    yield from told(preview, giving=not EDITED[change.kind].stays)


def told(preview: Preview, *, giving: bool = True) -> Iterator[str]:
    """What a change brings with it, and to whom, in lines; that nobody gains or loses anything only of what may be
    ``giving`` something."""
    from ringfence.text import literal
    from ringfence.wording import along

    yield from along(preview)
    yield from map(literal, preview.notes)
    if preview.users or giving:
        yield from people(preview.users)


def _data(preview: Preview, keys: list[str], saved: Saved | None) -> dict[str, Any]:
    return {
        "change": saved.change if saved is not None else None,
        "keys": keys,
        "along": dict(preview.along),
        "hidden": preview.hidden,
        "notes": list(preview.notes),
        "users": data(preview.users),
    }


def _ask(change: Change, preview: Preview) -> None:
    """Shows what a change would do, on standard error, and raises RingfenceError unless that is what is wanted."""
    from ringfence.text import literal

    for line in _lines(change, preview, done=False):
        typer.echo(line, err=True)
    name = change.name if preview.hidden or sum(count for _, count in preview.along) > 1 else ""
    question = (
        f"Type the name of the {EDITED[change.kind].said} to {change.verb} it:"
        if name
        else f"{change.verb.capitalize()}? [y/N]"
    )
    typer.echo(f"{question} ", nl=False, err=True)
    typed = sys.stdin.readline()
    if not typed.endswith("\n"):
        typer.echo(err=True)  # the end of input: what follows begins a line of its own
    typed = typed.strip()
    sure = typed in (name.strip(), literal(name).strip()) if name else typed.lower() in ("y", "yes")
    if not sure:
        raise RingfenceError("not confirmed: nothing was changed")
