"""What is said of e-mail addresses and telephone numbers that are none, and which are let through."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.contact import email_fault, phone_fault

Fault = Callable[[str], str]
NASTY = (
    "\x1b[31m",
    "\0",
    "\ud800",
    "\u202e",
    "\n",
    "\r\n",
    "\t",
    "\x85",
    "@",
    "+",
    "x" * 5_000_000,
    "é" * 300,
    "٣" * 240,
)


def _is_a_line(said: str) -> bool:
    return said.isprintable() and 20 < len(said) < 260


class TestEmail:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "o.lindqvist@harbor.example",
            "name@example.com",
            "first.last+tag@sub.domain.co.uk",
            "o'hara@oharas.example",
            "jörg@münchen.example",
            "ops@xn--mnchen-3ya.example",
            f"{'a' * 60}@{'b' * 60}.example",
        ],
    )
    def test_fine(self, text: str) -> None:
        assert email_fault(text) == ""

    @pytest.mark.parametrize(
        "text",
        [
            " ",
            "olga",
            "olga@",
            "@harbor.example",
            "olga@harbor",
            "olga@harbor.example ",
            "olga lindqvist@harbor.example",
            "Olga <olga@harbor.example>",
            "olga@harbor.example, ops@harbor.example",
            "olga..l@harbor.example",
            "olga@-harbor.example",
            "olga@[192.0.2.1]",
            '"olga l"@harbor.example',
            "olga@station.local",
            "olga@xn--a.example",
            f"olga@{'b' * 64}.example",
        ],
    )
    def test_says_what_is_wrong_and_how_one_is_written(self, text: str) -> None:
        said = email_fault(text)
        assert said.startswith("this is no e-mail address: ")
        assert said.endswith("; write it like name@example.com")
        assert _is_a_line(said)

    def test_too_long(self) -> None:
        said = email_fault(f"{'a' * 250}@harbor.example")
        assert said == "this is too long for an e-mail address: it may have 254 characters, and this has 265"


class TestPhone:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "+31 10 123 4567",
            "+31101234567",
            "+31 (0)10 123-4567",
            "+31 10 123.4567",
            "+31 00 555 0152",
            "+44 20 7946 0958",
            "+1 202 555 0143",
            "+800 1234 5678",
            "+31 10 123 4567 ext. 12",
            "+31 10 123 4567 x12",
            "+31 10 123 4567;ext=12",
            "+31 10 123 4567#12",
            "+31 10 123 4567 доб. 12",
            "+1 800 FLOWERS",
        ],
    )
    def test_fine(self, text: str) -> None:
        assert phone_fault(text) == ""

    @pytest.mark.parametrize("text", ["010 123 4567", "0031 10 123 4567", " +31 10 123 4567", "31", "ring Olga", " "])
    def test_the_country_is_named(self, text: str) -> None:
        assert phone_fault(text) == "start with + and the country's code, like +31 10 123 4567"

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("+", "no telephone number"),
            ("+31", "no telephone number"),
            ("+ ring Olga", "no telephone number"),
            ("+31 10 123 4567, +31 6 1234 5678", "no telephone number"),
            ("+999 123 4567", "no country has the code"),
            ("+0031 10 123 4567", "no country has the code"),
            ("+31 1", "too short"),
            ("+31 10 1", "too short for a number of country code +31"),
            ("+31 10 123 4567 8901", "too long for a number of country code +31"),
            (f"+{'1' * 100}", "too long"),
            (f"+{'1' * 200}", "it may have 200 characters, and this has 201"),
            ("+31\t10 123 4567", "cannot be seen"),
            ("+31 10 123 4567 (night)", "letters, “night”: write the digits alone, with an extension"),
            ("+31 10 123 4567 (night) ext. 3", "letters, “night”"),
            ("+31 10 123 4567 Olga Brandt", "letters, “Olga”"),
            ("+31 10 123 4567 toestel 12", "letters, “toestel”"),
            ("+31 10 123 4567 ночью", "letters, “ночью”"),
            ("+31 10 123 4567 n", "letters, “n”"),
            ("+31 10 123 4567 8901 ext. 12", "too long for a number of country code +31"),
            ("+31 10 123 4567 8901;ext=12", "too long for a number of country code +31"),
            ("+31 10 123 4567 8901x12", "too long for a number of country code +31"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, part: str) -> None:
        said = phone_fault(text)
        assert part in said
        assert _is_a_line(said)


@pytest.mark.parametrize("fault", [email_fault, phone_fault])
class TestHostile:
    @pytest.mark.parametrize("nasty", NASTY, ids=lambda nasty: ascii(nasty[:9]))
    @pytest.mark.parametrize(
        "around", ["@", "+31 10 @", "olga@@", "@@harbor.example", "olga@@.example", "olga@harbor.@"]
    )
    def test_is_answered_at_once_in_a_line(self, fault: Fault, nasty: str, around: str) -> None:
        began = time.perf_counter()
        said = fault(nasty.join(around.rsplit("@", 1)))
        assert time.perf_counter() - began < 5
        assert said == "" or _is_a_line(said)

    @given(st.text(st.characters(codec=None), max_size=300) | st.from_regex(r"\+[0-9 ().x;#/-]{1,40}|.{1,20}@.{1,20}"))
    def test_anything_is_answered(self, fault: Fault, text: str) -> None:
        said = fault(text)
        assert said == "" or _is_a_line(said)


def test_the_libraries_are_loaded_when_something_is_checked() -> None:
    program = (
        "import sys; from ringfence.domain.contact import *;"
        "loaded = lambda: sorted({'email_validator', 'phonenumbers', 'dns'} & set(sys.modules));"
        "email_fault(''); phone_fault(''); phone_fault('010'); print(loaded());"
        "email_fault('a@b.example'); print(loaded()); phone_fault('+31 10 1234567'); print(loaded())"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["[]", "['email_validator']", "['email_validator', 'phonenumbers']"]
