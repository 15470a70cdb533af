"""The errors that services raise, for rooms that know nothing of the domain."""

from __future__ import annotations

from ringfence.domain.errors import RingfenceError, SessionEnded, debugging, unexpected

__all__ = ["RingfenceError", "SessionEnded", "debugging", "unexpected"]
