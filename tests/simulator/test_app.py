from __future__ import annotations

import asyncio
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import httpx2
import pytest

from audit.simulator.app import create_app
from audit.simulator.scenarios import SCENARIOS
from tests.simulator.wire import AZURE, CHAT, chat, claude, gemini

EVERYWHERE: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": (CHAT, chat()),
    "chat stream": (CHAT, chat(stream=True, n=2, max_tokens=9, stream_options={"include_usage": True})),
    "azure": (AZURE, chat()),
    "azure stream": (AZURE, chat(stream=True, max_tokens=9)),
    "openrouter stream": ("/openrouter/api/v1/chat/completions", chat(stream=True, max_tokens=9)),
    "deepseek": ("/deepseek/chat/completions", chat()),
    "completions": ("/v1/completions", {"model": "m", "prompt": "Hi"}),
    "completions stream": ("/v1/completions", {"model": "m", "prompt": "Hi", "max_tokens": 9, "stream": True}),
    "responses": ("/v1/responses", {"model": "gpt-4o", "input": "Hi"}),
    "responses stream": ("/v1/responses", {"model": "gpt-4o", "input": "Hi", "max_output_tokens": 9, "stream": True}),
    "router": ("/v1/responsesd", {"model": "o3-pro", "input": "Hi"}),
    "embeddings": ("/v1/embeddings", {"model": "m", "input": "Hi", "dimensions": 4}),
    "moderations": ("/v1/moderations", {"input": "Hi"}),
    "images": ("/v1/images/generations", {"model": "gpt-image-1", "prompt": "Hi"}),
    "messages": ("/v1/messages", claude()),
    "messages stream": ("/v1/messages", {**claude(stream=True), "max_tokens": 9}),
    "count": ("/v1/messages/count_tokens", claude()),
    "gemini": ("/v1beta/models/gemini-2.0-flash:generateContent", gemini()),
    "gemini stream": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", gemini()),
    "gemini array": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent", gemini()),
    "predict": ("/v1beta/models/imagen-4:predict", {"instances": [{"prompt": "Hi"}]}),
    "converse": ("/model/amazon.nova/converse", {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}),
    "converse stream": (
        "/model/amazon.nova/converse-stream",
        {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    ),
    "ollama": ("/api/chat", chat("llama3", options={"num_predict": 9})),
}
QUICK = {"slow": "slow=1", "drip": "drip=0.01", "stall": "stall=1", "huge": "huge=50", "rate_limit": "rate_limit=0"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_played_everywhere(name: str, client: httpx2.Client, served: Callable[[], Any]) -> None:
    """Whatever is asked of whichever provider is answered, and the ledger knows the bytes."""
    asked = {"x-sim-scenario": QUICK.get(name, name), "accept-encoding": name}
    received = [_received(client, path, body, asked) for path, body in EVERYWHERE.values()]
    rows = served()

    assert [row["response_sha256"] for row in rows] == [sha256(body).hexdigest() for _, body in received]
    assert [row["status"] for row in rows] == [status for status, _ in received]
    assert {row["ending"] for row in rows} == {"cut" if name == "cut" else "sent"}
    assert {row["scenario"] for row in rows} == {QUICK.get(name, name)}
    if name not in _FAILING:
        assert max(row["status"] for row in rows) < 500


def _received(client: httpx2.Client, path: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
    """A reply's status, and all of its body that came."""
    received = b""
    with client.stream("POST", path, json=body, headers=headers) as response:
        try:
            for piece in response.iter_raw():
                received += piece
        except httpx2.RemoteProtocolError:
            assert headers["x-sim-scenario"] == "cut"
    return response.status_code, received


_FAILING = ("server_error", "empty_error", "html_error", "unavailable", "timeout", "overloaded", "fail")


def test_health_and_the_ledger(client: httpx2.Client, served: Callable[[], Any]) -> None:
    before = client.get("/__sim/health").json()
    client.post(CHAT, json=chat(), headers={"x-audit-tag": "a", "authorization": "Bearer sk-secret"})
    [row] = served()

    assert before == {"status": "ok", "served": row["sequence"] - 1}
    assert row["audit_headers"] == ["x-audit-tag"]
    assert row["headers"]["x-audit-tag"] == "a"
    assert "secret" not in str(row)
    assert (row["method"], row["path"], row["provider"], row["format"]) == ("POST", CHAT, "openai", "chat")


def test_the_ledger_can_be_emptied() -> None:
    async def rows(client: httpx2.AsyncClient) -> Any:
        return (await client.get("/__sim/served")).json()

    async def emptied() -> tuple[int, int, int]:
        transport = httpx2.ASGITransport(app=create_app())
        async with httpx2.AsyncClient(transport=transport, base_url="http://sim") as client:
            await client.post(CHAT, json=chat())
            before = len(await rows(client))
            status = (await client.delete("/__sim/served")).status_code
            return before, status, len(await rows(client))

    assert asyncio.run(emptied()) == (1, 204, 0)


def test_a_key_in_the_query_is_masked(client: httpx2.Client, row: Callable[[], Any]) -> None:
    client.post("/v1beta/models/g:generateContent?key=AIza-secret&alt=json", json=gemini())

    assert row()["path"] == "/v1beta/models/g:generateContent?key=MASKED&alt=json"


def test_a_request_fails_and_then_succeeds(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = chat("gpt-4o+fail=2+rate_limit=0", prompt="a prompt of this test")

    assert [client.post(CHAT, json=body).status_code for _ in range(3)] == [429, 429, 200]
    assert row()["scenario"] == "fail=2 rate_limit=0"


def test_scenarios_are_forced_from_outside(client: httpx2.Client) -> None:
    def statuses() -> list[int]:
        return [client.post(CHAT, json=chat(model)).status_code for model in ("gpt-4o", "gpt-4.1")]

    assert client.put("/__sim/forced", json={"gpt-4o": "unavailable"}).json() == {"gpt-4o": "unavailable"}
    assert statuses() == [503, 200]
    assert client.put("/__sim/forced", json={"gpt-4o": "nonsense"}).status_code == 400
    assert client.get("/__sim/forced").json() == {"gpt-4o": "unavailable"}
    client.put("/__sim/forced", json={})
    assert statuses() == [200, 200]


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"{", {}),
        (b"[1]", {}),
        (b"\xff", {}),
        (b"plain", {"content-encoding": "gzip"}),
        (b'{"messages": [{"content": "[[sim:nonsense]]"}]}', {}),
    ],
)
def test_what_is_not_understood_is_a_400(
    content: bytes, headers: dict[str, str], client: httpx2.Client, row: Callable[[], Any]
) -> None:
    response = client.post(CHAT, content=content, headers=headers)

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert row()["error"] == "unsupported_value"


@pytest.mark.parametrize(
    "odd", [None, 5, True, "x", [], {}, ["a"], [None], [{}], {"a": 1}, [{"name": 5}], [{"parts": 5}]]
)
def test_values_of_the_wrong_kind_are_no_crash(odd: Any, client: httpx2.Client) -> None:
    """Every field of every request may be anything: the answer may be odd, but it is one."""
    for path, body in EVERYWHERE.values():
        for field in body:
            response = client.post(
                path, json={**body, field: odd, "tools": odd, "generationConfig": odd, "max_tokens": 3}
            )
            assert response.status_code < 500, (path, field)


def test_a_misspelt_scenario_is_named(client: httpx2.Client) -> None:
    response = client.post("/v1/messages", json=claude("claude+sloww"))

    assert "sloww" in response.json()["error"]["message"]


def test_an_encoded_request_is_read(client: httpx2.Client, row: Callable[[], Any]) -> None:
    body = zlib.compress(b'{"model": "gpt-4o", "messages": []}')

    assert client.post(CHAT, content=body, headers={"content-encoding": "deflate"}).status_code == 200
    assert (row()["model_requested"], row()["request_bytes"]) == ("gpt-4o", len(body))


def test_what_is_nowhere_is_a_404(client: httpx2.Client) -> None:
    assert client.post("/v1/nowhere", json={}).status_code == 404
    assert client.get(CHAT).status_code == 404
    assert client.get("/__sim/nowhere").status_code == 404
    assert client.post("/anthropic/v1/nowhere", json={}).status_code == 404


def test_a_websocket_is_refused_so_that_codex_takes_http(client: httpx2.Client) -> None:
    headers = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-key": "x", "sec-websocket-version": "13"}

    assert client.get("/v1/responses", headers=headers).status_code == 426


def test_claude_codes_greeting(client: httpx2.Client) -> None:
    assert client.head("/api/hello").status_code == 200


def test_many_at_once_are_each_entered(base_url: str, client: httpx2.Client, served: Callable[[], Any]) -> None:
    """Rows do not mix: each has the digest of what its own client received."""
    received: dict[str, str] = {}

    def ask(number: int) -> None:
        with httpx2.Client(base_url=base_url) as own:
            body = chat("gpt-4o+drip=0.2", prompt=f"Prompt {number}", stream=True)
            response = own.post(CHAT, json=body)
            received[sha256(response.request.content).hexdigest()] = sha256(response.content).hexdigest()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = served()
    assert {row["request_sha256"]: row["response_sha256"] for row in rows} == received
    assert Counter(row["ending"] for row in rows) == {"sent": 12}
    assert [row["sequence"] for row in rows] == sorted({row["sequence"] for row in rows})


@pytest.mark.parametrize(("latency", "least_ms", "most_ms"), [(0.0, 0, 0), (0.1, 15, 90)])
def test_plausible_latency(latency: float, least_ms: float, most_ms: float) -> None:
    """Delays are drawn by the prompt and scale; they are read off the server-timing header."""

    async def took() -> int:
        transport = httpx2.ASGITransport(app=create_app(latency=latency))
        async with httpx2.AsyncClient(transport=transport, base_url="http://sim") as client:
            response = await client.post("/v1beta/models/g+empty:generateContent", json=gemini())
            return int(response.headers["server-timing"].rpartition("=")[2])

    assert least_ms <= asyncio.run(took()) <= most_ms
