"""What stands in the place of what was taken out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from audit.redaction.hit import Rule

__all__ = ["Marks"]


class Marks:
    """Makes marks: `[redacted:email]`, with a secret `[redacted:email:k3jx2a5q]`, the same for the same value."""

    def __init__(self, secret: bytes | None = None) -> None:
        """Take the secret of pseudonyms: whoever has it can tell whether a guessed value is the one behind a mark."""
        self._secret = secret

    def __call__(self, rule: Rule, value: str) -> str:
        """Return what takes the place of a value that a rule has found."""
        if rule.replacement is not None:
            return rule.replacement
        if self._secret is None:
            return f"[redacted:{rule.name}]"
        return f"[redacted:{rule.name}:{_pseudonym(self._secret, rule.name, value)}]"


def _pseudonym(secret: bytes, name: str, value: str) -> str:
    """Return 40 bits: enough to tell people apart, and nothing that is a number or an address again."""
    same = _WRITTEN_OTHERWISE.sub("", value).casefold()
    message = f"{name}\0{same}".encode("utf-8", "surrogatepass")
    return base64.b32encode(hmac.digest(secret, message, hashlib.sha256)[:5]).decode().lower()


_WRITTEN_OTHERWISE = re.compile(r"[\s()/-]|(?<=\d)\.(?=\d\d)")
"""Blanks and dashes between groups of figures: the same number is written with them and without."""
