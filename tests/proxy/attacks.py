"""Requests that two servers might read in two ways, byte for byte; `SMUGGLED` must never come to be one of its own."""

from __future__ import annotations

__all__ = ["ODD", "REFUSED", "SMUGGLED", "UNENDING"]

SMUGGLED = b"GET /router/v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
_LINE = b"POST /router/v1/x HTTP/1.1"
_HOST = b"Host: localhost"


def _request(*headers: bytes, line: bytes = _LINE, host: bytes = _HOST, body: bytes = b"") -> bytes:
    return b"\r\n".join([line, *filter(None, [host]), *headers, b"", body])


def _both(*headers: bytes) -> bytes:
    """Return a request whose body is long by one reading, and at its end by the other."""
    body = b"0\r\n\r\n" + SMUGGLED
    return _request(*headers, b"Content-Length: %d" % len(body), body=body)


def _counted(*lengths: bytes) -> bytes:
    return _request(*lengths, body=b"hello" + SMUGGLED)


def _chunked(body: bytes) -> bytes:
    return _request(b"Transfer-Encoding: chunked", body=body)


def _get(line: bytes) -> bytes:
    return _request(line=line)


def _named(**attacks: bytes) -> dict[str, bytes]:
    return {name.replace("_", " "): wire for name, wire in attacks.items()}


_CODINGS = {
    "TE and length": b"chunked",
    "TE in capitals": b"CHUNKED",
    "TE xchunked": b"xchunked",
    "TE chunked, identity": b"chunked, identity",
    "TE identity, chunked": b"identity, chunked",
    "TE gzip, chunked": b"gzip, chunked",
    "TE chunked twice": b"chunked, chunked",
    "TE chunked with VT behind": b"chunked\x0b",
    "TE chunked with VT before": b"\x0bchunked",
    "TE chunked with FF": b"\x0cchunked",
    "TE chunked with NBSP": b"\xa0chunked",
    "TE chunked with a parameter": b"chunked;q=1",
    "TE quoted": b'"chunked"',
    "TE with a blank in it": b"chun ked",
    "TE identity": b"identity",
    "TE empty": b"",
    "TE comma before": b",chunked",
    "TE comma behind": b"chunked,",
    "TE NUL behind": b"chunked\0",
    "TE with DEL": b"chunked\x7f",
    "TE two fields": b"cow\r\nTransfer-Encoding: chunked",
    "TE two fields, the other way": b"chunked\r\nTransfer-Encoding: cow",
    "TE folded": b"\r\n chunked",
    "TE folded behind": b"chunked\r\n\t",
    "TE behind a bare LF": b"\nchunked",
    "TE behind a bare CR": b"\rchunked",
}
_FIELDS = {
    "TE with a blank before the colon": b"Transfer-Encoding : chunked",
    "TE with a tab before the colon": b"Transfer-Encoding\t: chunked",
    "TE with a NUL before the colon": b"Transfer-Encoding\0: chunked",
    "TE behind a NUL": b"\0Transfer-Encoding: chunked",
    "TE behind a blank": b" Transfer-Encoding: chunked",
    "TE behind a bare LF in another field": b"X: y\nTransfer-Encoding: chunked",
    "TE behind a bare CR in another field": b"X: y\rTransfer-Encoding: chunked",
    "TE with a dotless i": b"Transfer-Encod\xc4\xb1ng: chunked",
    "TE with a long s": b"Tran\xc5\xbffer-Encoding: chunked",
    "TE with quotes": b'"Transfer-Encoding": chunked',
    "TE with two colons": b"Transfer-Encoding:: chunked",
}
_LENGTHS = {
    "lengths that differ": (b"Content-Length: 5", b"Content-Length: 50"),
    "lengths that differ, the larger first": (b"Content-Length: 50", b"Content-Length: 5"),
    "lengths in a list": (b"Content-Length: 5, 50",),
    "same length in a list": (b"Content-Length: 5, 5",),
    "length with a plus": (b"Content-Length: +5",),
    "length below zero": (b"Content-Length: -5",),
    "length of two words": (b"Content-Length: 5 5",),
    "length in hexadecimal": (b"Content-Length: 0x5",),
    "length with a fraction": (b"Content-Length: 5.0",),
    "length with an exponent": (b"Content-Length: 5e0",),
    "length with an underscore": (b"Content-Length: 0_5",),
    "length with a semicolon": (b"Content-Length: 5;",),
    "length in full-width digits": (b"Content-Length: \xef\xbc\x95",),
    "length beyond 64 bits": (b"Content-Length: 18446744073709551621",),
    "length beyond 32 bits, in a list": (b"Content-Length: 4294967301, 5",),
    "length empty": (b"Content-Length:",),
    "length with VT": (b"Content-Length: 5\x0b",),
    "length with NUL": (b"Content-Length: 5\0",),
    "length with a blank before the colon": (b"Content-Length : 5",),
    "length folded": (b"Content-Length:\r\n 5",),
    "length behind a bare LF": (b"X: y\nContent-Length: 5",),
    "length behind a bare CR": (b"X: y\rContent-Length: 5",),
}
_CHUNKS = _named(
    chunk_below_zero=b"-5\r\nhello\r\n0\r\n\r\n",
    chunk_with_a_plus=b"+5\r\nhello\r\n0\r\n\r\n",
    chunk_with_0x=b"0x5\r\nhello\r\n0\r\n\r\n",
    chunk_with_an_underscore=b"0_5\r\nhello\r\n0\r\n\r\n",
    chunk_behind_a_blank=b" 5\r\nhello\r\n0\r\n\r\n",
    chunk_of_no_size=b"\r\nhello\r\n0\r\n\r\n",
    chunk_of_letters=b"zz\r\nhello\r\n0\r\n\r\n",
    chunk_beyond_64_bits=b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    chunk_in_full_width_digits=b"\xef\xbc\x95\r\nhello\r\n0\r\n\r\n",
    chunk_without_its_line_end=b"5\r\nhello0\r\n\r\n" + SMUGGLED,
    chunk_longer_than_said=b"5\r\nhello!!\r\n0\r\n\r\n",
    chunk_shorter_than_said=b"7\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
    chunk_size_ended_by_LF=b"5\nhello\r\n0\r\n\r\n",
    chunk_size_ended_by_CR=b"5\rhello\r\n0\r\n\r\n",
    chunk_size_ended_by_CR_CR_LF=b"5\r\r\nhello\r\n0\r\n\r\n",
    chunk_ended_by_LF=b"5\r\nhello\n0\r\n\r\n",
    chunk_ended_by_two_other_bytes=b"5\r\nhelloXX0\r\n\r\n",
    extension_with_LF=b"5;a\nhello\r\n0\r\n\r\n",
    extension_with_CR=b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    extension_with_NUL=b"5;a\0b\r\nhello\r\n0\r\n\r\n",
    extension_that_hides_a_chunk=b"2;\nxx\r\n%x\r\n0\r\n\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED) + 7, SMUGGLED),
    extension_without_end=b"5;" + b"a" * 600_000,
    last_chunk_ended_by_LF=b"5\r\nhello\r\n0\n\n" + SMUGGLED,
    last_chunk_with_data=b"5\r\nhello\r\n0\r\nX" + SMUGGLED,
    trailer_without_a_colon=b"5\r\nhello\r\n0\r\n" + SMUGGLED,
    trailer_with_NUL=b"5\r\nhello\r\n0\r\nx: a\0b\r\n\r\n",
    trailer_with_a_blank_before_the_colon=b"5\r\nhello\r\n0\r\nx : a\r\n\r\n",
    trailer_with_LF=b"5\r\nhello\r\n0\r\nx: a\ny: b\r\n\r\n",
    trailers_without_end=b"5\r\nhello\r\n0\r\n" + b"x: a\r\n" * 20_000,
)
_LINES = _named(
    line_with_tabs=b"GET\t/router/v1/x\tHTTP/1.1",
    line_with_a_blank_behind=b"GET /router/v1/x HTTP/1.1 ",
    line_with_a_CR_in_it=b"GET /router/v1/x\r HTTP/1.1",
    line_without_a_version=b"GET /router/v1/x",
    version_0_9=b"GET /router/v1/x HTTP/0.9",
    version_2=b"GET /router/v1/x HTTP/2.0",
    version_3=b"GET /router/v1/x HTTP/3",
    version_1_2=b"GET /router/v1/x HTTP/1.2",
    version_in_small_letters=b"GET /router/v1/x http/1.1",
    version_with_more_behind_it=b"GET /router/v1/x HTTP/1.1x",
    version_of_three_parts=b"GET /router/v1/x HTTP/1.1.1",
    version_with_zeros=b"GET /router/v1/x HTTP/01.01",
    version_of_another_protocol=b"GET /router/v1/x HTTQ/1.1",
    method_with_a_blank=b"GE T /router/v1/x HTTP/1.1",
    method_in_small_letters=b"get /router/v1/x HTTP/1.1",
    method_with_NUL=b"GET\0 /router/v1/x HTTP/1.1",
    method_that_nobody_knows=b"SMUGGLE /router/v1/x HTTP/1.1",
    method_missing=b" /router/v1/x HTTP/1.1",
    method_without_end=b"G" * 100_000 + b" /router/v1/x HTTP/1.1",
    target_with_a_blank=b"GET /router/v1/x HTTP/1.1 HTTP/1.1",
    target_with_a_tab=b"GET /router/v1/\tx HTTP/1.1",
    target_with_NUL=b"GET /router/v1/\0x HTTP/1.1",
    target_with_DEL=b"GET /router/v1/\x7fx HTTP/1.1",
    target_with_high_bytes=b"GET /router/v1/\xe4\xff HTTP/1.1",
    target_with_a_fragment=b"GET /router/v1/x#y HTTP/1.1",
    target_missing=b"GET HTTP/1.1",
    target_without_a_slash=b"GET router/v1/x HTTP/1.1",
    target_that_is_only_a_query=b"GET ?x HTTP/1.1",
    target_absolute=b"GET http://evil.example/router/v1/x HTTP/1.1",
    target_absolute_https=b"GET https://evil.example/router/v1/x HTTP/1.1",
    target_authority=b"GET evil.example:443 HTTP/1.1",
    target_star=b"GET * HTTP/1.1",
    target_star_for_OPTIONS=b"OPTIONS * HTTP/1.1",
    target_of_CONNECT=b"CONNECT evil.example:443 HTTP/1.1",
    CONNECT_to_a_path=b"CONNECT /router/v1/x HTTP/1.1",
    target_without_end=b"GET /router/v1/" + b"x" * 100_000 + b" HTTP/1.1",
)
_HOSTS = _named(
    host_missing=b"",
    host_twice=b"Host: localhost\r\nHost: evil.example",
    same_host_twice=b"Host: localhost\r\nHost: localhost",
    host_in_a_list=b"Host: localhost, evil.example",
    host_of_two_words=b"Host: localhost evil.example",
    host_with_a_user=b"Host: localhost@evil.example",
    host_with_a_path=b"Host: localhost/../evil",
    host_with_NUL=b"Host: localhost\0.evil.example",
    host_with_a_backslash=b"Host: localhost\\evil",
    host_folded=b"Host: localhost\r\n evil.example",
    host_unclosed=b"Host: [::1",
    host_with_a_blank_before_the_colon=b"Host : localhost",
)
_HEADS = _named(
    field_with_NUL=b"X: a\0b",
    field_with_SOH=b"X: a\x01b",
    field_with_DEL=b"X: a\x7fb",
    field_with_a_bare_CR=b"X: a\rb",
    field_with_a_bare_CR_at_its_end=b"X: a\r",
    field_with_a_bare_LF=b"X: a\nY: b",
    field_folded=b"X: a\r\n b",
    field_folded_with_a_tab=b"X: a\r\n\tb",
    field_without_a_colon=b"hello",
    field_without_a_name=b": a",
    field_with_a_blank_in_its_name=b"X Y: a",
    field_with_a_high_byte_in_its_name=b"X\xe4: a",
    field_with_brackets=b"X[]: a",
    field_that_is_a_request=b"GET /router/v1/smuggled HTTP/1.1",
    field_too_large=b"X: " + b"a" * 100_000,
    fields_too_many=b"\r\n".join(b"X-%d: a" % number for number in range(3000)),
    expectation_unknown=b"Expect: 200-ok",
)
_WHOLE = _named(
    lines_ended_by_LF=b"GET /router/v1/x HTTP/1.1\nHost: localhost\n\n",
    lines_ended_by_CR=b"GET /router/v1/x HTTP/1.1\rHost: localhost\r\r",
    head_ended_by_LF=b"GET /router/v1/x HTTP/1.1\r\nHost: localhost\r\n\n" + SMUGGLED,
    blank_before_the_first_field=b"GET /router/v1/x HTTP/1.1\r\n Host: localhost\r\n\r\n",
    request_behind_a_blank=b" GET /router/v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    request_behind_NUL=b"\0GET /router/v1/x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    HTTP_0_9=b"GET /router/v1/x\r\n\r\n",
    HTTP_2_preface=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    TLS=b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(160),
    SOCKS=b"\x05\x01\x00\r\n\r\n",
    JSON=b'{"model": "gpt-4o"}\r\n\r\n',
    a_response=b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    chunked_by_HTTP_1_0=b"POST /router/v1/x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
)
REFUSED = {
    **{name: _both(b"Transfer-Encoding: " + coding) for name, coding in _CODINGS.items()},
    **{name: _both(field) for name, field in _FIELDS.items()},
    **{f"{name}, no length": _request(b"Transfer-Encoding: " + coding) for name, coding in list(_CODINGS.items())[2:]},
    "length first, then TE": _request(
        b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED
    ),
    "no length, and TE": _request(b"Content-Length: 0", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    **{name: _counted(*lengths) for name, lengths in _LENGTHS.items()},
    **{name: _chunked(body) for name, body in _CHUNKS.items()},
    **{name: _get(line) for name, line in _LINES.items()},
    **{name: _request(line=b"GET /router/v1/x HTTP/1.1", host=host) for name, host in _HOSTS.items()},
    **{name: _request(head, line=b"GET /router/v1/x HTTP/1.1") for name, head in _HEADS.items()},
    **_WHOLE,
}
"""These are no requests, or two at once: nothing of them may reach a provider as a whole request."""
ODD = {
    "same length twice": _counted(b"Content-Length: 5", b"Content-Length: 5").removesuffix(SMUGGLED),
    "length with zeros": _counted(b"Content-Length: 0005").removesuffix(SMUGGLED),
    "length with blanks around": _counted(b"Content-Length: \t 5 \t").removesuffix(SMUGGLED),
    "field of another name": _both(b"Transfer_Encoding: chunked"),
    "other header with the coding": _both(b"X-Transfer-Encoding: chunked"),
    "content coding of chunked": _both(b"Content-Encoding: chunked"),
    "request hidden in the body": _request(b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED),
    "request hidden in a chunk": _chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)),
    "request hidden in a GET": _request(
        b"Content-Length: %d" % len(SMUGGLED), line=_LINE.replace(b"POST", b"GET"), body=SMUGGLED
    ),
    "request hidden in an extension": _chunked(b'5;a="' + SMUGGLED.replace(b"\r\n", b" ") + b'"\r\nhello\r\n0\r\n\r\n'),
    "request hidden in a trailer": _chunked(b"5\r\nhello\r\n0\r\nx: " + SMUGGLED.replace(b"\r\n", b" ") + b"\r\n\r\n"),
    "request hidden in a query": _get(
        b"GET /router/v1/x?" + SMUGGLED.split(b"\r\n")[0].replace(b" ", b"%20") + b" HTTP/1.1"
    ),
    "chunk size in capitals": _chunked(b"A\r\n0123456789\r\n0\r\n\r\n"),
    "chunk size with zeros": _chunked(b"0005\r\nhello\r\n000\r\n\r\n"),
    "chunk size with a blank behind": _chunked(b"5 \r\nhello\r\n0\r\n\r\n"),
    "extension quoted, unclosed": _chunked(b'5;a="b\r\nhello\r\n0\r\n\r\n'),
    "extension on the last chunk": _chunked(b"5\r\nhello\r\n0;a=b\r\n\r\n"),
    "trailer of a length": _chunked(b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"),
    "trailer of a coding": _chunked(b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "trailer of a host": _chunked(b"5\r\nhello\r\n0\r\nHost: evil.example\r\n\r\n"),
    "trailer of a key": _chunked(b"5\r\nhello\r\n0\r\nAuthorization: Bearer other\r\n\r\n"),
    "line with two blanks": _get(b"GET  /router/v1/x HTTP/1.1"),
    "empty host": _request(line=b"GET /router/v1/x HTTP/1.1", host=b"Host:"),
    "other host": _request(line=b"GET /router/v1/x HTTP/1.1", host=b"Host: evil.example"),
    "line end before the request": b"\r\n" + _get(b"GET /router/v1/x HTTP/1.1"),
    "upgrade to h2c": _request(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAAA"),
    "upgrade to h2c with a body": _request(
        b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED
    ),
    "upgrade to TLS": _request(b"Connection: Upgrade", b"Upgrade: TLS/1.2", b"Content-Length: 0"),
    "upgrade to WebSocket with a body": _request(
        b"Connection: Upgrade", b"Upgrade: websocket", b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED
    ),
    "expectation met early": _request(b"Expect: 100-continue", b"Content-Length: 5", body=b"hello"),
    "TRACE with a body": _request(b"Content-Length: 5", line=b"TRACE /router/v1/x HTTP/1.1", body=b"hello"),
}
"""Odd ones that are sound: they are refused, or reach the provider as the one request that they are."""
UNENDING = {
    "chunk of 64 bits": _chunked(b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
    "chunk of 63 bits": _chunked(b"7fffffffffffffff\r\nhello\r\n0\r\n\r\n" + SMUGGLED),
    "length of 59 bits": _counted(b"Content-Length: 576460752303423488"),
    "length of 33 bits": _counted(b"Content-Length: 4294967301"),
    "length and nothing": _counted(b"Content-Length: 500"),
}
"""These wait for more than will ever come."""
