"""What comes from a terminal, byte after byte, cut into what belongs together: text, sequences, pastes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_ESC: Final = "\x1b"
_PASTE_BEGINS: Final = "\x1b[200~"
_PASTE_ENDS: Final = "\x1b[201~"

_BEGUN: Final = re.compile(r"\x1b(?:\[(?:\[|[0-?]*[ -/]*)|O)\Z")
"""The beginning of a sequence that may still become one (ECMA-48, 5.4: parameters, intermediates, a final byte)."""

_WHOLE: Final = re.compile(
    r"""\x1b(?:
        \[\[[A-E]                   # the function keys of the Linux console
        | \[M[\s\S]{3}              # the mouse, as it once was
        | \[[0-9]+\$                # rxvt with Shift
        | \[(?![M\[])[0-?]*[ -/]*[@-~]
        | O[ -~]                    # SS3: keypad, F1 to F4
    )""",
    re.VERBOSE,
)
_ANSWER_BEGINS: Final = "\x1b]11;"
"""What the terminal says of its background (OSC 11 of xterm)."""
_ANSWER: Final = re.compile(r"\x1b\]11;([^\x07\x1b\x9c]*)(\x07|\x1b\\|\x9c|\x1b(?!\Z))")
_PATIENCE: Final = 10
"""So many times in succession nothing may come before an answer that has begun is given up."""
_MOUSE: Final = re.compile(r"\x1b\[M[\s\S]{0,2}\Z")


class _Piece:
    """Written out, and no dataclass: making one is half of what importing all this takes."""

    __match_args__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Piece) and type(other) is type(self) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"


class Typed(_Piece):
    """Text and sequences as they came."""


class Sequence(_Piece):
    """One whole sequence of a key (or an answer of the terminal): known or not, it is nothing else."""


class Answer(_Piece):
    """What the terminal has said of its background: a colour, or anything else."""


class Escape(_Piece):
    """An ESC of its own, with the character that came with it (Alt and a key), if any did."""


class Pasted(_Piece):
    """What was pasted, exactly."""


Piece = Typed | Sequence | Answer | Escape | Pasted


class Sequences:
    """Cuts what is fed to it. A lone ESC waits for `expire`; what has begun with ``ESC [`` or ``ESC O`` waits for its
    end, however long that takes, and is dropped where it turns out to be none: its letters are never keys. Nor are
    those of what the terminal says of its background, whatever it is: it waits for its end while more of it comes."""

    def __init__(self) -> None:
        self._held = ""
        self._pasting = False
        self._patience = 0

    @property
    def undecided(self) -> bool:
        """Whether an ESC waits to be told whether more comes."""
        return not self._pasting and self._held != "" and _ANSWER_BEGINS[:-1].startswith(self._held)

    def feed(self, text: str) -> Iterator[Piece]:
        """What is complete with this text."""
        held, self._held = self._held + text, ""
        while held:
            if self._pasting:
                pasted, ends, held = held.partition(_PASTE_ENDS)
                if not ends:
                    self._held = pasted
                    return
                self._pasting = False
                yield Pasted(pasted)
                continue
            plain, escape, rest = held.partition(_ESC)
            if plain:
                yield Typed(plain)
            if not escape:
                return
            held = escape + rest
            if held.startswith(_ANSWER_BEGINS):
                answer = _ANSWER.match(held)
                if answer is None:
                    self._held, self._patience = held, _PATIENCE
                    return
                if answer[2] == _ESC:  # it broke off, and something else begins
                    held = held[answer.end() - 1 :]
                else:
                    held = held[answer.end() :]
                    yield Answer(answer[1])
                continue
            if _ANSWER_BEGINS.startswith(held) or _BEGUN.match(held) or _MOUSE.match(held):
                self._held = held
                return
            piece, held = _first(held)
            if piece == Sequence(_PASTE_BEGINS):
                self._pasting = True
            elif piece is not None:
                yield piece

    def expire(self) -> Iterator[Piece]:
        """Nothing came for as long as it may take after an ESC: it is one, with what came with it."""
        if self.undecided:
            held, self._held = self._held, ""
            yield Escape(held[:2])
            if held[2:]:
                yield Typed(held[2:])
        elif self._held.startswith(_ANSWER_BEGINS):
            self._patience -= 1
            if self._patience <= 0:
                self._held = ""


def _first(held: str) -> tuple[Piece | None, str]:
    """What a text that begins with ESC begins with (None for a sequence that broke off), and the rest."""
    if whole := _WHOLE.match(held):
        return Sequence(whole[0]), held[whole.end() :]
    if held[1] == _ESC:
        return Escape(_ESC), held[1:]
    if held[1] in "[O":
        broken = re.match(r"\x1b(?:\[\[?[0-?]*[ -/]*|O)", held)
        assert broken is not None
        return None, held[broken.end() :]
    return Escape(held[:2]), held[2:]
