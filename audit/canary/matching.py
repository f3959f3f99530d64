"""Expressions and schemas against an answer, within a time limit.

Python's `re` cannot be interrupted, and while it is at work no other thread is: some patterns take hours over an answer
of forty letters. So what may take long is done by a process of its own, which is ended when its time is over.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from audit.canary.schema import mismatches

__all__ = ["is_found", "misfits"]

PATIENCE_S = 10.0
"""Starting Python included, on a machine that is busy with other things."""


def is_found(pattern: str, text: str) -> bool:
    """Whether a regular expression matches somewhere; raise `TimeoutError` when that cannot be told in time."""
    if not _REPEATS.intersection(pattern):
        return re.search(pattern, text) is not None
    return bool(_told(_SEARCH, pattern, text))


def misfits(schema: Mapping[str, Any], text: str) -> tuple[str, ...]:
    """Return `mismatches` of schema and text; raise `TimeoutError` when they cannot be told in time."""
    return tuple(_told(_FIT, schema, text)) if _may_take_long(schema) else mismatches(schema, text)


def _may_take_long(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not _LONG.isdisjoint(value) or any(map(_may_take_long, value.values()))
    return isinstance(value, list | tuple) and any(map(_may_take_long, value))


def _told(programme: str, *asked: Any) -> Any:
    """Return what a programme answers; `asked` is JSON, and so is the answer."""
    command = [sys.executable, "-I", "-c", programme, *sys.path]
    question = json.dumps(asked, default=str).encode()
    try:
        done = subprocess.run(command, input=question, capture_output=True, timeout=PATIENCE_S, check=False)  # noqa: S603  # nothing of the asked is in the command
    except subprocess.TimeoutExpired as exc:
        raise TimeoutError(f"not told within {PATIENCE_S:g} s") from exc
    if done.returncode:
        raise TimeoutError(f"not told, for the process that looked ended with {done.returncode}")
    return json.loads(done.stdout)


_REPEATS = frozenset("*+{")
"""Without any of them a search takes no longer than its pattern is long, at each letter."""
_LONG = frozenset({"pattern", "patternProperties", "uniqueItems"})
_SEARCH = "import json, re, sys; print(json.dumps(bool(re.search(*json.load(sys.stdin)))))"
_FIT = (
    "import json, sys; sys.path[:] = sys.argv[1:]; from audit.canary.schema import mismatches;"
    "print(json.dumps(mismatches(*json.load(sys.stdin))))"
)
