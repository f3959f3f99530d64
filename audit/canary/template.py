"""The variables of a canary's prompt: questions that no cache has seen, with answers that are known.

`{a}` and `{b}` are whole numbers, `{product}` and `{sum}` what they make, `{nonce}` eight letters and digits,
`{date}` and `{time}` when the check is due, in UTC. Any other braces stay as they are, such as those of JSON.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime

__all__ = ["fill", "values_at"]


def values_at(name: str, slot_at: datetime) -> dict[str, str]:
    """Return the variables' values for the canary called `name` at one slot: the same whenever they are asked for.

    The second number has one digit and the product at most three: a small model is right about it, and nobody writes
    a thousands separator. There are 1247 such questions.
    """
    due = slot_at.astimezone(UTC)
    seed = hashlib.sha256(f"{name} {due.isoformat()}".encode()).digest()
    b = _LEAST_B + seed[0] % (10 - _LEAST_B)
    a = _LEAST_A + int.from_bytes(seed[1:5]) % (_MOST // b - _LEAST_A + 1)
    return {
        "a": str(a),
        "b": str(b),
        "product": str(a * b),
        "sum": str(a + b),
        "nonce": seed.hex()[-8:],
        "date": due.strftime("%Y-%m-%d"),
        "time": due.strftime("%H:%M"),
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the variables' values in their places."""
    return _VARIABLE.sub(lambda match: values[match[1]], text)


_LEAST_A, _LEAST_B, _MOST = 12, 3, 999
_VARIABLE = re.compile(r"\{(a|b|product|sum|nonce|date|time)\}")
