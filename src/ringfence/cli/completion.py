"""Completion in bash, zsh and fish: of commands and options by the framework, of keys and logins from the database.

What is offered is typed by nobody and comes from data: each shell gets it so that it inserts it as one literal word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import typer
from typer import _completion_shared as scripts
from typer._click import shell_completion as click
from typer._completion_classes import BashComplete, FishComplete, ZshComplete, completion_init
from typer.completion import shell_complete

from ringfence.cli.bearing import bearing
from ringfence.cli.settings import ASKED, Settings, checked, settings
from ringfence.domain.errors import RingfenceError, debugging
from ringfence.domain.field import Ties
from ringfence.domain.permission import KEYS
from ringfence.domain.registry import EDITED, LISTED
from ringfence.domain.text import fold

if TYPE_CHECKING:
    from ringfence.storage.engine import Database

_MOST: Final = 50
_LOOKED_AT: Final = 1000
"""So many accounts whose login or name holds what was typed are looked at."""
_NEW: Final = "new"
"""The parameter of a login that nobody has yet."""
_PLAIN: Final = "_-./,+@%"
_BASH: Final = """
%(complete_func)s() {
    local IFS=$'\\n'
    mapfile -t COMPREPLY < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
        %(autocomplete_var)s=complete_bash "$1" 2>/dev/null)
    [[ -n "${COMPREPLY[0]}" ]] || COMPREPLY=()
}

complete -o default -F %(complete_func)s %(prog_name)s
"""
_ZSH: Final = """
#compdef %(prog_name)s

%(complete_func)s() {
    local -a found
    found=("${(@f)$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" %(autocomplete_var)s=complete_zsh \\
        %(prog_name)s 2>/dev/null)}")
    if [[ -n "$found[1]" ]]; then compadd -- "${found[@]}"; else _files; fi
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    compdef %(complete_func)s %(prog_name)s
fi
"""


class _Keys(click.ShellComplete):
    """Offers what the framework does, and keys and logins besides."""

    def get_completions(self, args: list[str], incomplete: str) -> list[Any]:
        context = click._resolve_context(self.cli, self.ctx_args, self.prog_name, args)
        asked, begun = click._resolve_incomplete(context, args, incomplete)
        offered = _offered(context, asked, begun) if hasattr(asked, "metavar") else None
        found = super().get_completions(args, incomplete) if offered is None else map(click.CompletionItem, offered)
        return [one for one in found if one.value.isprintable()]


class _Bash(_Keys, BashComplete):
    def format_completion(self, item: Any) -> str:
        return "".join(c if c.isalnum() or c in _PLAIN else f"\\{c}" for c in item.value)


class _Zsh(_Keys, ZshComplete):
    def complete(self) -> str:
        # The script has the shell itself quote them.
        return "\n".join(item.value for item in self.get_completions(*self.get_completion_args()))


class _Fish(_Keys, FishComplete):
    """The shell quotes them itself."""


def complete(program: Any, instruction: str) -> int:
    """Answers a shell that asks what a command line may go on with. Whatever goes wrong, it is told nothing."""
    completion_init()
    for name, made in (("bash", _Bash), ("zsh", _Zsh), ("fish", _Fish)):
        click.add_completion_class(made, name)
    try:
        return shell_complete(program, {}, "ringfence", ASKED, instruction)
    except RingfenceError:  # there is no such database, or nobody of that login
        return 1
    except Exception:
        if debugging():
            raise
        return 1


def install() -> None:
    """Makes the shell that runs this complete command lines from its next start on."""
    shell = scripts._get_shell_name()
    if shell not in ("bash", "zsh", "fish"):
        raise RingfenceError("this is for bash, zsh and fish: run it in one of them")
    scripts._completion_scripts.update(bash=_BASH, zsh=_ZSH)
    _, path = scripts.install(shell, "ringfence", ASKED)
    typer.echo(f"{shell} completes command lines of ringfence from its next start on: {path}")


def _offered(context: Any, asked: Any, begun: str) -> Iterable[str] | None:
    """What may be said where one of these is asked for; None where that is not from data."""
    word = (asked.metavar or "").rstrip(".")
    kinds = {f"{kind.noun.replace('_', '-').upper()}-KEY": kind.name for kind in EDITED.values()}
    group = LISTED.get(context.parent.info_name) if context.parent is not None else None
    field = group.fields.get(asked.name.removeprefix("no_")) if group is not None else None
    if asked.name == _NEW:
        return ()
    if word == "KIND":
        return _beginning(LISTED, begun)
    if word == "COLUMN":
        listed = group or LISTED.get(context.params.get("kind"))
        return _beginning(listed.sorts, begun) if listed is not None else ()
    if word == "PERMISSION":
        return _beginning(KEYS, begun)
    if field is not None and isinstance(field.spec, Ties) and field.spec.among:
        return _beginning(field.spec.among, begun)
    if word == "LOGIN":
        by_owner = context.info_name in ("why", "rights") and not _asker(context)
        anybody = "--as" in asked.opts or context.info_name == "can" or by_owner
        return _from_database(context, "users", begun, anybody=anybody)
    if word == "KEY" and group is not None:
        return _from_database(context, group.name, begun)
    return _from_database(context, kinds[word], begun) if word in kinds else None


def _asker(context: Any) -> str | None:
    """Whoever is said to ask, before the command or behind it."""
    found: str | None = context.params.get("login") or context.find_root().params.get("login")
    return found


def _beginning(words: Iterable[str], begun: str) -> list[str]:
    return [word for word in words if word.startswith(begun)]


def _from_database(context: Any, kind: str, begun: str, *, anybody: bool = False) -> list[str]:
    """The keys, or logins, that begin so, as far as the user of ``--as`` sees them; nothing where none is said.
    ``--as`` itself is for whoever may read the database, and may be ``anybody`` there."""
    from ringfence.domain.filter import quoted
    from ringfence.services import accounts, naming
    from ringfence.services.records import Part
    from ringfence.visibility.viewer import Viewer

    outer, own = context.find_root().params, context.params
    base = settings(Settings(identity=bearing()), outer.get("db"), outer.get("at"), outer.get("login"))
    chosen = settings(base, own.get("db"), own.get("at"))
    if chosen.identity is not None:  # what is not theirs is not offered
        return [one for one in naming.beginning(chosen.viewer(), kind, begun, _MOST) if not one.startswith("-")]
    login = chosen.login if anybody else own.get("login") or chosen.login
    if not anybody and login is None:
        return []
    database: Database = chosen.open()
    database.patience.tell = lambda _line: None
    if anybody:
        some = accounts.accounts(database, f"login:^{quoted(begun)}" if begun else "", Part(_LOOKED_AT))
        found = [one.means for one in some if fold(one.means).startswith(fold(begun))][:_MOST]
    else:
        found = naming.beginning(Viewer.sign_in(database, checked(login or ""), chosen.at), kind, begun, _MOST)
    return [one for one in found if not one.startswith("-")]
