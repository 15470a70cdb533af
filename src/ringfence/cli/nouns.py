"""``create``, ``edit`` and ``delete`` of a kind of record, wholly from its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from ringfence.cli.changing import (
    Change,
    DryRun,
    Editor,
    Format,
    Yes,
    deletion,
    find,
    given,
    keys_of,
    named,
    place,
    work,
)
from ringfence.cli.fields import about_of, key_of, key_of_kind, keys_of_kind, option, spelled, values, with_options
from ringfence.cli.options import Db, Group
from ringfence.cli.settings import WrongUsage
from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.field import Field, Ref, Ties
from ringfence.domain.ids import ids_in, only
from ringfence.domain.kind import Kind, State, altered
from ringfence.domain.registry import EDITED
from ringfence.domain.user import USERS

if TYPE_CHECKING:
    from ringfence.services.edited import Opened
    from ringfence.services.editing import Edit
    from ringfence.visibility.viewer import Viewer

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]
S = TypeVar("S", bound=State)
_NEW: Final = -1
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def commands_of(kind: Kind, *own: Callable[..., None], under: str = "", **about: str) -> typer.Typer:
    """The commands that change records of a kind, with its ``own`` before the last of them.

    ``under`` is the option that says where a new one belongs, where that is not called as the field is; ``about`` says
    in other words than the declaration what some of the fields come to where they are edited.
    """
    plural = kind.several
    names = ["create", "edit", *(one.__name__ for one in own), "delete", *(["import"] if kind.imported else [])]
    app = typer.Typer(
        cls=Group,
        help=f"{plural.capitalize()}: {', '.join(names)}. 'ringfence list {kind.name}' lists them.",
        rich_markup_mode=None,
    )
    app.command("create")(_creating(kind, under or spelled(kind.node.name)))
    app.command("edit")(_editing(kind, about))
    for one in own:
        app.command()(one)
    app.command("delete")(deleting(kind))
    return app


def _creating(kind: Kind, under: str) -> Callable[..., None]:
    node, said = kind.node.name, kind.said
    # What stays where it is for good is put nowhere by default.
    required = () if kind.moves else (node,)

    @with_options(dict(options_of(kind, editing=False, under=under)), required=required)
    def create(
        context: typer.Context,
        name: Name,
        login: Editor = None,
        dry_run: DryRun = False,
        output: Format = "text",
        db: Db = None,
        **fields: Any,
    ) -> None:
        from ringfence.services.editing import Edit

        fields = said_of(fields)
        demand_consistent(kind, fields)
        plain = plain_of(kind, fields)
        working = work(context, db, login, dry_run=dry_run, output=output)
        owner, where = place(working.viewer, kind.noun, fields.get(node), under)
        state = altered(kind.blank, **plain, name=name, **{node: owner})
        state = tied(working.viewer, kind, altered(state, **_referred(working.viewer, kind, fields)), fields)
        edits = [*_members(working.viewer, kind, _NEW, fields), Edit(kind.noun, _NEW, None, state)]
        to = f"{'in' if kind.is_customer else 'of'} “{where}”"
        working.make(Change("create", kind.noun, edits, f"{said} “{name}”", to, new=_NEW))

    create.__doc__ = f"Create {kind.indefinite}, and print its key."
    return create


def _editing(kind: Kind, about: Mapping[str, str]) -> Callable[..., None]:
    node, said, plural = kind.node.name, kind.said, kind.several
    many = not kind.gathers
    alone = ("name", kind.unique) if kind.unique else ("name",)

    options = {"name": option(kind, "name"), **dict(options_of(kind, editing=True, about=about))}
    if many:
        each = {name: f"{about_of(kind, kind.fields[name]).rstrip('.')}; of one {said}." for name in alone}
        options.update((name, option(kind, name, each[name])) for name in alone)

    @with_options(options, keys=keys_of_kind(kind) if many else key_of_kind(kind))
    def edit(
        context: typer.Context,
        keys: Any,
        login: Editor = None,
        dry_run: DryRun = False,
        output: Format = "text",
        db: Db = None,
        **fields: Any,
    ) -> None:
        from ringfence.services.editing import Edit

        fields = given(said_of(fields))
        demand_consistent(kind, fields)
        called = list(keys) if many else [keys]
        if len(set(called)) > 1 and not fields.keys().isdisjoint(alone):
            own = " and ".join(f"a {kind.label(name)}" for name in alone)
            raise WrongUsage(f"{own} {'are' if len(alone) > 1 else 'is'} one {said}'s own: name one {said}")
        plain = plain_of(kind, fields)
        working = work(context, db, login, dry_run=dry_run, output=output)
        viewer, verb, to = working.viewer, "edit", ""
        opened = find(viewer, kind.noun, called)
        if node in fields:
            plain[node], whose = place(viewer, kind.noun, fields[node], spelled(node))
            if kind.moves != verb:
                verb, to = kind.moves, f"to “{whose}”"
        plain |= _referred(viewer, kind, fields)
        for name, value in plain.items():
            if value is None and f"no_{name}" in fields and all(getattr(one.state, name) is None for one in opened):
                raise Refused(f"{spelled(f'no_{name}')}: it has none")
        edits = []
        for one in opened:
            state = tied(viewer, kind, altered(one.state, **plain), fields)
            edits += _members(viewer, kind, one.id, fields)
            edits.append(Edit(kind.noun, one.id, one.state, state, one.revision))
        working.make(Change(verb, kind.noun, edits, named(kind.noun, opened), to, keys=keys_of(opened)))

    what = f"{plural}, all alike" if many else kind.indefinite
    edit.__doc__ = f"Edit {what}. What is not named stays as it is; an empty text is taken away."
    return edit


def deleting(kind: Kind) -> Callable[..., None]:
    """The command that deletes records of a kind."""

    @with_options({}, keys=keys_of_kind(kind))
    def delete(
        context: typer.Context,
        keys: Any,
        login: Editor = None,
        yes: Yes = False,
        dry_run: DryRun = False,
        output: Format = "text",
        db: Db = None,
        **fields: Any,
    ) -> None:
        assert not fields
        working = work(context, db, login, dry_run=dry_run, output=output, yes=yes)
        working.make(deletion(kind.noun, find(working.viewer, kind.noun, keys)))

    left = [ties.about for _, ties in kind.ties.values() if ties.back and ties.about]
    what = f"{kind.several}{' with everything in them' if kind.is_customer else ''}"
    delete.__doc__ = " ".join((f"Delete {what}; asks first.", *left))
    return delete


def _typed(kind: Kind) -> Iterator[Field]:
    """The fields that are said by options, where the record belongs last."""
    for one in kind.fields.values():
        match one.spec:
            case _ if one.fixed:
                pass
            case Ties() as ties if ties.back or (ties.whole and not ties.about):
                pass  # it is changed at its other end alone
            case _:
                if one.name not in ("key", "name", kind.node.name):
                    yield one
    yield kind.node


def options_of(
    kind: Kind, *but: str, editing: bool, under: str = "", about: Mapping[str, str] = _NOTHING
) -> Iterator[tuple[str, Any]]:
    """The options of all fields but the name and some others, by the parameters that take them."""
    for one in _typed(kind):
        if one.name in but:
            continue
        said = about.get(one.name) or about_of(kind, one)
        match one.spec:
            case Ties() as ties:
                taken = about.get(f"no_{one.name}", "Taken away from it") if editing else ""
                yield from _options_of_ties(one, ties, said.rstrip("."), taken)
            case Ref() as ref if ref.node and not editing:
                default = "; by default the topmost where you may" if kind.moves else ""
                yield one.name, option(kind, one.name, f"{said.rstrip('.')}{default}.", under)
            case Ref() as ref if ref.node and (kind.is_customer or not kind.moves):
                pass  # it stays there, or is moved by a command of its own
            case _:
                yield one.name, option(kind, one.name, said)
                if isinstance(one.spec, Ref) and one.optional and editing:
                    words = typer.Option(spelled(f"no_{one.name}"), help=f"It has no {kind.label(one.name)}.")
                    yield f"no_{one.name}", Annotated[bool | None, words]


def _options_of_ties(one: Field, ties: Ties, about: str, taken: str) -> Iterator[tuple[str, Any]]:
    metavar = key_of(ties.kind) if ties.kind else "KEY"

    def many(parameter: str, about: str) -> tuple[str, Any]:
        words = typer.Option(_spelled(one, parameter), metavar=metavar, help=f"{about}; repeatable.")
        return parameter, Annotated[list[str] | None, words]

    if one.form == "mapping":
        yield many(one.name, f"{about}, with those nested in it")
        yield many(f"{one.name}_only", f"{about}, without those nested in it")
    else:
        yield many(one.name, about)
    if taken:
        yield many(f"no_{one.name}", taken)
    if ties.everything:
        flag = spelled(ties.everything) + (f"/{spelled(f'no_{ties.everything}')}" if taken else "")
        yield ties.everything, Annotated[bool | None, typer.Option(flag, help="All there are, now and later.")]


def _spelled(one: Field, parameter: str) -> str:
    """The option of ties: it names one of them."""
    assert isinstance(one.spec, Ties)
    word = one.spec.one or one.spec.kind or one.name.removesuffix("s")
    return spelled(parameter.replace(one.name, word))


def said_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of options."""
    return {name: value for name, value in fields.items() if value is not None and value not in ([], ())}


def plain_of(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of plain fields, as a record holds it."""
    return values(
        kind, {name: value for name, value in fields.items() if name in kind.texts or not _refers(kind, name)}
    )


def _refers(kind: Kind, name: str) -> bool:
    return name not in kind.fields or isinstance(kind.fields[name].spec, Ref | Ties)


def _ways(one: Field) -> tuple[str, ...]:
    """The parameters that say something of a field, each of a record once."""
    return one.name, f"{one.name}_only", f"no_{one.name}"


def demand_consistent(kind: Kind, fields: Mapping[str, Any]) -> None:
    """Raises WrongUsage for options that say two things of one, or nothing."""
    for one in _typed(kind):
        ways = [way for way in _ways(one) if way in fields]
        match one.spec:
            case Ties() as ties:
                said: dict[str, str] = {}
                for way in ways:
                    for key in dict.fromkeys(fields[way]):
                        other = said.setdefault(key, way)
                        if other != way:
                            both = f"{_spelled(one, other)} and {_spelled(one, way)}"
                            raise WrongUsage(f"{both} both name {key!r}: say one of them")
                if ties.when and ways and fields.get(ties.when[0], ties.when[1]) != ties.when[1]:
                    raise WrongUsage(_only_when(one, ways[0], ties.when))
                if ways and fields.get(ties.everything) is True:
                    raise WrongUsage(f"{spelled(ties.everything)} are all: leave {_spelled(one, ways[0])} out")
            case Ref() if len(ways) > 1:
                raise WrongUsage(f"say one of {' and '.join(map(spelled, ways))}")
            case _:
                pass


def _only_when(one: Field, way: str, when: tuple[str, str]) -> str:
    return f"{_spelled(one, way)} is for {spelled(when[0])} {when[1]}"


def _referred(viewer: Viewer, kind: Kind, fields: Mapping[str, Any]) -> dict[str, int | None]:
    """What records refer to, but for where they belong, as the options say it."""
    from ringfence.services import naming

    found: dict[str, int | None] = {}
    for one in _typed(kind):
        match one.spec:
            case Ref() as ref if not ref.node and one.name in fields:
                found[one.name] = naming.ids_called(viewer, ref.kind, [fields[one.name]])[0]
            case Ref() if f"no_{one.name}" in fields:
                found[one.name] = None
            case _:
                pass
    return found


def tied(viewer: Viewer, kind: Kind, state: S, fields: Mapping[str, Any]) -> S:
    """A state with what it is tied to as the options say."""
    found = {
        one.name: _with(viewer, kind, one, one.spec, state, fields)
        for one in _typed(kind)
        if isinstance(one.spec, Ties) and not one.spec.whole
    }
    return altered(state, **found)


def _with(viewer: Viewer, kind: Kind, one: Field, ties: Ties, state: State, fields: Mapping[str, Any]) -> Any:
    """What a record is tied to, once options have put more to it and taken some away."""
    now = getattr(state, one.name)
    ways = [way for way in _ways(one) if way in fields]
    if ties.when and getattr(state, ties.when[0]) != ties.when[1]:
        if ways:
            raise Refused(f"{_only_when(one, ways[0], ties.when)}, and it is over {getattr(state, ties.when[0])}")
        return type(now)() if ties.when[0] in fields else now
    if ties.everything in fields:
        if fields[ties.everything]:
            return None
        if now is not None:
            raise Refused(f"{spelled(f'no_{ties.everything}')}: it does not have them all")
        now = frozenset()
    if now is None and ways:
        all_ = spelled(f"no_{ties.everything}")
        raise Refused(f"{_spelled(one, ways[0])}: it has all there are: say {all_} too, and which it shall have")
    for way in ways:
        ids = _meant(viewer, one, ties, way, fields[way])
        if way == f"no_{one.name}":
            _demand_there(kind, one, way, dict(zip(dict.fromkeys(fields[way]), ids, strict=False)), now)
        now = only(now, lambda held, ids=ids: held not in ids)  # type: ignore[misc]
        if way != f"no_{one.name}":
            match one.form:
                case "mapping":
                    now = {**now, **dict.fromkeys(ids, way == one.name)}
                case "windows":
                    now |= {(own, (None, None)) for own in ids}
                case _:
                    now |= set(ids)
    return now


def _meant(viewer: Viewer, one: Field, ties: Ties, way: str, keys: Sequence[str]) -> Sequence[Any]:
    from ringfence.services import naming

    if ties.kind:
        return naming.ids_called(viewer, ties.kind, keys)
    for key in keys:
        if ties.among and key not in ties.among:
            raise RingfenceError(f"there is no {_spelled(one, one.name).lstrip('-')} {key!r}")
    return list(dict.fromkeys(keys))


def _demand_there(kind: Kind, one: Field, way: str, taken: Mapping[str, Any], now: Any) -> None:
    """Raises Refused where something is taken away that is not there: an option that does nothing is a mistake."""
    held = set(ids_in(now))
    for key, own in taken.items():
        if own not in held:
            whoever = "they do" if kind is USERS else "it does"
            raise Refused(f"{_spelled(one, way)}: {whoever} not have {key!r}")


def _other_end(kind: Kind, ties: Ties) -> Field | None:
    """The field of the records that it is tied to by which these are changed, if there is any."""
    other = EDITED[ties.kind].ties.values()
    return next((end for end, back in other if back.table == ties.table and not back.whole), None)


def _members(viewer: Viewer, kind: Kind, record: int, fields: Mapping[str, Any]) -> list[Edit]:
    """The edits of those whom options put into a record, or take out of it: they are changed by their own rules, and
    stand before the record itself, which the change is about."""
    edits: list[Edit] = []
    for one in _typed(kind):
        if isinstance(one.spec, Ties) and one.spec.whole:
            end = _other_end(kind, one.spec)
            assert end is not None
            for way in (one.name, f"no_{one.name}"):
                for key in dict.fromkeys(fields.get(way, ())):
                    (opened,) = find(viewer, one.spec.kind, [key])
                    edits += _put(one, end, way, key, record, opened)
    return edits


def _put(one: Field, end: Field, way: str, key: str, record: int, opened: Opened) -> Iterable[Edit]:
    from ringfence.services.editing import Edit

    now = getattr(opened.state, end.name)
    if way != one.name and record not in set(ids_in(now)):
        raise Refused(f"{_spelled(one, way)}: it does not have {key!r}")
    after = only(now, lambda held: held != record)
    if way == one.name:
        after |= {(record, (None, None)) if end.form == "windows" else record}
    yield Edit(opened.kind, opened.id, opened.state, altered(opened.state, **{end.name: after}), opened.revision)
