"""Coroutine tests are run to their end; nothing of the developer's terminal or settings reaches them."""

from support.console import demo, no_past
from support.quiet import plain_surroundings, pytest_pyfunc_call

__all__ = ["demo", "no_past", "plain_surroundings", "pytest_pyfunc_call"]
