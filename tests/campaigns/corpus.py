"""Sound exchanges in every format, for others to damage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2

from audit.archives import open_archive
from audit.call import Ending, Exchange
from audit.demo.acts import Act
from audit.demo.programme import ACTS
from audit.simulator import process as simulator
from tests.dialects.aws_events import AWS_STREAM, aws_events, invoked
from tests.dialects.test_nonsense import SAMPLES, STREAMS
from tests.factories import an_exchange, event_stream

__all__ = ["recorded", "samples", "simulated"]

_HOSTS = {
    "openai": "api.openai.com",
    "azure": "demo.openai.azure.com",
    "anthropic": "api.anthropic.com",
    "gemini": "generativelanguage.googleapis.com",
    "vertex": "europe-west4-aiplatform.googleapis.com",
    "bedrock": "bedrock-runtime.us-east-1.amazonaws.com",
    "openrouter": "openrouter.ai",
    "deepseek": "api.deepseek.com",
    "groq": "api.groq.com",
    "xai": "api.x.ai",
}


def simulated() -> Iterator[Exchange]:
    """Yield one exchange for each act of the demo's programme: every format, every verdict, every failure."""
    with simulator.running() as url, httpx2.Client(base_url=url) as client:
        for act in ACTS:
            yield _played(client, act)


def samples() -> Iterator[Exchange]:
    """Yield our own samples of the formats that the simulator does not speak, and of those it does."""
    for path, request, response in SAMPLES.values():
        yield _sample(path, json.dumps(response).encode(), "application/json", json.dumps(request).encode())
    for path, events in STREAMS.values():
        yield _sample(path, event_stream(*events), "text/event-stream")
    pieces = [{"generation": "g"}, {"outputText": "t"}, {"amazon-bedrock-invocationMetrics": {"inputTokenCount": 1}}]
    kind = AWS_STREAM[0][1]
    yield _sample("/model/m/invoke-with-response-stream", invoked(*pieces), kind)
    yield _sample("/model/m/converse-stream", aws_events(("contentBlockDelta", {"delta": {"text": "t"}})), kind)
    lines = b'{"model": "m", "response": "a", "done": false}\n{"model": "m", "done": true, "eval_count": 1}\n'
    yield _sample("/api/generate", lines, "application/x-ndjson")


def recorded(archive: Path) -> Iterator[Exchange]:
    """Yield the exchanges of an archive."""
    for entry in open_archive(archive).entries(lambda key: "key"):
        if entry.exchange is not None:
            yield replace(entry.exchange, started_at=an_exchange().started_at)


def _sample(path: str, response: bytes, kind: str, request: bytes = b"") -> Exchange:
    return an_exchange(
        url=f"https://api.example.com{path}",
        request_headers=(("content-type", "application/json"),),
        request_body=request,
        response_headers=(("content-type", kind),),
        response_body=response,
    )


def _played(client: httpx2.Client, act: Act) -> Exchange:
    """Return what comes back, as far as it comes; when the pieces came is no part of it, or no two runs were alike."""
    headers = {"content-type": "application/json", "x-sim-scenario": act.scenario}
    body, ending, failure = b"", Ending.EOF, None
    with client.stream(act.method, f"/{act.provider}{act.path}", content=act.content, headers=headers) as response:
        try:
            for piece in response.iter_raw():
                body += piece
        except httpx2.RemoteProtocolError as exc:
            ending, failure = Ending.FAILED, str(exc)
    return an_exchange(
        method=act.method,
        url=f"https://{_HOSTS.get(act.provider, 'llm.example.com')}{act.path}",
        request_headers=tuple(headers.items()),
        request_body=act.content,
        status=response.status_code,
        response_headers=tuple(response.headers.multi_items()),
        response_body=body,
        ending=ending,
        failure=failure,
    )
