"""E-mail addresses: RFC 5321's form as people have it, without quotes and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.redaction.hit import Span

__all__ = ["find_emails"]


def find_emails(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield addresses. `git@host:path`, `logo@2x.png` and `package@1.2.3` are none."""
    at = text.find("@", start, end)
    while at >= 0:
        # Backwards from the sign: a search from the left would try every word of the text.
        local = _LOCAL.match(text[max(start, at - _LONGEST_LOCAL) : at][::-1])
        domain = _DOMAIN.match(text, at + 1, end) if local else None
        if local and domain and _is_one(local[0][::-1], domain, text):
            yield at - local.end(), domain.end()
        at = text.find("@", at + 1, end)


def _is_one(local: str, domain: re.Match[str], text: str) -> bool:
    if local == "git" or ".." in local or domain[1].lower() in _FILES:
        return False
    return not _CODE.match(text, domain.end())


_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9_+'-](?:[A-Za-z0-9_.+%'-]*[A-Za-z0-9_+])?")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9À-ɏ](?:[A-Za-z0-9À-ɏ-]{0,62})\.){1,8}((?:xn--[a-z0-9-]{2,59}|[A-Za-z]{2,24}))(?![A-Za-z0-9])"
)
_CODE = re.compile(r"[(\[]")
"""`a@b.dot(c)` multiplies matrices."""
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg", "ico", "css", "js", "mjs", "ts", "tsx", "map", "tgz"})
