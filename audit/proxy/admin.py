"""The port of those who look after the proxy: whether it lives, whether it is ready, how it does.

Nobody logs in here: it tells names of models and providers, and no content.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["METRICS_TYPE", "Readiness", "create_app", "serving"]

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MOST_AT_ONCE = 64
_STOP_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether traffic can be taken and recorded."""

    problems: tuple[str, ...] = ()
    """Why not; empty: it can."""
    notes: tuple[str, ...] = ()
    """What is amiss and does not keep calls from being recorded."""


def create_app(readiness: Callable[[], Awaitable[Readiness]], metrics: Callable[[], Awaitable[bytes]]) -> Starlette:
    """Return the application; `metrics` returns Prometheus's text."""

    async def ready(_request: Request) -> Response:
        found = await readiness()
        said = {"ready": not found.problems, "problems": list(found.problems), "notes": list(found.notes)}
        return JSONResponse(said, status_code=503 if found.problems else 200)

    async def told(_request: Request) -> Response:
        return Response(await metrics(), media_type=METRICS_TYPE)

    return Starlette(routes=[Route("/healthz", _healthy), Route("/readyz", ready), Route("/metrics", told)])


@asynccontextmanager
async def serving(app: Starlette, listening: socket.socket) -> AsyncIterator[None]:
    """Serve inside the block, in the event loop that runs; then close the socket."""
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            limit_concurrency=_MOST_AT_ONCE,
            timeout_graceful_shutdown=_STOP_S,
        )
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listening]))
        try:
            yield
        finally:
            server.should_exit = True


async def _healthy(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs the event loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
