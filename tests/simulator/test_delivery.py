"""What goes over the socket, and when."""

from __future__ import annotations

import gzip
import socket
import time
import zlib
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import brotli
import httpx2
import pytest
import zstandard

from tests.simulator.wire import CHAT, chat, chunks, text_of


def raw(client: httpx2.Client, body: dict[str, Any], encoding: str = "identity") -> tuple[httpx2.Response, list[bytes]]:
    """The response and its body as it came, in the pieces it came in."""
    with client.stream("POST", CHAT, json=body, headers={"accept-encoding": encoding}) as response:
        return response, list(response.iter_raw())


@pytest.mark.parametrize("body", [chat(), chat(stream=True), chat("gpt-4o+rate_limit")])
def test_the_ledger_knows_the_bytes(body: dict[str, Any], client: httpx2.Client, row: Callable[[], Any]) -> None:
    response, pieces = raw(client, body)
    sent = b"".join(pieces)

    assert row()["response_sha256"] == sha256(sent).hexdigest()
    assert row()["response_bytes"] == len(sent)
    assert row()["request_sha256"] == sha256(response.request.content).hexdigest()
    assert row()["request_bytes"] == len(response.request.content)
    assert (row()["status"], row()["ending"]) == (response.status_code, "sent")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip+br"])
def test_a_body_is_encoded_if_that_is_accepted(
    coding: str, stream: bool, client: httpx2.Client, row: Callable[[], Any]
) -> None:
    asked = chat(f"gpt-4o+{coding}+echo", stream=stream)
    codings = coding.split("+")
    plain, pieces = raw(client, asked)
    coded, encoded = raw(client, asked, ", ".join(codings))
    body = b"".join(encoded)
    for name in reversed(codings):
        body = DECODERS[name](body)

    assert "content-encoding" not in plain.headers
    assert coded.headers["content-encoding"] == ", ".join(codings) == row()["content_encoding"]
    assert "id" in body.decode()
    assert len(body) == len(b"".join(pieces))


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


def test_length_and_digest_are_those_of_the_encoded_body(client: httpx2.Client, row: Callable[[], Any]) -> None:
    response, pieces = raw(client, chat("gpt-4o+gzip"), "gzip")
    sent = b"".join(pieces)

    assert gzip.decompress(sent).startswith(b'{"id"')
    assert int(response.headers["content-length"]) == len(sent) == row()["response_bytes"]
    assert row()["response_sha256"] == sha256(sent).hexdigest()


def test_an_empty_body_is_not_encoded(client: httpx2.Client) -> None:
    response = client.post(CHAT, json=chat("gpt-4o+empty_error+gzip"))

    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("stream", [True, False])
def test_a_body_in_small_pieces(stream: bool, client: httpx2.Client) -> None:
    _, pieces = raw(client, chat("gpt-4o+split=3+unicode+crlf", stream=stream))

    assert {len(piece) for piece in pieces} <= {1, 2, 3}
    assert any(not _decodes(piece) for piece in pieces)
    assert "你好".encode()[:3] in b"".join(pieces)
    assert len(raw(client, chat("gpt-4o+split"))[1][0]) == 7


def broken_off(client: httpx2.Client, body: dict[str, Any], timeout_s: float = 10) -> tuple[Exception, bytes]:
    """What ended a reply, and what had come of it by then."""
    received = b""
    try:
        with client.stream("POST", CHAT, json=body, timeout=timeout_s) as response:
            for piece in response.iter_raw():
                received += piece
    except httpx2.TransportError as exc:
        return exc, received
    raise AssertionError("the reply came to its end")


def _decodes(piece: bytes) -> bool:
    try:
        return bool(piece.decode())
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("stream", [True, False])
def test_a_connection_is_cut(stream: bool, client: httpx2.Client, row: Callable[[], Any]) -> None:
    error, received = broken_off(client, chat("gpt-4o+cut", stream=stream))

    assert isinstance(error, httpx2.RemoteProtocolError)
    assert received
    assert (row()["ending"], row()["complete"], row()["finish_reasons"]) == ("cut", False, {})
    assert row()["response_sha256"] == sha256(received).hexdigest()
    assert row()["model_served"] == ("gpt-4o-2024-08-06" if stream else None)


def test_a_cut_after_so_many_tokens(client: httpx2.Client) -> None:
    _, received = broken_off(client, chat("gpt-4o+cut=3", stream=True))

    whole, _, torn = received.decode().rpartition("\n\n")
    assert whole.count('"delta":{"content":') == 3
    assert torn.startswith("data: {")


def test_slow_and_drip(client: httpx2.Client) -> None:
    began = time.perf_counter()
    with client.stream("POST", CHAT, json=chat("gpt-4o+slow=80+drip=2", stream=True)) as response:
        head_s = time.perf_counter() - began
        text = text_of(chunks_of(response))
    took_s = time.perf_counter() - began

    assert head_s >= 0.08
    assert took_s >= head_s + 0.002 * len(text.split())


def chunks_of(response: httpx2.Response) -> list[Any]:
    response.read()
    return chunks(response)


def test_an_answer_in_one_piece_takes_as_long(client: httpx2.Client) -> None:
    began = time.perf_counter()
    body = client.post(CHAT, json=chat("gpt-4o+drip=2")).json()

    assert time.perf_counter() - began >= 0.002 * body["usage"]["completion_tokens"]


def test_a_stream_stalls_half_way(client: httpx2.Client) -> None:
    error, received = broken_off(client, chat("gpt-4o+stall", stream=True), timeout_s=0.2)

    assert isinstance(error, httpx2.ReadTimeout)
    assert b'"content":' in received
    assert b"[DONE]" not in received


def test_a_client_that_leaves_is_noticed(client: httpx2.Client, base_url: str, row: Callable[[], Any]) -> None:
    with client.stream("POST", CHAT, json=chat("gpt-4o+stall", stream=True)) as response:
        next(response.iter_raw())

    assert _until(lambda: row()["ending"] != "open")
    assert (row()["ending"], row()["complete"]) == ("client_left", False)


def test_a_client_that_leaves_before_it_has_asked(
    base_url: str, client: httpx2.Client, served: Callable[[], Any]
) -> None:
    address = urlsplit(base_url)
    with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
        connection.sendall(f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{{".encode())

    assert client.post(CHAT, json=chat()).status_code == 200
    assert len(served()) == 1


def _until(true: Callable[[], bool]) -> bool:
    """Whether it becomes true before ten seconds are over; each look is a request, so this does not spin."""
    give_up = time.monotonic() + 10
    while not (seen := true()) and time.monotonic() < give_up:
        pass
    return seen
