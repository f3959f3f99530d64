"""Payment cards: issuers' ranges and lengths (ISO/IEC 7812), the check digit, and how people group the digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.redaction.hit import Span

__all__ = ["find_cards"]


def find_cards(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield card numbers in one piece, in fours, or as American Express and Diners print them."""
    for match in _CANDIDATE.finditer(text, start, end):
        digits = re.sub(r"[ -]", "", match[0])
        if _issued(digits) and _plausible(match[0]) and _luhn(digits):
            yield match.span()


def _issued(digits: str) -> bool:
    return any(len(digits) in lengths and beginning.match(digits) for beginning, lengths in _ISSUERS)


def _plausible(number: str) -> bool:
    return not number.isdecimal() or len(number) <= _LONGEST_UNGROUPED or number.startswith("62")


def _luhn(digits: str) -> bool:
    doubled = "".join(str(2 * int(digit)) for digit in digits[-2::-2])
    return (sum(map(int, doubled)) + sum(map(int, digits[-1::-2]))) % 10 == 0 and len(set(digits)) > 1


_CANDIDATE = re.compile(
    r"""(?<![\w+])(?<!\w[-./])(?<!\d,)(?=[2-6])
    (?: \d{12,19}
    | \d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?    # most
    | \d{4}([ -])\d{6}\2\d{4,5}                      # American Express, Diners Club
    )
    (?![\w%])(?![-.,/:]\w)""",
    re.VERBOSE | re.ASCII,
)
_LONGEST_UNGROUPED = 16
"""Numbers of 64 bits have 19 digits, and cards other than UnionPay's hardly ever more than 16."""
_ISSUERS = tuple(
    (re.compile(beginning), lengths)
    for beginning, lengths in (
        (r"4", (13, 16, 19)),  # Visa
        (r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)", (16,)),  # Mastercard
        (r"3[47]", (15,)),  # American Express
        (r"6011|65|64[4-9]", (16, 19)),  # Discover
        (r"35(?:2[89]|[3-8])", (16, 19)),  # JCB
        (r"30[0-5]|309|3[68]|39", (14, 16, 19)),  # Diners Club
        (r"62", (16, 17, 18, 19)),  # UnionPay
        (r"5018|5020|5038|5893|6304|6759|676[1-3]", (12, 13, 16, 18, 19)),  # Maestro
        (r"220[0-4]", (16,)),  # Mir
        (r"60|508", (16,)),  # RuPay
    )
)
