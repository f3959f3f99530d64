"""Bytes to messages, in whatever pieces they come."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit.proxy.messages import CHUNKED, UNTIL_CLOSE, Malformed
from audit.proxy.readers import MOST_HEADERS, MOST_READ, ReplyReader, RequestReader

MOST = 4096
POST = b"POST /v1/x?a=b HTTP/1.1\r\nHost: a\r\n"


def in_one_piece(data: bytes) -> list[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


CUTS = pytest.mark.parametrize("cut", [in_one_piece, byte_by_byte])
Cut = Callable[[bytes], list[bytes]]


def fed(cut: Cut, data: bytes, most: int = MOST) -> RequestReader:
    reader = RequestReader(most)
    for piece in cut(data):
        reader.feed(piece)
    return reader


def answered(cut: Cut, data: bytes, method: bytes = b"POST", most: int = MOST) -> ReplyReader:
    reader = ReplyReader(method, most)
    for piece in cut(data):
        reader.feed(piece)
    return reader


@CUTS
def test_a_request_is_read(cut: Cut) -> None:
    [request] = fed(cut, POST + b"Content-Length: 3\r\nX-Odd:  \xe9 \r\n\r\nabc").requests
    assert (request.head.method, request.head.target, request.head.length) == (b"POST", b"/v1/x?a=b", 3)
    assert request.head.headers == [(b"Host", b"a"), (b"Content-Length", b"3"), (b"X-Odd", b"\xe9")]
    assert b"".join(request.pieces) == b"abc"
    assert request.complete
    assert request.head.keep_alive


@CUTS
def test_a_chunked_request_has_trailers(cut: Cut) -> None:
    body = b"3;ext=1\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"
    [request] = fed(cut, POST + b"Transfer-Encoding: chunked\r\n\r\n" + body).requests
    assert request.head.length == CHUNKED
    assert (b"".join(request.pieces), request.trailers) == (b"abc", [(b"X-Sum", b"1")])


def test_requests_come_one_behind_the_other() -> None:
    reader = fed(in_one_piece, (POST + b"Content-Length: 1\r\n\r\na") * 2 + b"GET /")
    assert [request.complete for request in reader.requests] == [True, True]
    assert reader.begun


def test_an_http_1_0_client_is_not_kept() -> None:
    [request] = fed(in_one_piece, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").requests
    assert not request.head.keep_alive
    assert not request.head.expects_continue


def test_an_expectation_is_told() -> None:
    expecting = b"Expect: 100-continue\r\n"
    [request] = fed(in_one_piece, POST + expecting + b"Content-Length: 1\r\n\r\n").requests
    assert request.head.expects_continue
    [request] = fed(in_one_piece, POST + expecting + b"\r\n").requests
    assert not request.head.expects_continue, "there is nothing to wait for"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        (b"GET /\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"GET http://b/ HTTP/1.1\r\nHost: b\r\n\r\n", 400),
        (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (POST + b"Expect: a-miracle\r\nContent-Length: 1\r\n\r\n", 417),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: chunked \r\n\r\n", 400),
        (POST + b"A: b\r\n c\r\n\r\n", 400),
        (POST + b"A" * MOST + b": b\r\n\r\n", 431),
        (POST + b"A: b\r\n" * (MOST_HEADERS + 1) + b"\r\n", 431),
        (POST + b"A: " + b"b" * (MOST + MOST_READ), 431),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(Malformed) as refused:
        fed(in_one_piece, data)
    assert refused.value.status == status


def test_a_head_is_measured_as_it_comes() -> None:
    line = [b"GET /", *[b"a" * 1024] * (MOST + MOST_READ)]
    with pytest.raises(Malformed, match="larger than"):
        fed(lambda _: line, b"")


def test_a_chunks_extension_is_measured_as_it_comes() -> None:
    endless = [b"5;", *[b"a" * 1024] * (MOST + MOST_READ)]
    with pytest.raises(Malformed, match="larger than"):
        fed(lambda _: [POST + b"Transfer-Encoding: chunked\r\n\r\n", *endless], b"")
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with pytest.raises(Malformed, match="larger than"):
        answered(lambda _: [reply, *endless], b"")


def test_a_large_body_is_no_large_head() -> None:
    [request] = fed(in_one_piece, POST + b"Content-Length: 900000\r\n\r\n" + b"a" * 900_000).requests
    assert request.complete


def test_a_websocket_is_told() -> None:
    asking = b"GET /v1/responses HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    [request] = fed(in_one_piece, asking).requests
    assert request.head.upgrade == b"websocket"


def test_an_offer_of_http_2_is_passed_over() -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nContent-Length: 3\r\n\r\n"
    reader = RequestReader(MOST)
    reader.feed(POST + offer + b"ab")
    reader.feed(b"c")
    [request] = reader.requests
    assert request.head.upgrade is None
    assert (b"".join(request.pieces), request.complete) == (b"abc", True)
    assert (b"Host", b"a") in request.head.headers


@CUTS
def test_a_response_is_read(cut: Cut) -> None:
    reader = answered(cut, b"HTTP/1.1 200 All \xe9\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 3\r\n\r\nabc")
    assert reader.head is not None
    assert (reader.head.status, reader.head.reason, reader.head.length) == (200, b"All \xe9", 3)
    assert reader.head.headers[:2] == [(b"Set-Cookie", b"a"), (b"Set-Cookie", b"b")]
    assert b"".join(reader.pieces) == b"abc"
    assert reader.complete
    assert reader.head.keep_alive


@CUTS
def test_a_chunked_response_has_trailers(cut: Cut) -> None:
    reader = answered(cut, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n")
    assert (reader.complete, reader.trailers) == (True, [(b"X", b"y")])


@pytest.mark.parametrize("cut", [in_one_piece, byte_by_byte])
@pytest.mark.parametrize(
    ("method", "head"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"),
        (b"POST", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"),
        (b"POST", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ],
)
def test_some_responses_have_no_body(cut: Cut, method: bytes, head: bytes) -> None:
    reader = answered(cut, head, method)
    assert (reader.complete, reader.pieces, reader.surplus) == (True, [], False)


@CUTS
def test_interim_responses_come_before(cut: Cut) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    reader = answered(cut, early + b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert reader.interim == [(103, [(b"Link", b"a")]), (100, [])]
    assert reader.complete


def test_a_response_may_end_with_its_connection() -> None:
    reader = answered(in_one_piece, b"HTTP/1.1 200 OK\r\n\r\nabc")
    assert reader.head is not None
    assert (reader.head.length, reader.head.keep_alive, reader.complete) == (UNTIL_CLOSE, False, False)
    assert reader.end()


def test_a_response_may_not_end_before_its_length() -> None:
    assert not answered(in_one_piece, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc").end()
    assert not answered(in_one_piece, b"HTTP/1.1 200 OK\r\n").end()


WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"


@pytest.mark.parametrize("more", [b"b", b"garbage\r\n", WHOLE, b"HTTP/1.1 204 No Content\r\n\r\n"])
def test_what_follows_a_response_is_not_trusted(more: bytes) -> None:
    for pieces in ([WHOLE + more], [WHOLE, more]):
        reader = ReplyReader(b"POST", MOST)
        for piece in pieces:
            reader.feed(piece)
        assert (reader.complete, reader.surplus, b"".join(reader.pieces)) == (True, True, b"a")


def test_a_body_in_answer_to_head_is_surplus() -> None:
    reader = answered(in_one_piece, WHOLE, b"HEAD")
    assert (reader.complete, reader.surplus, reader.pieces) == (True, True, [])


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 99 Low\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * MOST + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * (MOST + MOST_READ),
        b"HTTP/1.1 200 OK\nContent-Length: 1\n\na",
    ],
)
def test_what_is_no_response_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        answered(in_one_piece, data)


def test_what_came_before_the_damage_was_read() -> None:
    reader = ReplyReader(b"POST", MOST)
    with pytest.raises(Malformed):
        reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n")
    assert (b"".join(reader.pieces), reader.complete) == (b"a", False)


@pytest.mark.parametrize("status", [600, 999])
def test_odd_statuses_are_read_as_they_are(status: int) -> None:
    reader = answered(in_one_piece, b"HTTP/1.1 %d Odd\r\nContent-Length: 0\r\n\r\n" % status)
    assert reader.head is not None
    assert reader.head.status == status
