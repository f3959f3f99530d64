"""Recording transports of both families: nothing changes for the caller, and everything is kept."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from audit.call import Ending, Tags
from audit.recording.recorder import Recorder
from audit.recording.tagging import tags
from tests.recording.callers import BODY, PACKED, Caller, same
from tests.recording.kept import journalled
from tests.recording.upstream import CLOSE, RESET, Step, Upstream, answer, chunked

RESPONSES: dict[str, tuple[str, tuple[Step, ...]]] = {
    "in one piece": ("POST", (answer(b'{"a": 1}', content_type="application/json", Set_Cookie="a=b"),)),
    "without a body": ("POST", (answer(),)),
    "in chunks": ("POST", (chunked(b"data: a\n\n", b"data: b\n", b"\n", b"data: [DONE]\n\n"),)),
    "in bytes": ("POST", (chunked(*[bytes([byte]) for byte in range(256)]),)),
    "with trailers": ("POST", (chunked(b"data: a\n\n", end=b"0\r\nX-Usage: 7\r\n\r\n", Trailer="X-Usage"),)),
    "packed": ("POST", (chunked(PACKED[:20], PACKED[20:], Content_Encoding="gzip"),)),
    "to HEAD": ("HEAD", (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",)),
    "204": ("DELETE", (b"HTTP/1.1 204 No Content\r\nX-Odd: \xe9\r\n\r\n",)),
    "304": ("GET", (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n",)),
    "of status 429": ("POST", (answer(b'{"error": {}}', status="429 Slow Down", Retry_After="1"),)),
    "of status 599": ("POST", (answer(b"", status="599"),)),
    "after an early one": ("POST", (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", answer(b"late"))),
    "that ends with the connection": ("GET", (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", CLOSE)),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_every_response_comes_as_it_would_and_is_kept(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path, name: str
) -> None:
    method, steps = RESPONSES[name]
    url = upstream.play("/v1/response", *steps)
    content = None if method == "GET" else BODY
    seen, [exchange] = same(caller, recorder, tmp_path, method, url, content=content, headers={"X-Api-Key": "sk-1"})
    assert seen.error is None
    assert (exchange.method, exchange.url, exchange.request_body) == (method, url, content or b"")
    assert exchange.key_fingerprint == "print of sk-1"
    assert exchange.status == seen.status[-1]
    assert [name.encode() for name, _ in exchange.response_headers] == [name.lower() for name, _ in seen.headers]
    assert exchange.response_body == b"".join(seen.chunks)
    assert [arrival.received for arrival in exchange.arrivals] == [
        sum(map(len, seen.chunks[: number + 1])) for number in range(len(seen.chunks))
    ]
    assert (exchange.ending, exchange.failure) == (Ending.EOF, None)
    assert exchange.first_byte_us is not None
    assert exchange.duration_us is not None
    assert 0 < exchange.first_byte_us <= exchange.duration_us


def test_a_large_response_comes_whole_and_is_kept_whole(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    body = bytes(range(256)) * 20_000
    seen = caller.see(recorder, "GET", upstream.play("/v1/large", answer(body)))
    [exchange] = journalled(tmp_path)
    assert b"".join(seen.chunks) == exchange.response_body == body


FAILURES: dict[str, tuple[tuple[Step, ...], bytes]] = {
    "before it answers": ((CLOSE,), b""),
    "in the middle of the head": ((b"HTTP/1.1 200 OK\r\nCont", CLOSE), b""),
    "in the middle of a body": ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", CLOSE), b"half"),
    "in the middle of a chunk": ((chunked(b"data: a\n\n", end=b"ff\r\nda"), CLOSE), b"data: a\n\nda"),
    "with nonsense": ((b"\0\1\2 nonsense\r\n\r\n",), b""),
    "with nonsense for a chunk": ((chunked(b"data: a\n\n", end=b"zz\r\n"),), b"data: a\n\n"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_upstream_that_breaks_off_is_the_callers_to_see_and_ours_to_note(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path, name: str
) -> None:
    steps, body = FAILURES[name]
    seen, [exchange] = same(caller, recorder, tmp_path, "POST", upstream.play("/v1/break", *steps), content=BODY)
    assert seen.error is not None
    assert exchange.response_body == body
    assert exchange.ending is Ending.FAILED
    assert exchange.failure is not None
    assert exchange.failure.startswith(caller.family)


def test_a_connection_reset_in_a_stream_is_told_alike(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    seen, [exchange] = same(
        caller, recorder, tmp_path, "GET", upstream.play("/v1/reset", chunked(b"a", end=b""), RESET)
    )
    assert seen.error is not None
    assert exchange.ending is Ending.FAILED


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://host.invalid./v1", "ftp://127.0.0.1/v1"])
def test_requests_that_reach_nobody_are_recorded_as_failed(
    caller: Caller, recorder: Recorder, tmp_path: Path, url: str
) -> None:
    seen, [exchange] = same(caller, recorder, tmp_path, "POST", url, content=BODY)
    assert seen.error is not None
    assert (exchange.status, exchange.ending, exchange.request_body) == (None, Ending.FAILED, BODY)
    assert exchange.failure is not None
    assert exchange.failure.partition(": ")[2] == seen.error.partition(": ")[2]


def test_an_error_that_quotes_a_secret_tells_it_to_the_caller_alone(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    url, headers = upstream.play("/v1/quoted", answer()), {"Authorization": "Bearer no-known-shape\n"}
    seen, [exchange] = same(caller, recorder, tmp_path, "POST", url, content=BODY, headers=headers)
    assert "no-known-shape" in (seen.error or "")
    assert "[redacted]" in (exchange.failure or "")
    assert "no-known-shape" not in (exchange.failure or "")


@pytest.mark.parametrize("begun", [False, True])
def test_a_timeout_is_the_callers_own(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path, begun: bool
) -> None:
    never = threading.Event()
    steps = (chunked(b"data: a\n\n", end=b""), never) if begun else (never,)
    seen, [exchange] = same(caller, recorder, tmp_path, "GET", upstream.play("/v1/wait", *steps), timeout=0.2)
    never.set()
    assert seen.error == f"{caller.library.ReadTimeout}: timed out" or "ReadTimeout" in (seen.error or "")
    assert (exchange.ending, exchange.status) == (Ending.FAILED, 200 if begun else None)
    assert exchange.response_body == (b"data: a\n\n" if begun else b"")


def test_redirects_are_exchanges_of_their_own(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    upstream.play("/v1/new", answer(b"here"))
    url = upstream.play("/v1/old", answer(b"there", status="307 Temporary Redirect", Location="/v1/new"))
    seen, kept = same(caller, recorder, tmp_path, "POST", url, content=BODY, follow_redirects=True)
    assert seen.status == [307, 200]
    assert [(exchange.url, exchange.status, exchange.request_body, exchange.response_body) for exchange in kept] == [
        (url, 307, BODY, b"there"),
        (f"{upstream.url}/v1/new", 200, BODY, b"here"),
    ]


def test_an_authentication_in_two_steps_is_two_exchanges(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
    url = upstream.play("/v1/auth", answer(b"who?", status="401 Unauthorized", WWW_Authenticate=challenge))
    auth = caller.library.DigestAuth("user", "correct horse")
    recorded = caller.see(recorder, "POST", url, content=BODY, auth=auth)
    kept = journalled(tmp_path)
    assert recorded.status == [401, 401]
    assert [exchange.status for exchange in kept] == [401, 401]
    assert [dict(exchange.request_headers).get("authorization") for exchange in kept] == [None, "[redacted]"]
    assert "correct" not in repr(kept)


@pytest.mark.parametrize("pieces", [[b"as", b"", b"k" * 100_000], []])
def test_a_request_sent_as_a_stream_is_sent_and_kept_alike(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path, pieces: list[bytes]
) -> None:
    url = upstream.play("/v1/stream", answer(b"ok"))
    before = len(upstream.requests)
    _, [exchange] = same(caller, recorder, tmp_path, "POST", url, content=pieces)
    plain, recorded = upstream.requests[before:]
    assert recorded == plain
    assert (exchange.request_body, exchange.response_body) == (b"".join(pieces), b"ok")


def test_a_form_with_files_is_sent_and_kept_alike(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    url = upstream.play("/v1/audio/transcriptions", answer(b"ok"))
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    before = len(upstream.requests)
    files = {"file": ("a.mp3", bytes(range(256)) * 1000, "audio/mpeg")}
    _, [exchange] = same(
        caller, recorder, tmp_path, "POST", url, files=files, data={"model": "whisper-1"}, headers=headers
    )
    plain, recorded = upstream.requests[before:]
    assert recorded == plain
    assert recorded.endswith(exchange.request_body)
    assert exchange.request_body.count(b"--B") == 3


def test_a_request_that_fails_half_way_is_kept_as_far_as_it_came(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    class Odd(Exception):
        pass

    def pieces() -> Any:
        yield b"half"
        raise Odd("no more")

    async def pieces_later() -> Any:
        for piece in pieces():
            yield piece

    content = pieces_later if caller.asynchronous else pieces
    seen = caller.see(recorder, "POST", upstream.play("/v1/odd", answer()), content=content())
    assert seen.error == f"{Odd}: no more"
    [exchange] = journalled(tmp_path)
    assert (exchange.request_body, exchange.ending) == (b"half", Ending.FAILED)


def test_tags_in_headers_are_taken_off_on_the_wire_and_left_with_the_caller(
    caller: Caller, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    url = upstream.play("/v1/tagged", answer(b"ok"))
    headers = {"X-Audit-Project": "p", "x-audit-Team": "t", "X-Other": "o"}
    for content in (BODY, [b"as", b"k"]):
        seen = caller.see(recorder, "POST", url, content=content, headers=headers)
        assert b"x-audit" not in upstream.requests[-1].lower()
        assert b"X-Other: o" in upstream.requests[-1]
        assert (b"X-Audit-Project", b"p") in seen.asked
    kept = journalled(tmp_path)
    assert [exchange.tags for exchange in kept] == [Tags(project="p", labels=(("team", "t"),))] * 2
    assert [exchange.request_body for exchange in kept] == [BODY, b"ask"]
    assert "x-audit" not in repr(kept)


def test_tags_stay_off_the_wire_even_when_nothing_can_be_recorded(
    caller: Caller, recorder: Recorder, upstream: Upstream
) -> None:
    recorder.close()
    url = upstream.play("/v1/unrecorded", answer(b"ok"))
    for content in (BODY, [b"as", b"k"]):
        seen = caller.see(recorder, "POST", url, content=content, headers={"X-Audit-Project": "p"})
        assert (seen.status, seen.chunks) == ([200], [b"ok"])
        assert b"x-audit" not in upstream.requests[-1].lower()
    assert recorder.lost == 2


def test_a_connection_serves_one_call_after_another(caller: Caller, recorder: Recorder, upstream: Upstream) -> None:
    url = upstream.play("/v1/again", chunked(b"a", b"b"))
    opened: list[str] = []

    def trace(name: str, _info: Any) -> None:
        opened.extend([name] if name == "connection.connect_tcp.complete" else [])

    async def trace_later(name: str, info: Any) -> None:
        trace(name, info)

    if caller.asynchronous:

        async def main() -> None:
            async with caller.async_client(recorder) as client:
                for _ in range(5):
                    await client.get(url, extensions={"trace": trace_later})

        asyncio.run(main())
    else:
        with caller.client(recorder) as client:
            for _ in range(5):
                client.get(url, extensions={"trace": trace})
    assert len(opened) == 1


def test_tags_of_a_block_go_with_the_tasks_and_threads_begun_in_it(
    family: str, recorder: Recorder, upstream: Upstream, tmp_path: Path
) -> None:
    url = upstream.play("/v1/whose", answer(b"ok"))
    caller = Caller(family, True)

    async def ask(client: Any, user: str) -> None:
        with tags(user=user):
            await client.get(url)

    async def main() -> None:
        async with caller.async_client(recorder) as client:
            with tags(project="p"):
                await asyncio.gather(ask(client, "a"), ask(client, "b"), asyncio.to_thread(_get, caller, recorder, url))
            await client.get(url)

    asyncio.run(main())
    kept = [(exchange.tags.project, exchange.tags.user) for exchange in journalled(tmp_path)]
    assert sorted(kept, key=str) == [("p", "a"), ("p", "b"), ("p", None), (None, None)]


def _get(caller: Caller, recorder: Recorder, url: str) -> None:
    with caller.client(recorder) as client:
        client.get(url)
