"""The official SDKs, each asked the same things in the same ways."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from audit.clients import attach
from audit.recording.recorder import Recorder

__all__ = ["SDKS", "Sdk"]


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """How one SDK is made, and asked."""

    package: str
    make: Callable[..., Any]
    """(base URL, synchronous?) -> client; it tries three times."""
    ask: Callable[[Any, str], Any]
    """(client, prompt) -> response, or what is to be awaited for it."""
    text: Callable[[Any], str]
    stream: Callable[[Any, str], Any]
    """(client, prompt) -> events, or what is to be awaited for them."""
    event: Callable[[Any], str]
    tells_attempts: bool = True

    @contextlib.contextmanager
    def client(self, base_url: str, recorder: Recorder | None = None) -> Iterator[Any]:
        """Yield a client that is recorded, or not."""
        client = self.make(base_url, True)
        try:
            yield client if recorder is None else attach(client, recorder=recorder)
        finally:
            client.close()

    @contextlib.asynccontextmanager
    async def client_async(self, base_url: str, recorder: Recorder | None = None) -> AsyncIterator[Any]:
        """Yield an asynchronous client that is recorded, or not."""
        client = self.make(base_url, False)
        try:
            yield client if recorder is None else attach(client, recorder=recorder)
        finally:
            await _close(client)

    def asked(self, client: Any, prompt: str) -> str:
        """Return the answer, or the error that was raised."""
        try:
            return self.text(self.ask(client, prompt))
        except Exception as exc:  # noqa: BLE001  # whatever it is, it is what the caller sees
            return _told(exc)

    async def asked_async(self, client: Any, prompt: str) -> str:
        """Return the answer, or the error that was raised."""
        try:
            return self.text(await self.ask(client, prompt))
        except Exception as exc:  # noqa: BLE001
            return _told(exc)

    def streamed(self, client: Any, prompt: str) -> Iterator[str]:
        """Yield the pieces of a streamed answer, or the error that was raised; closing this closes the stream."""
        try:
            events = self.stream(client, prompt)
            with contextlib.closing(events):
                for event in events:
                    yield self.event(event)
        except Exception as exc:  # noqa: BLE001
            yield _told(exc)

    async def streamed_async(self, client: Any, prompt: str) -> AsyncIterator[str]:
        """Yield the pieces of a streamed answer, or the error that was raised."""
        try:
            events = await self.stream(client, prompt)
            try:
                async for event in events:
                    yield self.event(event)
            finally:
                await _close(events)
        except Exception as exc:  # noqa: BLE001
            yield _told(exc)


async def _close(thing: Any) -> None:
    close = getattr(thing, "aclose", None) or thing.close
    await close()


def _told(exc: Exception) -> str:
    return _REQUEST_ID.sub("req_…", f"{type(exc).__module__}.{type(exc).__name__}: {exc}")


_REQUEST_ID = re.compile(r"req_\w+")
"""Differs from one request to the next."""


def _openai(base_url: str, synchronous: bool) -> Any:
    openai = importlib.import_module("openai")
    kind = openai.OpenAI if synchronous else openai.AsyncOpenAI
    return kind(base_url=f"{base_url}/v1", api_key="sk-not-a-key", max_retries=2)


def _anthropic(base_url: str, synchronous: bool) -> Any:
    anthropic = importlib.import_module("anthropic")
    kind = anthropic.Anthropic if synchronous else anthropic.AsyncAnthropic
    return kind(base_url=base_url, api_key="sk-not-a-key", max_retries=2)


def _genai(base_url: str, _synchronous: bool) -> Any:
    genai, types = importlib.import_module("google.genai"), importlib.import_module("google.genai.types")
    retries = types.HttpRetryOptions(attempts=3, initial_delay=0.01, max_delay=0.02, jitter=0.0)
    options = types.HttpOptions(base_url=base_url, retry_options=retries)
    client = genai.Client(api_key="not-a-key", http_options=options)
    return client if _synchronous else client.aio


_CHAT: dict[str, Any] = {"model": "gpt-4.1-mini"}
_MESSAGES: dict[str, Any] = {"model": "claude-haiku-4-5", "max_tokens": 200}
_GEMINI = "gemini-2.5-flash"


def _said(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}]


SDKS = {
    "openai chat": Sdk(
        package="openai",
        make=_openai,
        ask=lambda client, prompt: client.chat.completions.create(messages=_said(prompt), **_CHAT),
        text=lambda response: str(response.choices[0].message.content),
        stream=lambda client, prompt: client.chat.completions.create(messages=_said(prompt), stream=True, **_CHAT),
        event=lambda event: str(event.choices[0].delta.content) if event.choices else "",
    ),
    "openai responses": Sdk(
        package="openai",
        make=_openai,
        ask=lambda client, prompt: client.responses.create(input=prompt, **_CHAT),
        text=lambda response: str(response.output_text),
        stream=lambda client, prompt: client.responses.create(input=prompt, stream=True, **_CHAT),
        event=lambda event: f"{event.type} {getattr(event, 'delta', '')}",
    ),
    "anthropic": Sdk(
        package="anthropic",
        make=_anthropic,
        ask=lambda client, prompt: client.messages.create(messages=_said(prompt), **_MESSAGES),
        text=lambda response: str(response.content[0].text),
        stream=lambda client, prompt: client.messages.create(messages=_said(prompt), stream=True, **_MESSAGES),
        event=lambda event: f"{event.type} {getattr(getattr(event, 'delta', None), 'text', '')}",
    ),
    "google-genai": Sdk(
        package="google.genai",
        make=_genai,
        ask=lambda client, prompt: client.models.generate_content(model=_GEMINI, contents=prompt),
        text=lambda response: str(response.text),
        stream=lambda client, prompt: client.models.generate_content_stream(model=_GEMINI, contents=prompt),
        event=lambda event: str(event.text),
        tells_attempts=False,
    ),
}
