"""A model at a loopback address, and the plainest way to ask it: what stands in for a provider and for a recorder."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx2

from audit.call import Arrival, Ending, Exchange, Tags
from audit.canary.prompt import Request
from tests.factories import event_stream

__all__ = ["Reply", "an_answering_model", "ask_plainly", "calculate", "fail"]


@dataclass
class Reply:
    """What the model sends back."""

    status: int
    body: bytes
    content_type: str = "application/json"


Answer = Callable[[dict[str, Any]], Reply]


@dataclass
class Model:
    """A model that is being asked."""

    base_url: str
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """Headers and body of each."""


def calculate(question: dict[str, Any]) -> Reply:
    """Answer as a good model does: right, and as a stream."""
    a, b = map(int, re.findall(r"\d+", question["messages"][0]["content"]))
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": question["model"], "content": []}
    stream = event_stream(
        {"type": "message_start", "message": {**message, "usage": {"input_tokens": 9, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": str(a * b)}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    )
    return Reply(200, stream, "text/event-stream")


def fail(_: dict[str, Any]) -> Reply:
    """Answer as an overloaded provider does."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    return Reply(529, json.dumps(error).encode())


@contextmanager
def an_answering_model(*answers: Answer) -> Iterator[Model]:
    """Serve a model that answers with one after the other, and with the last for ever."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["content-length"])))
            model.requests.append(({name.lower(): value for name, value in self.headers.items()}, question))
            reply = (left.pop(0) if len(left) > 1 else left[0])(question)
            self.send_response(reply.status)
            self.send_header("content-type", reply.content_type)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model = Model(base_url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask_plainly(request: Request, *, tags: Tags, timeout_s: float) -> Exchange:
    """Ask without recording anything: what `Ask` promises, in as few lines as it takes."""
    started_at, start = datetime.now(UTC), time.perf_counter()
    body, arrivals, status, headers, failure = b"", [], None, (), None
    try:
        with httpx2.stream(
            request.method, request.url, headers=dict(request.headers), content=request.body, timeout=timeout_s
        ) as response:
            status, headers = response.status_code, tuple(response.headers.items())
            for chunk in response.iter_raw():
                body += chunk
                arrivals.append(Arrival(len(body), _us(start)))
    except httpx2.TransportError as exc:
        failure = f"httpx2.{type(exc).__name__}: {exc}"
    return Exchange(
        id=uuid4(),
        started_at=started_at,
        method=request.method,
        url=request.url,
        request_body=request.body,
        request_headers=(("content-type", "application/json"),),
        status=status,
        response_headers=headers,
        response_body=body,
        ending=Ending.EOF if failure is None else Ending.FAILED,
        failure=failure,
        duration_us=_us(start),
        arrivals=tuple(arrivals),
        tags=tags,
    )


def _us(start: float) -> int:
    return int((time.perf_counter() - start) * 1_000_000)
