"""Processes to which the permissions of files and a full disk are real, whoever runs the tests."""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable

_DROP = 24
_OVERRIDING = (1, 2)


def bound_by_permissions() -> None:
    """To be run before the program: a process of root is bound by the permissions of its files, like anybody else's."""
    if os.geteuid() == 0:
        library = ctypes.CDLL(None, use_errno=True)
        for capability in _OVERRIDING:
            if library.prctl(_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


def on_a_full_disk(size: int = 0) -> Callable[[], None]:
    """To be run before the program: no file grows beyond the size any more."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit
