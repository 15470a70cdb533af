"""Passwords: as argon2id hashes, in the profile that the library recommends (RFC 9106, for little memory), and whether
one can be guessed.

A password is compared as RFC 8265 prepares it (OpaqueString), so that it is the same from every keyboard.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from ringfence.domain.errors import Refused, RingfenceError
from ringfence.domain.text import character, fold
from ringfence.identity.turns import turn

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
LONGEST: Final = 200
"""In characters. What is longer is refused before it is looked at."""
_GUESSABLE: Final = 2
"""The scores of the estimator up to which a password is refused, of 4: what 10^8 guesses find, which need no account to
try once a hash is known."""
_JUDGED: Final = 72
"""The estimator takes much longer for what is longer, and it is good enough for that long."""
_PART: Final = 4
"""Words that somebody is known by count from so many letters on."""


def demand_good(password: str, known: Iterable[str]) -> None:
    """Raises Refused, with what to do, for a password that somebody could guess; ``known`` are the texts by which its
    user is known, such as their login and name."""
    if len(password) < SHORTEST:
        raise Refused(f"a password has at least {SHORTEST} characters: choose a longer one", "password")
    if len(password) > LONGEST:
        raise Refused(f"a password has at most {LONGEST} characters: choose a shorter one", "password")
    prepared = _demand_text(password)
    words = _words(known)
    within = fold(prepared)
    if any(word in within for word in words):
        raise Refused("your login, your name or your provider's is in it: choose one without", "password")
    from zxcvbn import zxcvbn

    if zxcvbn(prepared[:_JUDGED], user_inputs=sorted(words))["score"] <= _GUESSABLE:
        raise Refused("this is guessed too easily: take several words that have nothing to do with you", "password")


def hashed(password: str) -> str:
    """What is kept of a password, with what it was made by. Raises Refused for what is no text."""
    prepared = _demand_text(password)
    with turn():
        return _hasher().hash(prepared)


def fits(kept: str | None, password: str) -> bool:
    """Whether it is the password of which that is kept, or none is. It takes as long whether it is, or not, or there is
    nothing to compare it to. Raises RingfenceError where there is not enough memory to say."""
    from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

    prepared = _prepared(password[: LONGEST + 1])
    with turn():
        for one in (kept or _nobodys(), _nobodys()):
            try:
                return _hasher().verify(one, prepared or "") and prepared is not None
            except VerifyMismatchError:
                return False
            except InvalidHashError:  # what is kept is none: as if there were nothing
                continue
            except VerificationError as error:
                raise RingfenceError("there is not enough memory to check a password: try again") from error
    return False


def outdated(kept: str) -> bool:
    """Whether the profile is another by now: then the password is hashed anew when it is next known."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    """A hash in today's profile that is no password's: checking one against it takes as long as against any."""
    own = _hasher()
    salt, found = (b64encode(bytes(length)).decode().rstrip("=") for length in (own.salt_len, own.hash_len))
    return f"$argon2id$v=19$m={own.memory_cost},t={own.time_cost},p={own.parallelism}${salt}${found}"


def _prepared(password: str) -> str | None:
    """A password as it is compared; None for what none can be."""
    try:
        return _demand_text(password)
    except Refused:
        return None


def _demand_text(password: str) -> str:
    if password.isascii() and password.isprintable() and password:
        return password  # as most are: what knows of all others is loaded for those
    from precis_i18n import get_profile

    try:
        return str(get_profile("OpaqueString").enforce(password))
    except UnicodeEncodeError as error:
        if not password:
            raise Refused("the password is empty", "password") from None
        which = character(error.object[error.start : error.start + 1] or "?")
        raise Refused(f"a password does not hold {which}: leave it out", "password") from None


def _words(known: Iterable[str]) -> set[str]:
    """The texts by which somebody is known, and their parts, as they are compared."""
    found: set[str] = set()
    for text in known:
        whole = fold(text)
        parts = "".join(one if one.isalnum() else " " for one in whole).split()
        found.update(one for one in (whole, *parts) if len(one) >= _PART)
    return found
