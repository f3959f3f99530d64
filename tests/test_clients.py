"""Recording clients: what is recorded, and through whose transports."""

from __future__ import annotations

import asyncio
import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import httpx2
import pytest

import audit
from audit import clients, wiring
from audit.recording.recorder import Recorder
from audit.recording.silence import Silence
from tests.recording.kept import a_recorder, journalled
from tests.recording.upstream import Upstream, answer, chunked, running

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running() as upstream:
        upstream.play("/v1", answer(b"ok"))
        yield upstream


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return a_recorder(tmp_path)


@pytest.fixture(params=[httpx2, httpx], ids=["httpx2", "httpx"])
def library(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_attaching_returns_the_same_client_with_all_its_transports_recorded(library: Any, recorder: Recorder) -> None:
    direct, proxied = library.HTTPTransport(), library.HTTPTransport()
    client = library.Client(transport=direct, mounts={"https://": proxied, "all://never": None}, timeout=7)
    assert clients.attach(client, recorder=recorder) is client
    assert client._transport.inner is direct
    assert {getattr(transport, "inner", None) for transport in client._mounts.values()} == {proxied, None}
    assert client.timeout.read == 7


def test_attaching_twice_records_once(library: Any, recorder: Recorder, upstream: Upstream, tmp_path: Path) -> None:
    with library.Client() as client:
        clients.attach(clients.attach(client, recorder=recorder), recorder=recorder)
        client.get(f"{upstream.url}/v1")
    assert len(journalled(tmp_path)) == 1


@pytest.mark.parametrize(
    "path", [("_client",), ("_api_client", "_httpx_client"), ("_api_client", "_async_httpx_client")]
)
def test_a_client_is_found_inside_an_sdks(library: Any, recorder: Recorder, path: tuple[str, ...]) -> None:
    inner = library.AsyncClient() if "async" in path[-1] else library.Client()
    sdk: Any = inner
    for name in reversed(path):
        sdk = SimpleNamespace(**{name: sdk})
    assert clients.attach(sdk, recorder=recorder) is sdk
    assert "Recording" in type(inner._transport).__name__


def test_a_transport_is_known_whatever_name_an_sdk_has_put_on_its_class(recorder: Recorder) -> None:
    """`import openai` does so to classes of httpx2 that it re-exports."""
    importlib.import_module("openai")
    assert httpx2.BaseTransport.__module__ == "openai"

    class Own(httpx2.BaseTransport):
        pass

    assert "Recording" in type(clients.wrap_transport(Own(), recorder=recorder)).__name__


def test_a_subclass_of_a_client_is_one(library: Any, recorder: Recorder) -> None:
    class Own(library.Client):  # type: ignore[misc]
        pass

    assert "Recording" in type(clients.attach(Own(), recorder=recorder)._transport).__name__


@pytest.mark.parametrize(
    "thing", [object(), SimpleNamespace(_client=SimpleNamespace(_client=SimpleNamespace())), "text"]
)
def test_what_has_no_client_inside_is_refused(recorder: Recorder, thing: object) -> None:
    with pytest.raises(TypeError, match=r"no httpx2 or httpx client in .*; record\(\) can record it by hand"):
        clients.attach(thing, recorder=recorder)


class ApiClient:
    """Does as google-genai's does where aiohttp is installed."""

    def __init__(self) -> None:
        self._http_options = SimpleNamespace(async_client_args={"timeout": 7})
        self._httpx_client, self._async_httpx_client = httpx2.Client(), httpx2.AsyncClient()

    def _use_aiohttp(self) -> bool:
        return self._http_options.async_client_args.get("transport") is None


def test_google_genai_is_kept_from_going_round_by_aiohttp(recorder: Recorder) -> None:
    sdk = SimpleNamespace(_api_client=ApiClient())
    clients.attach(sdk, recorder=recorder)
    assert sdk._api_client._use_aiohttp() is False
    assert sdk._api_client._http_options.async_client_args["timeout"] == 7


def test_google_genai_is_left_alone_where_it_has_no_other_way(recorder: Recorder) -> None:
    sdk = SimpleNamespace(_api_client=ApiClient())
    sdk._api_client._async_httpx_client = None  # as with client certificates
    clients.attach(sdk, recorder=recorder)
    assert sdk._api_client._use_aiohttp() is True


def test_a_client_made_for_each_event_loop_is_recorded_too(
    recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    class PerLoop(httpx2.AsyncClient):
        """Does as google-genai's does: it sends through a client of the running loop's own."""

        def _client_for_running_loop(self) -> httpx2.AsyncClient:
            return httpx2.AsyncClient()

        async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
            async with self._client_for_running_loop() as client:
                return await client.send(request, **options)

    client = clients.attach(clients.attach(PerLoop(), recorder=recorder), recorder=recorder)
    for _ in range(2):
        asyncio.run(client.get(f"{upstream.url}/v1"))  # type: ignore[arg-type]
    assert len(journalled(tmp_path)) == 2


@pytest.mark.parametrize("make", ["httpx2_client", "httpx_client"])
def test_made_clients_record_and_take_the_librarys_options(
    recorder: Recorder, upstream: Upstream, tmp_path: Path, make: str
) -> None:
    with getattr(clients, make)(recorder=recorder, headers={"X-Request-Id": "r"}) as client:
        assert client.get(f"{upstream.url}/v1").text == "ok"
    [exchange] = journalled(tmp_path)
    assert ("x-request-id", "r") in exchange.request_headers


@pytest.mark.parametrize("make", ["httpx2_async_client", "httpx_async_client"])
def test_made_asynchronous_clients_do_so_too(recorder: Recorder, upstream: Upstream, tmp_path: Path, make: str) -> None:
    async def main() -> str:
        async with getattr(clients, make)(recorder=recorder) as client:
            return str((await client.get(f"{upstream.url}/v1")).text)

    assert asyncio.run(main()) == "ok"
    assert len(journalled(tmp_path)) == 1


def test_transports_are_wrapped_for_the_kind_of_client_they_serve(library: Any, recorder: Recorder) -> None:
    kinds = {
        "RecordingTransport": library.HTTPTransport(),
        "AsyncRecordingTransport": library.AsyncHTTPTransport(),
        "DualRecordingTransport": library.MockTransport(lambda _request: library.Response(200)),
    }
    for name, transport in kinds.items():
        assert type(clients.wrap_transport(transport, recorder=recorder)).__name__ == name


def test_what_is_no_transport_is_refused(recorder: Recorder) -> None:
    with pytest.raises(TypeError, match="Client is no httpx2 or httpx transport"):
        clients.wrap_transport(httpx2.Client(), recorder=recorder)


def test_record_keeps_what_is_given_by_hand(recorder: Recorder, tmp_path: Path) -> None:
    with clients.record(url="https://host/v1", request={"a": 1}, recorder=recorder) as reply:
        reply.chunk(b"ok")
    [exchange] = journalled(tmp_path)
    assert (exchange.url, exchange.response_body) == ("https://host/v1", b"ok")


def test_without_a_recorder_given_the_process_has_one(
    monkeypatch: pytest.MonkeyPatch, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    monkeypatch.setattr(wiring, "default_recorder", lambda: recorder)
    with audit.attach(httpx2.Client()) as client, audit.tags(project="p"):
        client.get(f"{upstream.url}/v1")
    with audit.record(url="https://host/v1", request=b""):
        pass
    assert [exchange.tags.project for exchange in journalled(tmp_path)] == ["p", None]


@pytest.mark.parametrize("read", [False, True])
def test_a_process_that_ends_with_an_open_stream_ends(upstream: Upstream, tmp_path: Path, read: bool) -> None:
    """The stream is let go while the interpreter ends, when nothing can be begun any more."""
    never = threading.Event()
    url = upstream.play("/v1/open", chunked(b"data: a\n\n", end=b""), never)
    programme = f"""
import audit, httpx2
client = audit.attach(httpx2.Client())
response = client.send(client.build_request("GET", {url!r}), stream=True)
assert not {read} or next(response.iter_raw())
"""
    environment = {**os.environ, "AUDIT_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])}
    try:
        ran = subprocess.run([sys.executable, "-c", programme], env=environment, timeout=PATIENCE_S, check=False)
    finally:
        never.set()
    assert ran.returncode == 0


def test_where_recording_is_switched_off_calls_go_their_way_and_our_tags_do_not(
    monkeypatch: pytest.MonkeyPatch, upstream: Upstream
) -> None:
    monkeypatch.setattr(wiring, "default_recorder", Silence)
    with clients.httpx2_client() as client:
        for content in (b"whole", iter([b"in ", b"pieces"])):
            reply = client.post(f"{upstream.url}/v1", content=content, headers={"x-audit-user": "ada"})
            assert reply.content == b"ok"
            assert b"x-audit" not in upstream.requests[-1].lower()
    with clients.record(url="https://host/v1", request=b"") as hand:
        hand.chunk(b"ok")
