"""Coroutine tests are run to their end; nothing of the developer's terminal or settings reaches them."""

from support.console import demo
from support.quiet import plain_surroundings, pytest_pyfunc_call

__all__ = ["demo", "plain_surroundings", "pytest_pyfunc_call"]
