"""Random texts that stand for somebody: shown once, and kept as the hash of them."""

from __future__ import annotations

from hashlib import sha256
from secrets import token_urlsafe
from typing import Final

INVITATION: Final = "rfi_"
TOKEN: Final = "rf_"  # noqa: S105 - none, but how one begins
_BYTES: Final = 32


def made(prefix: str) -> str:
    """A new one: its prefix, which says what it is, and 256 random bits."""
    return prefix + token_urlsafe(_BYTES)


def digest(text: str) -> str:
    """What is kept of one. That it is no slow hash does no harm: nobody guesses so many bits."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
