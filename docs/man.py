"""Writes the manual page from the commands themselves: ``make man`` makes it anew.

The well-kept library for this reads the classes of click, and the framework has its own copies of those.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from ringfence import __version__
from ringfence.cli.commands import app

_HEAD = r""".\" Made from the commands by 'make man': change them, not this.
.TH RINGFENCE 1 "" "ringfence {version}" "Ringfence"
.SH NAME
ringfence \- say who may see which customers and devices, and show exactly that"""
_TAIL = r""".SH ENVIRONMENT
.TP
.B RINGFENCE_DB
The database where \fB\-\-db\fR names none.
.TP
.B RINGFENCE_THEME
The console's theme where \fB\-\-theme\fR names none.
.TP
.B RINGFENCE_COLORS
How many colours the console draws in: truecolor, 256, 16 or none; auto (the default) goes by NO_COLOR, COLORTERM and
TERM.
.TP
.B RINGFENCE_MOUSE
1 has the mouse work in the console too, 0 does not, where neither \fB\-\-mouse\fR nor \fB\-\-no\-mouse\fR is given.
.TP
.B NO_COLOR
Set to anything, has the console drawn without colours, where RINGFENCE_COLORS and config.toml do not say how many.
.TP
.B VISUAL\fR, \fBEDITOR
The editor of \fBringfence config edit\fR.
.TP
.B RINGFENCE_DEBUG
1 shows where something happened that nobody foresaw.
.SH FILES
.TP
.I config.toml
Your own settings, in the folder \fIringfence\fR of the platform's folder for configuration ($XDG_CONFIG_HOME on Linux).
An option goes before the environment, and that before this file.
.TP
.I places/
Where the console was left, by ids, in the folder \fIringfence\fR of the platform's folder for state ($XDG_STATE_HOME on
Linux): a file for each database and login, for its owner alone.
.SH EXIT STATUS
0 for what went well, 1 for a refusal or failure, 2 for wrong usage. \fBringfence can\fR says no by 1."""


def page() -> str:
    """The manual page, in roff."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    program = get_command(app)
    context = program.make_context("ringfence", [], resilient_parsing=True)
    yield _HEAD.format(version=__version__)
    yield ".SH SYNOPSIS"
    yield r".B ringfence"
    yield r"[\fIOPTIONS\fR] [\fICOMMAND\fR [\fIARGS\fR]]"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(program.help or "")
    yield ".SH OPTIONS"
    yield from _options(program, context)
    yield ".SH COMMANDS"
    yield from _commands(program, context, "ringfence")
    yield _TAIL


def _commands(group: Any, context: Any, before: str) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from _commands(command, context, f"{before} {name}")
            continue
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        called = " ".join([f"{before} {name}", *(one.metavar or one.name.upper() for one in arguments)])
        yield f".SS {_escaped(called)}"
        yield from _paragraphs(command.help or "")
        for one in arguments:
            if getattr(one, "help", None):
                yield from _item(rf"\fI{_escaped(one.metavar)}\fR", one.help)
        yield from _options(command, context)


def _options(command: Any, context: Any) -> Iterator[str]:
    for one in command.params:
        record = one.get_help_record(context) if one.param_type_name == "option" else None
        if record:
            yield from _item(rf"\fB{_escaped(record[0])}\fR", record[1])


def _item(label: str, said: str) -> Iterator[str]:
    yield ".TP"
    yield label
    yield _escaped(" ".join(said.split()))


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs; those that a ``\\b`` begins keep their lines."""
    for paragraph in filter(None, re.split(r"\n\s*\n", text.strip())):
        if paragraph.startswith("\b"):
            yield from (".PP", ".nf", *map(_escaped, paragraph.split("\n")[1:]), ".fi")
        else:
            yield ".PP"
            yield _escaped(" ".join(paragraph.split()))


def _escaped(text: str) -> str:
    """Text that roff prints as it is."""
    safe = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
