"""``ringfence``: runs a command line, and says its errors."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ringfence.cli import start
from ringfence.cli.bearing import Bearing, bearing
from ringfence.cli.settings import ASKED, Faults, Identity, WrongUsage
from ringfence.domain.errors import InvalidDocument, Lacking, Refused, RingfenceError, debugging, unexpected


def run(arguments: Sequence[str], identity: Identity | None = None) -> int:
    """Runs a command line, of whoever was proven to be somebody if that is so, or has a token. Returns its exit status:
    0, 1 for a refusal or failure, 2 for wrong usage."""
    _open_streams()
    try:
        status = _run(arguments, identity or bearing())
        sys.stdout.flush()
    except WrongUsage as error:
        _fail([str(error)])
        return 2
    except (InvalidDocument, Faults) as error:
        return _fail(error.faults)
    except Refused as refused:
        return _fail([f"{refused}{_further(refused.lacking)}"])
    except RingfenceError as error:
        return _fail([str(error)])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever reads has seen enough. What is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UnicodeEncodeError:
        return _fail(["an argument or the output's encoding cannot say this text: use a UTF-8 locale"])
    except MemoryError:
        return _fail(["out of memory: work on a smaller file, or on a larger machine"])
    except OSError as error:
        return _fail([f"{error.filename or 'output'}: {error.strerror or error}"])
    except Exception as error:  # noqa: BLE001 - the last line of defence
        if debugging():
            import traceback

            traceback.print_exc()
        return _fail([unexpected(error)])
    return status


def _run(arguments: Sequence[str], identity: Identity | Bearing | None) -> int:
    """Runs a command line by what loads least of all that can."""
    asked = os.environ.get(ASKED)
    if identity is None and "ssh" in arguments:
        from ringfence.cli import door

        status = door.at_once(arguments)
        if status is not None:
            return status
    if not asked and start.at_once(arguments, identity):
        return 0
    gc.enable()
    from ringfence.cli import plain
    from ringfence.cli.terminal import drawn

    status = None if asked else plain.run(arguments, identity)
    if status is None:
        # Imported only here: the framework takes about as long to load as the console to paint.
        from ringfence.cli.commands import execute

        with drawn():
            status = execute(arguments, identity)
    return status


def _open_streams() -> None:
    """Puts nowhere in the place of a standard stream that was closed before the program began."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _further(lacking: Lacking | None) -> str:
    """How to ask on, of a permission that is lacking: why it is, or without a record what else there is."""
    if lacking is None or not lacking.login:
        return ""
    from shlex import join

    if not lacking.record:
        return f": '{join(('ringfence', 'rights', lacking.login))}' says what you may do"
    return f": '{join(('ringfence', 'why', lacking.login, lacking.permission, lacking.record))}' says why"


def _fail(lines: Sequence[str]) -> int:
    for line in lines:
        safe = "".join(c if c.isprintable() or c == " " else "?" for c in line)
        print(f"ringfence: error: {safe}".encode(errors="replace").decode(), file=sys.stderr)  # noqa: T201
    return 1
