"""International bank account numbers (ISO 13616): a country's length, and the check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban

from audit.redaction.hit import Span

__all__ = ["find_ibans"]


def find_ibans(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield account numbers, in one piece or in groups; what follows is no part of them."""
    for head in _HEAD.finditer(text, start, end):
        whole = _LOOKS.get(head[1].upper())
        match = whole.match(text, head.start()) if whole else None  # words may follow behind a blank
        if match and iban.is_valid(match[0], check_country=False):
            yield match.span()


def _look(length: int) -> re.Pattern[str]:
    return re.compile(rf"[A-Z]{{2}}\d\d(?:[ -]?[A-Z0-9]){{{length - 4}}}(?![A-Z0-9])", re.ASCII | re.IGNORECASE)


_HEAD = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})\d\d(?=[ -]?[A-Za-z0-9])", re.ASCII)
_LENGTHS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18
FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24
SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
"""
"""Countries and their lengths, as in SWIFT's registry (release 99)."""
_LOOKS = {entry[:2]: _look(int(entry[2:])) for entry in _LENGTHS.split()}
