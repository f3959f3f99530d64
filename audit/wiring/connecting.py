"""A tiny request through the proxy, and the call that came of it: whether what a tool was told is right."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from audit.call import Operation
from audit.errors import AuditError
from audit.wiring import open_reader

if TYPE_CHECKING:
    from audit.canary.prompt import Request
    from audit.connect.place import Place, Provider
    from audit.settings import Settings
    from audit.store.read import Reader
    from audit.store.rows import CallDetail

__all__ = ["Checked", "check"]

PROMPT = "Reply with exactly: pong"
ANSWER_S, RECORD_S = 60.0, 10.0
"""How long an answer may take, and then how long until the call is in the record."""
_POLL_S = 0.1
_MOST_SHOWN = 500
"""Characters of an answer that is an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of it."""

    status: int
    refused: str | None
    """Why the proxy itself refused it, in a word; None: the provider answered."""
    text: str
    """The beginning of the body."""
    call: CallDetail | None
    """None: it did not come into the record within its time."""


def check(
    settings: Settings, place: Place, key: str | None, *, provider: Provider | None = None, record_s: float = RECORD_S
) -> Checked:
    """Ask a model through the proxy, and wait until the call is in the record.

    Raises `AuditError` when nothing answers, and says how to start it.
    """
    import httpx2

    nonce = uuid4().hex
    request = _request(place, key, provider)
    headers = {**request.headers, **place.headers, "x-audit-check": nonce}
    try:
        # Environment proxies would lead elsewhere than a tool goes that has this base URL.
        with httpx2.Client(timeout=ANSWER_S, trust_env=False) as client:
            response = client.post(request.url, headers=headers, content=request.body)
    except httpx2.ConnectError as exc:
        raise AuditError(
            f"nothing answers at {place.url} ({exc}); `audit proxy` starts the proxy, `audit up` it and all else"
        ) from exc
    except httpx2.HTTPError as exc:
        raise AuditError(f"{request.url}: no whole answer: {str(exc) or type(exc).__name__}") from exc
    refused = response.headers.get("x-audit-refused")
    with closing(open_reader(settings)) as reader:
        call = None if refused else _recorded(reader, nonce, record_s)
    return Checked(status=response.status_code, refused=refused, text=response.text[:_MOST_SHOWN], call=call)


def _request(place: Place, key: str | None, provider: Provider | None) -> Request:
    from audit.canary.prompt import Canary, Target, enquire

    target = Target(
        provider=provider.name if provider else "the proxy's",
        model=place.some_model,
        base_url=place.url if place.mended or provider is None else provider.base_url,
        dialect=place.format.dialect,
        key_header=provider.key_header if provider else None,
    )
    request = enquire(Canary(name="connect", prompt=PROMPT), target, datetime.now(UTC), key)
    if place.mended or provider is None:
        return request
    return replace(request, url=place.url + request.url.removeprefix(provider.base_url.rstrip("/")))


def _recorded(reader: Reader, nonce: str, within_s: float) -> CallDetail | None:
    from audit.store.scope import Canaries, Scope

    scope = Scope(
        labels=(("check", nonce),),
        canaries=Canaries.WITH,
        operations=tuple(operation.value for operation in Operation),
    )
    deadline = time.monotonic() + within_s
    while not (rows := reader.calls(scope, limit=1).rows):
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_S)
    return reader.call(rows[0].id)
