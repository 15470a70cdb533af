"""SSH public keys: read strictly, and told apart by their fingerprints. It needs nothing but the standard library:
sshd waits for it.

A key stands as OpenSSH writes it: its type, its blob in base 64, and a comment. Whatever else stands there is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final, NamedTuple

from ringfence.domain.errors import RingfenceError

MOST_BYTES: Final = 16 * 1024
"""Nothing that is longer is a key: one of RSA with 16,384 bits takes a sixth of it."""
_LONGEST_COMMENT: Final = 200
_LEAST_RSA: Final = 3072
_MOST_RSA: Final = 16384
_ED25519: Final = 32
_CURVES: Final = {"nistp256": 32, "nistp384": 48, "nistp521": 66}
"""How many bytes a coordinate takes on each of the curves."""
_ECDSA: Final = {f"ecdsa-sha2-{curve}": curve for curve in _CURVES}
_SECURITY_KEYS: Final = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
_APPLICATION: Final = re.compile(rb"[\x21-\x7e]{1,256}")
TYPES: Final = ("ssh-ed25519", *_ECDSA, "ssh-rsa", *_SECURITY_KEYS)
"""The types of keys that are taken."""
_WORD: Final = re.compile(r"[!-~]{1,64}")
_OTHERWISE: Final = (
    (
        "PRIVATE KEY",
        "this is a private key, which nobody else may have: hand over the file beside it that ends in .pub",
    ),
    ("BEGIN SSH2 PUBLIC KEY", "this is written in another form: 'ssh-keygen -i -f FILE' writes it as OpenSSH does"),
    (
        "PuTTY-User-Key-File",
        "this is PuTTY's form, with the private key in it: hand over what PuTTYgen shows at its top",
    ),
)


class WrongKey(RingfenceError):  # noqa: N818 - named for what it says
    """Why something is no key that is taken, in a line."""


class PublicKey(NamedTuple):
    """A key: its type (``kind``), the ``blob`` in base 64, and the comment."""

    kind: str
    blob: str
    comment: str

    @property
    def fingerprint(self) -> str:
        """The fingerprint, as ssh-keygen and the log of sshd have it."""
        return fingerprint_of(base64.b64decode(self.blob))


def fingerprint_of(blob: bytes) -> str:
    """SHA256: and the digest of a blob in base 64, without the padding."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def parse(data: bytes) -> PublicKey:
    """The one key that is written there, as in a file that ends in .pub. Raises WrongKey for anything else."""
    if len(data) > MOST_BYTES:
        raise WrongKey(f"more than {MOST_BYTES // 1024} KiB are no public key")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise WrongKey("this is no text in UTF-8, so no public key") from None
    for sign, said in _OTHERWISE:
        if sign in text:
            raise WrongKey(said)
    line = text.removesuffix("\n")
    if not line.strip():
        raise WrongKey("there is no key in it")
    if "\n" in line:
        raise WrongKey("there is more than one line: hand over one key, as it stands in the file that ends in .pub")
    if not line.isprintable():
        what = "a carriage return" if "\r" in line else "a control character"
        raise WrongKey(f"there is {what} in it: hand over the file that ends in .pub as ssh-keygen wrote it")
    kind, _, rest = line.partition(" ")
    blob, _, comment = rest.partition(" ")
    demand_sound(kind, blob)
    comment = comment.strip()
    if len(comment) > _LONGEST_COMMENT:
        raise WrongKey(f"its comment is longer than {_LONGEST_COMMENT} characters")
    return PublicKey(kind, blob, comment)


def demand_sound(kind: str, blob: str) -> None:
    """Raises WrongKey unless that is a type of key that is taken, and the blob one of it, and nothing else."""
    if kind not in TYPES:
        raise WrongKey(_why_not(kind))
    if not blob:
        raise WrongKey(f"behind {kind} there is no key")
    data = _decoded(blob)
    reading = _Reading(data)
    inner = reading.text()
    if inner != kind.encode():
        raise WrongKey(f"it says {kind}, and its base 64 is of another type: hand it over as ssh-keygen wrote it")
    match kind:
        case "ssh-ed25519":
            reading.demand(len(reading.text()) == _ED25519)
        case "ssh-rsa":
            exponent, modulus = reading.number(), reading.number()
            if modulus.bit_length() < _LEAST_RSA:
                raise WrongKey(
                    f"a key of RSA with {modulus.bit_length()} bits is too short: make one of {_LEAST_RSA} or more, or "
                    "better of ed25519"
                )
            reading.demand(modulus.bit_length() <= _MOST_RSA and modulus % 2 == 1)
            reading.demand(exponent % 2 == 1 and 3 <= exponent < 2**64)
        case "sk-ssh-ed25519@openssh.com":
            reading.demand(len(reading.text()) == _ED25519)
            reading.demand(_APPLICATION.fullmatch(reading.text()) is not None)
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            reading.point("nistp256")
            reading.demand(_APPLICATION.fullmatch(reading.text()) is not None)
        case _:
            reading.point(_ECDSA[kind])
    reading.demand(reading.over)


def _why_not(kind: str) -> str:
    """Why the first word of a line is no type of key that is taken."""
    if kind == "ssh-dss":
        return "keys of DSA are not taken, which OpenSSH has given up: make one of ed25519"
    if "-cert-v" in kind:
        return "this is a certificate: hand over the public key that it was made for"
    if any(sign in kind for sign in '=,"') or kind in ("restrict", "pty", "cert-authority"):
        return "something stands in front of the key: hand over the file that ends in .pub, without options"
    said = f"{kind!r} is no type of key that is taken" if _WORD.fullmatch(kind) else "it does not begin with its type"
    return f"{said}: ed25519, ECDSA, RSA from {_LEAST_RSA} bits and security keys are"


def _decoded(blob: str) -> bytes:
    """Base 64 in the one way in which OpenSSH writes it."""
    try:
        data = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or base64.b64encode(data).decode() != blob:
        raise WrongKey("what stands behind its type is no key in base 64: a part may be missing, or too much there")
    return data


class _Reading:
    """A blob as far as it was read."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return not self._data

    def demand(self, sound: bool) -> None:
        """Raises WrongKey unless that is so."""
        if not sound:
            raise WrongKey("it is no whole key, or more than one: hand it over as ssh-keygen wrote it")

    def text(self) -> bytes:
        """The next text, in front of which its length stands."""
        length = int.from_bytes(self._data[:4])
        self.demand(len(self._data) >= 4 and length <= len(self._data) - 4)
        found, self._data = self._data[4 : 4 + length], self._data[4 + length :]
        return found

    def number(self) -> int:
        """The next number, above zero and written in no more bytes than it takes."""
        data = self.text()
        self.demand(bool(data) and data[0] < 0x80 and not (data[0] == 0 and data[1:2] < b"\x80"))
        return int.from_bytes(data)

    def point(self, curve: str) -> None:
        """The name of a curve, and a point of it that is written out."""
        self.demand(self.text() == curve.encode())
        point = self.text()
        self.demand(len(point) == 1 + 2 * _CURVES[curve] and point[0] == 4)
