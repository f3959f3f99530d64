"""Recording clients: any httpx2 or httpx client, and the SDKs that are built on them.

A library is imported when one of its clients is asked for: few programs use both families.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from audit import wiring
from audit.recording import manual
from audit.recording.recorder import Recorder

if TYPE_CHECKING:
    import httpx
    import httpx2

__all__ = [
    "attach",
    "httpx2_async_client",
    "httpx2_client",
    "httpx_async_client",
    "httpx_client",
    "record",
    "wrap_transport",
]

T = TypeVar("T")


def attach(client: T, *, recorder: Recorder | None = None) -> T:
    """Record all that `client` sends from now on; return the same client.

    `client` is an httpx2 or httpx client, or an SDK's client that has one inside: `attach(OpenAI())`,
    `attach(Anthropic())`, `attach(genai.Client())`. Its settings, proxies and connections stay as they are; but
    google-genai, which prefers aiohttp for asynchronous calls where that is installed, is made to use httpx for them.
    Raises `TypeError` if no such client is found in it, `JournalError` if keys cannot be fingerprinted here.
    """
    _leave_aiohttp(getattr(client, "_api_client", None))
    found = list(_http_clients(client, depth=2))
    if not found:
        raise TypeError(f"no httpx2 or httpx client in {type(client).__name__}; record() can record it by hand")
    recorder = _recorder(recorder)
    for family, http_client in found:
        _instrument(http_client, family, recorder)
    return client


def wrap_transport(transport: T, *, recorder: Recorder | None = None) -> T:
    """Return an httpx2 or httpx transport that sends through `transport`, synchronous or not, and records."""
    family = _family(transport, ("BaseTransport", "AsyncBaseTransport"))
    if family is None:
        raise TypeError(f"{type(transport).__name__} is no httpx2 or httpx transport")
    return _wrapped(transport, family, _recorder(recorder))


def httpx2_client(*, recorder: Recorder | None = None, **options: Any) -> httpx2.Client:
    """Return a recording `httpx2.Client(**options)`."""
    client: httpx2.Client = import_module("httpx2").Client(**options)
    return attach(client, recorder=recorder)


def httpx2_async_client(*, recorder: Recorder | None = None, **options: Any) -> httpx2.AsyncClient:
    """Return a recording `httpx2.AsyncClient(**options)`."""
    client: httpx2.AsyncClient = import_module("httpx2").AsyncClient(**options)
    return attach(client, recorder=recorder)


def httpx_client(*, recorder: Recorder | None = None, **options: Any) -> httpx.Client:
    """Return a recording `httpx.Client(**options)`."""
    client: httpx.Client = import_module("httpx").Client(**options)
    return attach(client, recorder=recorder)


def httpx_async_client(*, recorder: Recorder | None = None, **options: Any) -> httpx.AsyncClient:
    """Return a recording `httpx.AsyncClient(**options)`."""
    client: httpx.AsyncClient = import_module("httpx").AsyncClient(**options)
    return attach(client, recorder=recorder)


def record(
    *,
    url: str,
    request: manual.Body,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    recorder: Recorder | None = None,
) -> AbstractContextManager[manual.Reply]:
    """Record an exchange that no transport of ours sees (boto3, gRPC); see `audit.recording.manual.record`."""
    return manual.record(_recorder(recorder), url=url, request=request, method=method, headers=headers)


def _recorder(given: Recorder | None) -> Recorder:
    return given or wiring.default_recorder()


def _http_clients(client: object, depth: int) -> Iterator[tuple[str, Any]]:
    if family := _family(client, ("Client", "AsyncClient")):
        yield family, client
    elif depth:
        for name in _INNER:
            inner = getattr(client, name, None)
            if inner is not None:
                yield from _http_clients(inner, depth - 1)


def _leave_aiohttp(api_client: Any) -> None:
    """Let google-genai's asynchronous calls go through httpx, as they do where aiohttp is not installed."""
    uses_aiohttp = getattr(api_client, "_use_aiohttp", None)
    if uses_aiohttp is not None and uses_aiohttp() and api_client._async_httpx_client is not None:
        options = api_client._http_options  # a transport among them makes it leave aiohttp alone
        options.async_client_args = {
            **(options.async_client_args or {}),
            "transport": api_client._async_httpx_client._transport,
        }


def _family(thing: object, kinds: tuple[str, ...]) -> str | None:
    """Return which library a thing is of: one that nobody has imported has made nothing.

    Its class's module would not tell: `import openai` puts its own name on classes of httpx2 that it re-exports.
    """
    for name in ("httpx2", "httpx"):
        library = sys.modules.get(name)
        if library is not None and isinstance(thing, tuple(getattr(library, kind) for kind in kinds)):
            return name
    return None


def _instrument(client: Any, family: str, recorder: Recorder) -> None:
    """Wrap a client's transports in place: built anew, it would lose proxies, TLS settings and pool limits."""
    client._transport = _wrapped(client._transport, family, recorder)
    for pattern, transport in client._mounts.items():
        if transport is not None:
            client._mounts[pattern] = _wrapped(transport, family, recorder)
    if (find := getattr(client, "_client_for_running_loop", None)) is not None:
        # google-genai's asynchronous client sends through another one for each event loop, made when it is needed.
        client._client_for_running_loop = partial(_instrumented, find, family, recorder)


def _instrumented(find: Callable[[], Any], family: str, recorder: Recorder) -> Any:
    client = find()
    _instrument(client, family, recorder)
    return client


def _wrapped(transport: T, family: str, recorder: Recorder) -> T:
    adapter = import_module(f"audit.recording.{family}")
    if isinstance(transport, adapter.RecordingTransport | adapter.AsyncRecordingTransport):
        return transport
    kinds = hasattr(transport, "handle_request"), hasattr(transport, "handle_async_request")
    wrapped: T = getattr(adapter, _KINDS[kinds])(transport, recorder)
    return wrapped


_KINDS = {
    (True, False): "RecordingTransport",
    (False, True): "AsyncRecordingTransport",
    (True, True): "DualRecordingTransport",
}
_INNER = ("_client", "_api_client", "_httpx_client", "_async_httpx_client")
"""Where SDKs keep their HTTP clients: openai and anthropic in the first, google-genai in the others."""
