from __future__ import annotations

import asyncio
import signal
from typing import Any

import httpx2
from starlette.routing import Route

from audit.proxy.admin import Readiness, create_app, serving
from audit.supervision.listening import address_of, listen

WELL = Readiness()


def get(path: str, readiness: Readiness = WELL, **over: Any) -> httpx2.Response:
    async def ready() -> Readiness:
        return readiness

    async def metrics() -> bytes:
        return b"audit_up 1\n"

    async def ask() -> httpx2.Response:
        listening = listen("127.0.0.1", 0)
        async with serving(create_app(ready, metrics), listening), httpx2.AsyncClient(trust_env=False) as client:
            return await client.request(over.get("method", "GET"), address_of(listening) + path)

    return asyncio.run(ask())


def test_there_are_these_routes_and_no_others() -> None:
    async def none() -> Any:
        raise AssertionError

    routes = create_app(none, none).routes
    assert all(isinstance(route, Route) for route in routes)
    paths = {route.path: route.methods for route in routes if isinstance(route, Route)}
    assert paths == {path: {"GET", "HEAD"} for path in ("/healthz", "/readyz", "/metrics")}


def test_it_is_healthy_as_long_as_it_answers() -> None:
    response = get("/healthz", Readiness(problems=("no worker takes connections",)))
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "server" not in response.headers


def test_it_is_ready_when_nothing_keeps_it_from_serving() -> None:
    response = get("/readyz", Readiness(notes=("the database is away",)))
    assert response.status_code == 200
    assert response.json() == {"ready": True, "problems": [], "notes": ["the database is away"]}


def test_it_says_why_it_is_not_ready() -> None:
    response = get("/readyz", Readiness(problems=("the collector does not run",)))
    assert response.status_code == 503
    assert response.json() == {"ready": False, "problems": ["the collector does not run"], "notes": []}


def test_metrics_are_prometheuss_text() -> None:
    response = get("/metrics")
    assert (response.status_code, response.text) == (200, "audit_up 1\n")
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_nothing_can_be_changed_here() -> None:
    assert get("/metrics", method="POST").status_code == 405
    assert get("/").status_code == 404


def test_signals_are_left_to_others() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    async def scene() -> None:
        async def none() -> Any:
            raise AssertionError

        inside = signal.getsignal(signal.SIGINT)
        async with serving(create_app(none, none), listen("127.0.0.1", 0)):
            await asyncio.sleep(0.05)
            assert signal.getsignal(signal.SIGINT) is inside

    asyncio.run(scene())
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
