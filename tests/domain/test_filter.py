"""What one types into a filter, taken to pieces; and what cannot be understood."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain import display
from ringfence.domain.audit import AUDIT
from ringfence.domain.customer_group import CUSTOMER_GROUPS
from ringfence.domain.device import DEVICES
from ringfence.domain.errors import WrongFilter
from ringfence.domain.filter import MOST, Term, narrows, parse, quoted
from ringfence.domain.kind import Kind
from ringfence.domain.registry import KINDS
from ringfence.domain.security_group import SECURITY_GROUPS
from ringfence.domain.text import fold
from ringfence.domain.user import USERS


@pytest.mark.parametrize(
    ("typed", "terms"),
    [
        ("", ()),
        ("   ", ()),
        ("Gate", (Term("gate"),)),
        ("gate GATE  cam", (Term("gate"), Term("cam"))),
        ("gate\u00a0cam\tx", (Term("gate"), Term("cam"), Term("x"))),
        ('"gate cam" x', (Term("gate cam"), Term("x"))),
        ('"gate cam', (Term("gate cam"),)),
        ('"a ""b"" c"', (Term('a "b" c'),)),
        ('"gate"cam', (Term("gate"), Term("cam"))),
        ('19"rack', (Term('19"rack'),)),
        ("-test", (Term("test", excluded=True),)),
        ("^cam", (Term("cam", anchored=True),)),
        ("-^cam", (Term("cam", anchored=True, excluded=True),)),
        ("kind:camera", (Term("camera", "kind"),)),
        ("KIND:Camera", (Term("camera", "kind"),)),
        ('kind:^"door lock"', (Term("door lock", "kind", anchored=True),)),
        ("-site:test", (Term("test", "site", excluded=True),)),
        ('site:""', (Term("", "site"),)),
        ('-site:""', (Term("", "site", excluded=True),)),
        ('site:^""', (Term("", "site"),)),
        ("cu:rotter", (Term("rotter", "customer"),)),
        ("unit_id:7", (Term("7", "unit_id"),)),
        ("unit-id:7 u:8", (Term("7", "unit_id"), Term("8", "unit_id"))),
        # A sign with nothing behind it asks nothing yet.
        ("- ^ -^", ()),
        ('""', ()),
        ("kind:", ()),
        ('kind:"', ()),
        ("kind: camera", (Term("camera"),)),
        # What is made of other things than letters names no column.
        ("00:1a:2b", (Term("00:1a:2b"),)),
        ("14:03", (Term("14:03"),)),
        ('"kind:camera"', (Term("kind:camera"),)),
        ("x^y a-b", (Term("x^y"), Term("a-b"))),
        ("Straße É e\u0301", (Term("strasse"), Term("é"))),
    ],
)
def test_what_is_typed_and_what_it_asks(typed: str, terms: tuple[Term, ...]) -> None:
    assert parse(DEVICES, typed) == terms


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        (
            DEVICES,
            "ab:cd:ef",
            "there is no column 'ab' to search: take name, unit id, kind, site or customer, or seek the text as it "
            'stands, in quotes: "ab:cd:ef"',
        ),
        (DEVICES, "gate -login:x", "there is no column 'login' to search: take name"),
        (SECURITY_GROUPS, "users:3", "'users' is a number that is counted, and not searched: leave it out"),
        (CUSTOMER_GROUPS, "customers:", "'customers' is a number that is counted, and not searched: leave it out"),
        (AUDIT, "when:monday", "'when' is no text, and not searched: leave it out"),
        (AUDIT, "w:x", "'w' may be when, who or what: type more of it"),
        (DEVICES, " ".join(map(str, range(MOST + 1))), f"a filter seeks {MOST} words at most: quotes keep a phrase"),
    ],
)
def test_what_cannot_be_understood_is_said_in_a_line(kind: Kind, typed: str, said: str) -> None:
    with pytest.raises(WrongFilter) as caught:
        parse(kind, typed)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
    assert len(caught.value.briefly) <= 40


def test_a_column_goes_by_its_heading_too() -> None:
    assert parse(USERS, "state:inactive") == parse(USERS, "active:inactive") == (Term("inactive", "active"),)
    assert parse(USERS, "e-mail:x") == parse(USERS, "email:x") == (Term("x", "email"),)


@given(st.sampled_from(list(KINDS.values())), st.text(st.sampled_from('ab:^-" é_k\x1f\u00a0'), max_size=12))
def test_anything_is_understood_or_said(kind: Kind, typed: str) -> None:
    """And what is quoted is sought as it stands, whatever it is."""
    sought = {one.field for one in display.sought(kind)}
    try:
        terms = parse(kind, typed)
    except WrongFilter:
        terms = ()
    assert all(term.column in {"", *sought} and (term.text or term.column) for term in terms)
    assert parse(kind, quoted(typed)) == ((Term(fold(typed)),) if typed else ())


@given(st.data())
def test_what_is_typed_is_what_was_meant(data: Any) -> None:
    """Terms by chance, spelled, are the same terms again."""
    kind = data.draw(st.sampled_from(list(KINDS.values())))
    columns = [one.field for one in display.sought(kind)]
    words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)
    term = st.builds(Term, words.map(fold), st.sampled_from(["", *columns]), st.booleans(), st.booleans(), st.just(0))
    terms = data.draw(st.lists(term.filter(lambda one: fold(one.text) == one.text), max_size=4, unique=True))
    spelled = [
        f"{'-' * one.excluded}{one.column and one.column + ':'}{'^' * one.anchored}{quoted(one.text)}" for one in terms
    ]
    assert parse(kind, " ".join(spelled)) == tuple(terms)


WORDS = st.lists(
    st.builds(
        lambda sign, column, begins, text: f"{sign}{column}{begins}{text}",
        st.sampled_from(["", "", "-"]),
        st.sampled_from(["", "", "name:", "kind:"]),
        st.sampled_from(["", "", "^"]),
        st.sampled_from(["a", "ab", "abc", "b", "bc", '"a b"', '""', "c"]),
    ),
    max_size=3,
).map(" ".join)
SAID = st.text("abc ", max_size=4)


def test_a_filter_that_is_typed_on_narrows() -> None:
    for now, before in (("cold", "col"), ("cold store", "cold"), ("name:cold", "col"), ("cold -x", "cold"), ("x", "")):
        assert narrows(parse(DEVICES, now), parse(DEVICES, before)), (now, before)
    for now, before in (("-cold", "-col"), ("cold", "name:col"), ("cold", "^co"), ("-cold", "cold"), ('name:""', "a")):
        assert not narrows(parse(DEVICES, now), parse(DEVICES, before)), (now, before)


@given(WORDS, WORDS, st.lists(st.tuples(SAID, SAID), max_size=8))
def test_what_narrows_finds_nothing_else(now: str, before: str, rows: list[tuple[str, str]]) -> None:
    def found(terms: tuple[Term, ...], row: tuple[str, str]) -> bool:
        said = {"name": row[0], "kind": row[1]}
        return all(
            any(term.fits(text) for name, text in said.items() if term.column in ("", name)) is not term.excluded
            for term in terms
        )

    after, earlier = parse(DEVICES, now), parse(DEVICES, before)
    if narrows(after, earlier):
        assert all(found(earlier, row) for row in rows if found(after, row))
