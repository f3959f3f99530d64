"""Heads of messages: what a gateway takes out, and how long bodies are."""

from __future__ import annotations

import pytest

from audit.proxy.messages import (
    CHUNKED,
    NO_BODY,
    UNTIL_CLOSE,
    Malformed,
    end_to_end,
    head_lines,
    lowered,
    reply_framing,
    request_framing,
)

CHUNKED_CODING = [(b"Transfer-Encoding", b"chunked")]


def test_what_is_for_this_connection_alone_is_taken_out() -> None:
    headers = [
        (b"Host", b"a"),
        (b"Connection", b"close, X-Mine"),
        (b"x-mine", b"1"),
        (b"Keep-Alive", b"5"),
        (b"TE", b"trailers"),
        (b"Proxy-Authorization", b"Basic eA=="),
        (b"Upgrade", b"h2c"),
        (b"Trailer", b"X-Sum"),
        (b"X-Theirs", b"2"),
        (b"x-theirs", b"3"),
    ]
    kept = [(b"Host", b"a"), (b"Trailer", b"X-Sum"), (b"X-Theirs", b"2"), (b"x-theirs", b"3")]
    assert end_to_end(headers, lowered(headers)) == kept


@pytest.mark.parametrize("name", [b"authorization", b"Content-Length", b"x-api-key", b"Host", b"set-cookie"])
def test_what_a_message_needs_cannot_be_nominated(name: bytes) -> None:
    headers = [(b"Connection", b"keep-alive, " + name)]
    with pytest.raises(Malformed, match="may not name"):
        end_to_end(headers, lowered(headers))


@pytest.mark.parametrize(
    ("version", "headers", "length"),
    [
        ("1.1", [], 0),
        ("1.1", [(b"Content-Length", b"12")], 12),
        ("1.0", [(b"content-length", b"0")], 0),
        ("1.1", CHUNKED_CODING, CHUNKED),
    ],
)
def test_a_request_says_how_long_it_is(version: str, headers: list[tuple[bytes, bytes]], length: int) -> None:
    assert request_framing(version, headers, lowered(headers)) == length


@pytest.mark.parametrize(
    ("version", "headers", "status"),
    [
        ("1.0", CHUNKED_CODING, 400),
        ("1.1", [(b"Transfer-Encoding", b"gzip, chunked")], 501),
        ("1.1", CHUNKED_CODING * 2, 501),
        ("1.1", [(b"Content-Length", b"1"), (b"Content-Length", b"1")], 400),
        ("1.1", [(b"Content-Length", b"-1")], 400),
        ("1.1", [(b"Content-Length", b"9" * 19)], 400),
        ("1.1", [(b"Content-Length", b"")], 400),
    ],
)
def test_a_request_whose_length_is_not_plain_is_refused(
    version: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    with pytest.raises(Malformed) as refused:
        request_framing(version, headers, lowered(headers))
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("method", "status", "headers", "length"),
    [
        (b"GET", 200, [], UNTIL_CLOSE),
        (b"GET", 200, [(b"Content-Length", b"3")], 3),
        (b"GET", 200, CHUNKED_CODING, CHUNKED),
        (b"HEAD", 200, [(b"Content-Length", b"3")], NO_BODY),
        (b"GET", 304, [(b"Content-Length", b"3")], NO_BODY),
        (b"GET", 204, CHUNKED_CODING, NO_BODY),
    ],
)
def test_a_response_says_how_long_it_is(
    method: bytes, status: int, headers: list[tuple[bytes, bytes]], length: int
) -> None:
    assert reply_framing(method, status, headers, lowered(headers)) == length


def test_a_response_in_an_unknown_coding_is_none() -> None:
    with pytest.raises(Malformed, match="transfer coding"):
        reply_framing(b"GET", 200, [(b"Transfer-Encoding", b"gzip")], [b"transfer-encoding"])


def test_a_head_is_lines() -> None:
    assert head_lines(b"GET / HTTP/1.1", [(b"Host", b"a")]) == b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
