"""Processes to which the permissions of files and a full disk are real, whoever runs the tests."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable

_VERSION = 0x20080522
_OVERRIDING = (1, 2)


def bound_by_permissions() -> None:
    """To be run before the program: a process of root is bound by the permissions of its files, like anybody else's.
    It counts for what the process itself does; what it starts is another program."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        header = (ctypes.c_uint32 * 2)(_VERSION, 0)
        sets = (ctypes.c_uint32 * 6)()  # what is in effect, permitted and inherited, of 32 capabilities each, twice
        if library.capget(header, sets):
            raise OSError(ctypes.get_errno(), "capget")
        for number in range(3):
            for capability in _OVERRIDING:
                sets[number] &= ~(1 << capability)
        if library.capset(header, sets):
            raise OSError(ctypes.get_errno(), "capset")


def on_a_full_disk(size: int = 0) -> Callable[[], None]:
    """To be run before the program: no file grows beyond the size any more."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit
