"""The settings of this process as the ledger is told of them: each by its name, and no secret."""

from __future__ import annotations

import json
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.wire.redact import REDACTED, redact_keys

if TYPE_CHECKING:
    from audit.settings import Settings
    from audit.store.effective import Effective

__all__ = ["effective", "told"]

_URL = re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^\s\"]*@)?([^\s\"?#]*)(?:[?#][^\s\"]*)?", re.IGNORECASE)
"""Of an address neither who logs in nor its parameters are told: either may be a password."""
_SECRET = re.compile(r"key|token|secret|passw|credential|auth|cookie|signature", re.IGNORECASE)
_FREE = ("parameters",)
"""Tables with names of others' making, in which a name may tell of a secret; ours hold none but in addresses."""


def effective(settings: Settings) -> Effective:
    """Return the settings that this process works by, and where it does."""
    from audit.store.effective import Effective

    values = told(settings)
    program = Path(sys.argv[0]).name or "python"
    return Effective(host=socket.gethostname(), home=str(settings.home), program=program, values=values)


def told(settings: Settings) -> dict[str, str]:
    """Return the values of all settings, as JSON, by their names.

    Secrets are left out: of what may hold one the name is told, and `[redacted]`.
    """
    values = dict(_flat("", settings.model_dump(mode="json", by_alias=True)))
    return {name: _shown(name, value) for name, value in values.items()}


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is no table, by the names of all tables that lead to it."""
    if isinstance(value, Mapping) and value:
        for inner, one in value.items():
            yield from _flat(f"{name}.{inner}" if name else str(inner), one)
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for at, one in enumerate(value):
            yield from _flat(f"{name}[{at}]", one)
    else:
        yield name, value


def _shown(name: str, value: Any) -> str:
    words = re.split(r"[.\[]", name)
    free = next((at for at, word in enumerate(words) if word in _FREE), len(words))
    if any(_SECRET.search(word) for word in words[free + 1 :]):
        return json.dumps(REDACTED)
    return redact_keys(_URL.sub(r"\1\2", json.dumps(value, ensure_ascii=False)))
