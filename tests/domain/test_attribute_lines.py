"""Attributes as text: what is read of it, what is wrong with it, and how it is kept."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringfence.domain.attributes import canonical, changed, fault, read, written
from ringfence.domain.errors import Refused
from ringfence.domain.text import has_control

NAMES = st.from_regex("[a-z][a-z0-9_]{0,9}", fullmatch=True)
TEXTS = st.text(max_size=60).filter(lambda said: not has_control(said))
VALUES = st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS


@pytest.mark.parametrize(
    ("said", "value"),
    [
        *(("8", 8.0), ("-0.5", -0.5), ("1e3", 1000.0), ("1E-2", 0.01)),
        *(("true", True), ("false", False), ("True", "True")),
        *(("007", "007"), ("+31 10 555 01", "+31 10 555 01"), ("8 °C", "8 °C"), (".5", ".5"), ("Infinity", "Infinity")),
        *(('"8"', "8"), ('""', ""), (r'"say \"a\""', 'say "a"'), ('a = "b"', 'a = "b"'), ('" x "', " x ")),
    ],
)
def test_a_value_is_what_it_looks_like(said: str, value: Any) -> None:
    found = read(f"  x  =  {said}  ")["x"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("x", "line 1: 'x' says no value"),
        ("a = 1\n\nB = 2", "line 3: 'B' is no name of an attribute"),
        ("= 2", "line 1: '' is no name"),
        ("a = 1\nb =  ", "line 2: b has no value"),
        ("a = 1\nb = 2\na = 1", "line 3: a is in line 1 already"),
        ("a = 1e999", "line 1: a: this number is too large"),
        ('a = "b', "line 1: a: text in quotes ends with one"),
        ('a = "b" c', "line 1: a: text in quotes ends with one"),
        (f"a = {'x' * 257}", "line 1: a: this has 257 characters, and may have 256"),
        (r'a = "x\u001b"', "line 1: a: this holds a control character"),
        (r'a = "x\ud800"', "line 1: a: this holds a control character"),
        ("a = x\ty", "line 1: a: this holds a control character"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(said: str, why: str) -> None:
    assert fault(said).startswith(why)
    assert canonical(said) == said, "and it is left as it is"


def test_what_is_kept_is_in_the_order_of_names_and_quoted_only_where_it_must_be() -> None:
    said = '\n b="two"\n\na = 8.0\n c = "8" \nd="true"\n  e = "" \nf= x'
    assert canonical(said) == 'a = 8\nb = two\nc = "8"\nd = "true"\ne = ""\nf = x'


@given(st.dictionaries(NAMES, VALUES, max_size=8))
@example({"a": '"', "b": " ", "c": "=", "d": "-0", "e": "\u2028", "f": "\u00a0x"})
def test_by_chance_what_is_written_is_read_again(attributes: dict[str, Any]) -> None:
    text = written(attributes)
    assert fault(text) == ""
    assert canonical(text) == text
    found = read(text)
    assert {name: (value, type(value)) for name, value in found.items()} == {
        name: (value, type(value)) for name, value in attributes.items()
    }


@given(st.text(string.printable + "é\u2028\ud800", max_size=40))
def test_by_chance_whatever_is_typed_is_read_or_refused_and_kept_once_and_for_all(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)
    if not fault(text):
        assert read(canonical(text)) == read(text)


def test_some_are_set_and_some_taken_away() -> None:
    assert changed("a = 1\nb = 2\nc = 3", {"b": "", "c": "x", "d": ' "4" '}) == 'a = 1\nc = x\nd = "4"'
    with pytest.raises(Refused, match="'A' is no name"):
        changed("", {"A": "1"})
