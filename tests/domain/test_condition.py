"""What a condition says, held to CEL; and what is none."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import cel

from ringfence.domain.condition import Condition, parse
from ringfence.domain.errors import RingfenceError, WrongCondition

EXAMPLE = 'temperature > attr.max_temperature && door == "open" || battery < 10.0'
NAMES = ("a", "b", "c_1", "attr.a", "attr.for")
NUMBERS = ("0", "1", "-1", "2", "007", "1.0", "-2.5", ".5", "1e1", "25E-1", "9007199254740993", "-9223372036854775808")
TEXTS = ('"x"', "'x'", '""', '"1"', '"true"', "'it\\'s'", "'\"'", '"\\\\"', '"\\n\\t"', '"é // x"', '"b && c"')
SIGNS = ("==", "!=", "<", "<=", ">", ">=")

names, numbers, texts = map(st.sampled_from, (NAMES, NUMBERS, TEXTS))
singles = names | names | numbers | texts | st.sampled_from(["true", "false"])
spaces = st.sampled_from(["", " ", "  "])


def spaced(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """Parts with any spaces between them."""
    each = [spaces if part == " " else st.just(part) if isinstance(part, str) else part for part in parts]
    return st.tuples(*each).map("".join)


lists = st.lists(singles, max_size=4).map(lambda listed: f"[{', '.join(listed)}]")
relations = (
    spaced(singles, " ", st.sampled_from(SIGNS), " ", singles)
    | spaced(names, " ", st.sampled_from(SIGNS), " ", singles)
    | spaced(singles, " in ", " ", lists)
    | names
)
conditions = st.recursive(
    relations,
    lambda inner: (
        spaced("!", " ", inner)
        | spaced("(", " ", inner, " ", ")")
        | spaced(inner, " ", st.sampled_from(["&&", "||"]), " ", inner)
        | spaced("(", inner, ")", " ", st.sampled_from(SIGNS), " ", names)
        | spaced(names, " ", st.sampled_from(SIGNS), " (", inner, ")")
        | spaced("!", names, " ", st.sampled_from(SIGNS), " ", singles)
    ),
    max_leaves=6,
).filter(lambda text: len(text) <= 400)
pieces = st.sampled_from(["", *NAMES, *NUMBERS, *TEXTS, *SIGNS, *"!()[],=-. ", "&&", "||", " in ", "true", "[1, a]"])
mistyped = st.builds(
    lambda text, piece, at, gone: text[: at % (len(text) + 1)] + piece + text[at % (len(text) + 1) + gone :],
    *(conditions, pieces, st.integers(0, 399), st.integers(0, 3)),
)
values = st.sampled_from([0.0, 1.0, -1.0, 2.0, 2.5, 10.0, 2.0**53, 5e-324, True, False, "x", "", "1", "true", "\n\t"])
readings = st.dictionaries(st.sampled_from(NAMES), values)


def asked(text: str) -> Condition | WrongCondition:
    """The condition, or why it is none."""
    try:
        return parse(text)
    except WrongCondition as wrong:
        return wrong


@settings(max_examples=200)
@given(conditions, st.lists(readings, min_size=1, max_size=8))
def test_a_condition_says_what_cel_says(text: str, several: list[dict[str, Any]]) -> None:
    condition = asked(text)
    if isinstance(condition, WrongCondition):  # constants that never fit, which is said beforehand
        assert re.search("neither true nor false|cannot be compared", condition.reason), text
        return
    oracle = cel.read(text)
    for one in several:
        assert condition.holds(one) is oracle(one), (text, one)
        full = {name: one.get(name, 1.0) for name in NAMES}
        assert condition.holds(full) is oracle(full), (text, full)


@settings(max_examples=300)
@given(mistyped, readings)
def test_what_is_understood_is_cel(text: str, one: dict[str, Any]) -> None:
    """Conditions with something taken out or put in by chance: what is still one, CEL takes as the same one."""
    condition = asked(text)
    if isinstance(condition, Condition):
        assert condition.holds(one) is cel.read(text)(one)


@pytest.mark.parametrize(
    ("text", "holds", "one"),
    [
        (EXAMPLE, True, {"temperature": 9.0, "attr.max_temperature": 8.0, "door": "open", "battery": 50.0}),
        (EXAMPLE, False, {"temperature": 8.0, "attr.max_temperature": 8.0, "door": "open", "battery": 50.0}),
        (EXAMPLE, None, {"temperature": 9.0, "door": "open", "battery": 50.0}),
        (EXAMPLE, True, {"battery": 9.0}),
        (EXAMPLE, None, {}),
        ("door", True, {"door": True}),
        ("door", None, {"door": 1.0}),
        ("door", None, {"door": "true"}),
        ("!door", None, {}),
        # Values of different types are not equal, and have no order.
        ("door == 1", False, {"door": True}),
        ("door != 1", True, {"door": True}),
        ("door == other", False, {"door": True, "other": 1.0}),
        ("door in [0, 1]", False, {"door": True}),
        ("door in [true]", False, {"door": 1.0}),
        ('door == "1"', False, {"door": 1.0}),
        ("door < 2", None, {"door": True}),
        ("door < other", None, {"door": False, "other": 1.0}),
        ("door < true", True, {"door": False}),
        ('door < "p"', True, {"door": "open"}),
        ('door < "p"', None, {"door": 1.0}),
        # A list is only as well known as what is in it.
        ("door in [attr.a, 1]", None, {"door": 1.0}),
        ("door in [attr.a, 1]", True, {"door": 1.0, "attr.a": 2.0}),
        ("door in []", False, {"door": 1.0}),
        ("door in []", None, {}),
        # As in CEL, ! binds more than a comparison does.
        ("!door == other", False, {"door": True, "other": 5.0}),
        ("!door == other", None, {"door": 1.0, "other": 5.0}),
        # A whole number is a number, whoever says it.
        ("count == 1.0", True, {"count": 1}),
        ("count in [1.0]", True, {"count": 1}),
        ("count < 1.5", True, {"count": 1}),
        ("count == 9007199254740993", False, {"count": 2.0**53}),
        ("true", True, {}),
        ("1 < 2 && 'a' != 'b'", True, {}),
    ],
)
def test_what_conditions_say(text: str, holds: bool | None, one: dict[str, Any]) -> None:
    assert parse(text).holds(one) is holds


def test_an_unknown_side_is_absorbed_in_either_order() -> None:
    for unknown in ("gone", "gone > 1", "gone in [1]", "!gone", "number < 'x'", "number"):
        for text, holds in (
            (f"{unknown} && no", False),
            (f"no && {unknown}", False),
            (f"{unknown} || yes", True),
            (f"yes || {unknown}", True),
            (f"{unknown} && yes", None),
            (f"yes && {unknown}", None),
            (f"{unknown} || no", None),
            (f"no || {unknown}", None),
            (f"!({unknown} || yes)", False),
        ):
            assert parse(text).holds({"yes": True, "no": False, "number": 1.0}) is holds, text


class Fitting(dict[str, Any]):
    """Values that fit: nobody asks whether they are there."""

    def get(self, *_: object) -> Any:
        raise AssertionError("the tree was gone through")


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        *("on", "!on && on", "a == 1", "a != b", "a < b", "t < s", "t == s", "t == 'x' || a < b", "on == true"),
        *("a in [1, 2]", "t in ['x']", "a in []", "on == (a < b)", "(on == (b < a)) == on", "a < 5 && (a < b || on)"),
    ],
)
def test_values_that_fit_are_looked_at_once(text: str) -> None:
    """What makes it quick: the tree, which takes ten times as long, is for what is missing or does not fit."""
    one = {"a": 1.0, "b": 2.0, "t": "x", "s": "y", "on": True, "door": "open", "battery": 5.0, "temperature": 3.0}
    one["attr.max_temperature"] = 1.0
    assert parse(text).holds(Fitting(one)) in (True, False)


def test_names_are_as_they_are_written() -> None:
    assert parse(EXAMPLE).names == {"temperature", "attr.max_temperature", "door", "battery"}
    assert parse("a in [b, attr.a, 'c'] || !(a == true)").names == {"a", "b", "attr.a"}
    assert parse(f"attr.{'a' * 64}").names == {f"attr.{'a' * 64}"}
    assert parse("true").names == frozenset()


def test_conditions_are_equal_by_their_text() -> None:
    condition = parse(EXAMPLE)
    parse.cache_clear()
    again = parse(EXAMPLE)
    assert again is not condition
    assert again == condition
    assert len({again, condition, parse(f"{EXAMPLE} ")}) == 2
    assert parse(EXAMPLE) is again
    assert parse(EXAMPLE).text == EXAMPLE
    assert parse.cache_info().maxsize
    with pytest.raises(AttributeError):
        condition.text = "true"  # type: ignore[misc]


NAMED = "is not understood: a name is small letters, digits and _, beginning with a letter, at most 64"
VALUE = "a name, a number or a text belongs here"
END = "the condition ends too early"


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", 1, "a condition is expected, like temperature > 8"),
        ("   ", 1, "a condition is expected, like temperature > 8"),
        ("a >", 4, f"{END}: {VALUE}"),
        ("a > 1 && ", 10, f"{END}: {VALUE}"),
        ("(a", 3, f"{END}: ) belongs here"),
        ("a in 1", 6, '"1" is not expected: [ belongs here'),
        ("a in [1,]", 9, f'"]" is not expected: {VALUE}'),
        ("a in [1 2]", 9, '"2" is not expected: ] belongs here'),
        ("a in [[1]]", 7, f'"[" is not expected: {VALUE}'),
        ("a > 1)", 6, '")" is not expected: &&, || or the end belongs here'),
        ("a > 1 b", 7, '"b" is not expected: &&, || or the end belongs here'),
        ('a "b"', 3, '"b" is not expected: &&, || or the end belongs here'),
        ("a < b < c", 7, '"<" is not expected: join comparisons by &&, or put one into parentheses'),
        ("a == b in [c]", 8, '"in" is not expected: join comparisons by &&, or put one into parentheses'),
        ("5", 1, "a number is neither true nor false: compare it with something"),
        ("a && ('x')", 6, "a text is neither true nor false: compare it with something"),
        ("'x' || a", 1, "a text is neither true nor false: compare it with something"),
        ("!5", 2, "a number is neither true nor false: compare it with something"),
        ("1 < 'x'", 3, "a number and a text cannot be compared"),
        ("'x' == (a || b)", 5, "a text and true or false cannot be compared"),
        ("a = 1", 3, '"=" is not understood: write =='),
        ("a & b", 3, '"&" is not understood: write &&'),
        ("a | b", 3, '"|" is not understood: write ||'),
        ("a > -b", 5, '"-" is not understood: a minus stands right before a number'),
        ("a + 1 > 2", 3, '"+" is not understood'),
        ("a ? b : c", 3, '"?" is not understood'),
        ("a > 1x", 5, '"1x" is no number: write one like 8, -8 or 8.5'),
        ("a > 1.2.3", 5, '"1.2.3" is no number: write one like 8, -8 or 8.5'),
        ("a > 0x10", 5, '"0x10" is no number: write one like 8, -8 or 8.5'),
        ("a > 1u", 5, '"1u" is no number: write one like 8, -8 or 8.5'),
        ("a > 1.", 5, '"1." is no number: write one like 8, -8 or 8.5'),
        ("a > 1_000", 5, '"1_000" is no number: write one like 8, -8 or 8.5'),
        ("a > 9223372036854775808", 5, '"922337203685477…" is too large: a number has 64 bits'),
        ("a > -1e999", 5, '"-1e999" is too large: a number has 64 bits'),
        ("a == 'x", 6, "the text that begins here has no end: close it by '"),
        ('a == "x\\"', 6, 'the text that begins here has no end: close it by "'),
        ('a == "x\\q"', 8, '"\\q" means nothing: \\\\ is a backslash'),
        ('a == "\\u0041"', 7, '"\\u" means nothing: \\\\ is a backslash'),
        ("A > 1", 1, f'"A" {NAMED}'),
        ("a.b > 1", 1, '"a.b" is not understood: only attr. has a dot behind it, and one'),
        ("attr.a.b > 1", 1, '"attr.a.b" is not understood: only attr. has a dot behind it, and one'),
        ("a == attr", 6, "attr is followed by a dot and the name of an attribute"),
        ("attr. > 1", 1, f'"attr." {NAMED}'),
        (f"{'a' * 65} > 1", 1, f'"aaaaaaaaaaaaaaa…" {NAMED}'),
        ("null == a", 1, '"null" cannot be a name: CEL keeps this word for itself'),
        ("for > 1", 1, '"for" cannot be a name: CEL keeps this word for itself'),
        ("attr.in > 1", 1, '"attr.in" cannot be a name: CEL keeps this word for itself'),
        ("in > 1", 1, f'"in" is not expected: {VALUE}'),
    ],
)
def test_what_is_wrong_and_where(text: str, column: int, reason: str) -> None:
    with pytest.raises(WrongCondition) as caught:
        parse(text)
    assert (caught.value.column, caught.value.reason) == (column, reason)
    assert str(caught.value) == f"at column {column}: {reason}"


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ('__import__("os")', 1, f'"__import__" {NAMED}'),
        ("a.__class__.__bases__", 1, '"a.__class__.__b…" is not understood: only attr. has a dot'),
        ("attr.__class__", 1, f'"attr.__class__" {NAMED}'),
        ("exec('1')", 5, '"(" is not expected: there are no functions'),
        ("a.size() > 1", 1, '"a.size" is not understood: only attr. has a dot'),
        ("[a for a in b]", 1, '"[" is not expected'),
        ("lambda: a", 7, '":" is not understood'),
        ("a; b", 2, '";" is not understood'),
        ("a # b", 3, '"#" is not understood'),
        ("a // b", 3, '"/" is not understood'),
        ("a > 1\n&& b", 6, "U+000A cannot be seen: take it out"),
        ("a\t> 1", 2, "U+0009 cannot be seen: take it out"),
        ("a > 1\x00", 6, "U+0000 cannot be seen: take it out"),
        ("a == '\x1b[31m'", 7, "U+001B cannot be seen: take it out"),
        ("a == '\u202ex'", 7, "U+202E RIGHT-TO-LEFT OVERRIDE cannot be seen: take it out"),
        ("a\u200b > 1", 2, "U+200B ZERO WIDTH SPACE cannot be seen: take it out"),
        ("a == '\ud800'", 7, "U+D800 cannot be seen: take it out"),
        ("a\u00a0> 1", 2, "U+00A0 NO-BREAK SPACE is not understood"),
        ("te\u043cp > 1", 3, "U+043C CYRILLIC SMALL LETTER EM is not understood"),
        ("\uff41 > 1", 1, "U+FF41 FULLWIDTH LATIN SMALL LETTER A is not understood"),
        ("a \uff1e 1", 3, "U+FF1E FULLWIDTH GREATER-THAN SIGN is not understood"),
        ("a > \u0661", 5, "U+0661 ARABIC-INDIC DIGIT ONE is not understood"),
        ("a > 1\u0661", 5, '"1\u0661" is no number'),
        ("a == \u201cx\u201d", 6, "U+201C LEFT DOUBLE QUOTATION MARK is not understood"),
    ],
)
def test_what_is_meant_badly_is_refused(text: str, column: int, reason: str) -> None:
    with pytest.raises(WrongCondition) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.reason.startswith(reason)
    assert isinstance(caught.value, RingfenceError)


@given(st.text(max_size=40) | st.text(st.sampled_from("ab.(_)'\"\\!&|=<>[], 1e-\u0430\x00\u2028\n"), max_size=40))
def test_anything_is_understood_or_refused_in_a_line(text: str) -> None:
    found = asked(text)
    if isinstance(found, WrongCondition):
        assert 1 <= found.column <= len(text) + 1
        assert len(str(found)) < 140
        assert len(str(found).splitlines()) == 1
    else:
        assert all(re.fullmatch(r"(attr\.)?[a-z][a-z0-9_]*", name) for name in found.names)
        assert found.holds({}) in (True, False, None)


def test_how_long_a_condition_may_be() -> None:
    text = "a > 1".ljust(500)
    assert parse(text).holds({"a": 2.0}) is True
    for longer in (f"{text} ", "x" * 600, "(" * 1_000_000, "\x00" * 501):
        with pytest.raises(
            WrongCondition, match=f"a condition has 500 characters at most, and this has {len(longer):,}"
        ):
            parse(longer)


@pytest.mark.parametrize(("opens", "closes"), [("(", ")"), ("!", ""), ("!(", ")"), ("(a || ", ")"), ("(a == !", ")")])
def test_how_deep_a_condition_may_be(opens: str, closes: str) -> None:
    levels = len(re.findall(r"[(!]", opens))
    deep = 20 // levels
    assert parse(opens * deep + "a" + closes * deep).holds({"a": True}) is not None
    with pytest.raises(WrongCondition, match="stand in each other 20 deep at most") as caught:
        parse(opens * (deep + 1) + "a" + closes * (deep + 1))
    assert caught.value.column == len(opens) * deep + re.search(r"[(!]", opens).start() + 1  # type: ignore[union-attr]


def test_depth_is_not_length() -> None:
    assert parse(" && ".join(["(!a)"] * 60)).holds({"a": False}) is True


def calls(work: Callable[[], object]) -> int:
    """How many functions are called to do something."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    ("begins", "each", "ends"),
    [
        ("", "(", ""),
        ("", "!", ""),
        ("", "a||", "a"),
        ("", "(a)&&", "a"),
        ("", "a<b&&", "a"),
        ("a in [", "1,", "2]"),
        ("a in [", "b,", "2]"),
        ("a == '", "\\\\", "'"),
        ("a == '", "\\'", ""),
        ("", " ", "a"),
        ("a", "1", ""),
        ("", "1.", ""),
        ("", "1e+", ""),
        ("", '""', ""),
    ],
)
def test_twice_as_long_is_twice_as_much(begins: str, each: str, ends: str) -> None:
    """Whether a condition is refused or understood, and then asked of values that are there or missing."""

    def work(length: int) -> Callable[[], object]:
        text = begins + each * ((length - len(begins + ends)) // len(each)) + ends

        def done() -> None:
            parse.cache_clear()
            condition = asked(text)
            if isinstance(condition, Condition):
                for one in ({}, {"a": 1.0}, {"a": True, "b": 1.0}):
                    condition.holds(one)

        return done

    work(40)()
    assert calls(work(480)) < 2.2 * calls(work(240)) + 50
