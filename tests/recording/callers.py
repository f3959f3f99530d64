"""Callers of both kinds and both families, and what they see."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from audit.call import Exchange
from audit.clients import attach
from audit.recording.recorder import Recorder
from tests.recording.kept import journalled

__all__ = ["BODY", "PACKED", "Caller", "Seen", "same"]

BODY = b'{"model": "m"}'
PACKED = gzip.compress(b"data: {}\n\n" * 50)


@dataclass
class Seen:
    """All that a caller can tell of a response, or of its failure."""

    status: list[int] = field(default_factory=list)
    """Of all responses, redirects first."""
    version: str = ""
    reason: str = ""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    """As received, where one ended and the next began."""
    error: str | None = None
    asked: list[tuple[bytes, bytes]] = field(default_factory=list)
    """The request's headers, as they stand in the caller's own object."""
    hooks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Caller:
    """Makes requests with a client of one family, synchronous or not."""

    family: str
    asynchronous: bool

    @property
    def library(self) -> ModuleType:
        return import_module(self.family)

    def see(self, recorder: Recorder | None, method: str, url: str, *, options: Any = None, **request: Any) -> Seen:
        """Return what is seen of a request, through `recorder` or without it."""
        if self.asynchronous:
            return asyncio.run(self._see_async(recorder, method, url, options or {}, request))
        return self._see(recorder, method, url, options or {}, request)

    def client(self, recorder: Recorder | None, **options: Any) -> Any:
        """Return a client that is recorded, or not."""
        client = self.library.Client(**options)
        return client if recorder is None else attach(client, recorder=recorder)

    def async_client(self, recorder: Recorder | None, **options: Any) -> Any:
        """Return an asynchronous client that is recorded, or not."""
        client = self.library.AsyncClient(**options)
        return client if recorder is None else attach(client, recorder=recorder)

    def _see(
        self, recorder: Recorder | None, method: str, url: str, options: dict[str, Any], request: dict[str, Any]
    ) -> Seen:
        seen = Seen()

        def hook(response: Any) -> None:
            seen.hooks.append(f"{response.status_code} {response.is_closed} {response.request.url}")

        options = {"event_hooks": {"response": [hook]}, **options}
        with self.client(recorder, **options) as client:
            try:
                with client.stream(method, url, **_made(request, asynchronous=False)) as response:
                    self._note(response, seen)
                    for chunk in response.iter_raw():
                        seen.chunks.append(chunk)
            except Exception as exc:  # noqa: BLE001  # whatever it is, it is what the caller sees
                seen.error = f"{type(exc)}: {exc}"
        return seen

    async def _see_async(
        self, recorder: Recorder | None, method: str, url: str, options: dict[str, Any], request: dict[str, Any]
    ) -> Seen:
        seen = Seen()

        async def hook(response: Any) -> None:
            seen.hooks.append(f"{response.status_code} {response.is_closed} {response.request.url}")

        options = {"event_hooks": {"response": [hook]}, **options}
        async with self.async_client(recorder, **options) as client:
            try:
                async with client.stream(method, url, **_made(request, asynchronous=True)) as response:
                    self._note(response, seen)
                    async for chunk in response.aiter_raw():
                        seen.chunks.append(chunk)
            except Exception as exc:  # noqa: BLE001  # whatever it is, it is what the caller sees
                seen.error = f"{type(exc)}: {exc}"
        return seen

    def _note(self, response: Any, seen: Seen) -> None:
        seen.status = [earlier.status_code for earlier in response.history] + [response.status_code]
        seen.version, seen.reason = response.http_version, response.reason_phrase
        seen.headers, seen.asked = response.headers.raw, response.request.headers.raw


def _made(request: dict[str, Any], *, asynchronous: bool) -> dict[str, Any]:
    """Make a generator of a list given as content."""
    pieces = request.get("content")
    if not isinstance(pieces, list):
        return request
    return {**request, "content": _later(pieces) if asynchronous else iter(pieces)}


async def _later(pieces: list[bytes]) -> Any:
    for piece in pieces:
        yield piece


def same(
    caller: Caller, recorder: Recorder, folder: Path, method: str, url: str, **request: Any
) -> tuple[Seen, list[Exchange]]:
    """Make the same request with and without the recorder; return what both saw, and what was kept."""
    plain = caller.see(None, method, url, **request)
    recorded = caller.see(recorder, method, url, **request)
    assert recorded == plain
    return recorded, journalled(folder)
