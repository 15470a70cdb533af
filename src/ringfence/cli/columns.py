"""Lines in columns, each as wide as the widest text in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def in_columns(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines, drawn literally."""
    from ringfence.text import fit, width_of

    widths = [max(map(width_of, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(fit(text, width) for text, width in zip(line, widths, strict=True)).rstrip()
