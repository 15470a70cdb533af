"""Options of commands, as the declarations have the fields: what each takes, and what was given of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar, assert_never

import typer

from ringfence.cli.settings import WrongUsage
from ringfence.domain import clock
from ringfence.domain.field import Choice, Field, Flag, Moment, Number, Ref, Text, Ties
from ringfence.domain.kind import Kind
from ringfence.domain.registry import EDITED

Command = TypeVar("Command", bound=Callable[..., None])

_BEFORE: Final = ("yes", "dry_run")
"""The parameters before which options of fields stand."""
_MOST_DIGITS: Final = 12


def with_options(
    options: Mapping[str, Any], *, required: Collection[str] = (), before: Collection[str] = _BEFORE, **annotations: Any
) -> Callable[[Command], Command]:
    """Puts options (by parameter, each as it is annotated) into the place of a command's ``**fields``: before the first
    of its parameters that is one of ``before``.

    A parameter of the command's own that they name stands among them, in their order; others of its own may be
    annotated anew.
    """

    def decorate(command: Command) -> Command:
        own = dict(inspect.signature(command, eval_str=True).parameters)
        del own["fields"]
        first = next(name for name in own if name in before)
        parameters: dict[str, inspect.Parameter] = {}
        for name, parameter in own.items():
            if name == first:
                for other, annotation in options.items():
                    default = ... if other in required else None
                    made = inspect.Parameter(other, parameter.kind, default=default, annotation=annotation)
                    parameters[other] = own.get(other, made)
            if name not in options:
                parameters[name] = parameter.replace(annotation=annotations.get(name, parameter.annotation))
        command.__dict__["__signature__"] = inspect.Signature(list(parameters.values()))
        command.__annotations__ = {name: one.annotation for name, one in parameters.items()}
        return command

    return decorate


def option(kind: Kind, name: str, about: str = "", flag: str = "") -> Any:
    """The annotation of the option for a field, which is None where it was not given."""
    one = kind.fields[name]
    about = about or about_of(kind, one)
    flag = flag or flag_of(kind, name)
    match one.spec:
        case Text() as text:
            return Annotated[
                str | None, typer.Option(flag, metavar=text.takes or ("NAME" if name == "name" else "TEXT"), help=about)
            ]
        case Number():
            return Annotated[str | None, typer.Option(flag, metavar="N", help=about)]
        case Moment():
            return Annotated[str | None, typer.Option(flag, metavar="TIME", help=about)]
        case Flag() as yes:
            other = spelled(yes.otherwise or f"no_{name}")
            return Annotated[bool | None, typer.Option(f"{flag}/{other}", help=about)]
        case Choice() as choice:
            return Annotated[Literal[choice.said] | None, typer.Option(flag, help=about)]
        case Ref() as ref:
            return Annotated[str | None, typer.Option(flag, metavar=key_of(ref.kind), help=about)]
        case Ties():
            raise TypeError(f"{name} is more than one option takes")
        case _:
            assert_never(one.spec)


def flag_of(kind: Kind, name: str) -> str:
    """How the option for a field is spelled."""
    spec = kind.fields[name].spec
    return spelled((isinstance(spec, Text) and spec.option) or name)


def values(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was given of plain fields, as a record holds it. Raises WrongUsage for what should be a number, a moment or
    ``none``, and is not."""
    given = {name: value for name, value in fields.items() if value is not None and name in kind.fields}
    return {name: _read(kind.fields[name], value) for name, value in given.items()}


def about_of(kind: Kind, one: Field) -> str:
    """What a field holds, in a line."""
    return one.spec.about or f"Its {kind.label(one.name)}."


def spelled(name: str) -> str:
    """The option of that name."""
    return f"--{name.replace('_', '-')}"


def key_of(kind: str) -> str:
    """What is typed for a record of a kind."""
    return "LOGIN" if kind == "user" else f"{EDITED[kind].noun.replace('_', '-').upper()}-KEY"


def key_of_kind(kind: Kind) -> Any:
    """The annotation of the argument that names one record."""
    word = _word(kind)
    return Annotated[str, typer.Argument(metavar=word, help=f"The {kind.said}'s {word.lower()}.")]


def keys_of_kind(kind: Kind) -> Any:
    """The same of several."""
    word = _word(kind)
    several = kind.several
    return Annotated[list[str], typer.Argument(metavar=f"{word}...", help=f"The {several}' {word.lower()}s.")]


def _word(kind: Kind) -> str:
    return key_of(kind.noun) if kind.unique and kind.texts[kind.unique].folded else "KEY"


def _read(one: Field, given: Any) -> Any:
    found: int | datetime | None
    match one.spec:
        case Number():
            what, found = "a number", _number(given)
        case Moment():
            what, found = "a time such as 2026-11-22T08:00:00+00:00", clock.moment(given)
        case _:
            return given
    if found is None and not (one.optional and given == "none"):
        raise WrongUsage(f"{spelled(one.name)} takes {what}{' or none' if one.optional else ''}, not {given!r}")
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
