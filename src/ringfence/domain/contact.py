"""E-mail addresses and telephone numbers as people type them: what is wrong with one, in a line for whoever typed it.

The libraries that know are loaded when the first of either is checked: a console that only looks goes without them.
Nothing here asks the network.
"""

from __future__ import annotations

import re
from typing import Final

from ringfence.domain.limits import SHORT_TEXT
from ringfence.domain.text import has_control, unseen

_EMAIL: Final = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_REASON: Final = 120
_SHOWN: Final = 20


def email_fault(text: str) -> str:
    """Why text is no e-mail address that a mail server could be given, empty when it is one or text is empty.

    The syntax is that of RFC 5321 and 6531 without a display name, quoted local parts and addresses in brackets; names
    reserved for use inside a network (``.local``, ``.test``) are refused, ``.example`` is not. Never raises.
    """
    if not text:
        return ""
    if len(text) > _EMAIL:
        return f"this is too long for an e-mail address: it may have {_EMAIL} characters, and this has {len(text):,}"
    if has_control(text) or unseen(text):
        return "this holds a character that cannot be seen: type the e-mail address anew"
    from email_validator import validate_email

    try:
        validate_email(text, check_deliverability=False)
    except ValueError as error:  # which the library's own errors are, and those of the codecs below it
        reason = str(error).rstrip(".")[:_REASON]
        reason = "".join(c if c.isprintable() else "?" for c in reason[:1].lower() + reason[1:])
        return f"this is no e-mail address: {reason}; write it like name@example.com"
    return ""


def phone_fault(text: str) -> str:
    """Why text is no telephone number in international form, empty when it could be one or text is empty.

    Asks for a number of a length that the country's numbering plan has, not for a range that is in service: new ones
    come before a library knows of them. An extension may follow, as in ``+31 10 123 4567 ext. 12``. Never raises.
    """
    if not text:
        return ""
    if len(text) > SHORT_TEXT:
        return (
            f"this is too long for a telephone number: it may have {SHORT_TEXT} characters, and this has {len(text):,}"
        )
    if has_control(text) or unseen(text):
        return "this holds a character that cannot be seen: type the telephone number anew"
    if not text.startswith("+"):
        return "start with + and the country's code, like +31 10 123 4567"
    from phonenumbers import NumberParseException, ValidationResult, is_possible_number_with_reason, parse

    try:
        number = parse(text, None)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return "no country has the code after the +: start like +31 10 123 4567"
        if error.error_type == NumberParseException.TOO_LONG:
            return (
                _letters(text)
                or "this is too long for a telephone number: write one, with an extension (ext. 12) at most"
            )
        if error.error_type == NumberParseException.NOT_A_NUMBER:
            said = "this is no telephone number: write one, like +31 10 123 4567 or +31 10 123 4567 ext. 12"
            return (any(map(str.isdecimal, text)) and _letters(text)) or said
        return "this is too short for a telephone number: give all of it, like +31 10 123 4567"
    found = is_possible_number_with_reason(number)
    letters = _letters(text, number.extension or "")
    if found in (ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        # Of letters within a number, as in +1 800 FLOWERS, the library makes the digits on the same key.
        meant = len(f"{number.country_code}{number.national_number}")
        return letters if sum(map(str.isdecimal, text)) - len(number.extension or "") >= meant else ""
    if letters:
        return letters
    how = {ValidationResult.TOO_SHORT: "too short", ValidationResult.TOO_LONG: "too long"}.get(
        found, "not as long as any"
    )
    return f"this is {how} for a number of country code +{number.country_code}: check its digits"


def _letters(text: str, extension: str = "") -> str:
    """What is wrong with a number that has letters beyond those before its extension; empty where it has none."""
    number = text[: text.rfind(extension)].rstrip("".join({*text} - {*"0123456789)"})) if extension else text
    found = re.search(r"[^\W\d_]+", number)
    if found is None:
        return ""
    shown = found[0] if len(found[0]) <= _SHOWN else f"{found[0][:_SHOWN]}…"
    return f"this holds letters, “{shown}”: write the digits alone, with an extension (ext. 12) at most"
