"""Record every language-model call: tokens, cost, latency, content-filter outcomes and uptime.

>>> from openai import OpenAI
>>> import audit
>>> client = audit.attach(OpenAI())
>>> with audit.tags(project="demo"):
...     client.responses.create(model="gpt-5", input="hello")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit.clients import (
        attach,
        httpx2_async_client,
        httpx2_client,
        httpx_async_client,
        httpx_client,
        record,
        wrap_transport,
    )
    from audit.errors import AuditError, JournalError, SettingsError, StoreError
    from audit.recording.tagging import tags

__version__ = "0.1.0"

__all__ = [
    "AuditError",
    "JournalError",
    "SettingsError",
    "StoreError",
    "__version__",
    "attach",
    "httpx2_async_client",
    "httpx2_client",
    "httpx_async_client",
    "httpx_client",
    "record",
    "tags",
    "wrap_transport",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is used: `import audit` itself costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'audit' has no attribute {name!r}")
    home = _HOMES.get(name, "audit.clients")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return __all__


_HOMES = {
    "AuditError": "audit.errors",
    "JournalError": "audit.errors",
    "SettingsError": "audit.errors",
    "StoreError": "audit.errors",
    "tags": "audit.recording.tagging",
}
