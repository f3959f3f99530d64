"""Bodies for tests: conversations as their callers send them, and what nobody in their right mind would."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

from audit.call import Call
from tests.store.samples import a_call

__all__ = ["HOSTILE", "LONG_TEXT", "PICTURE", "a_body", "a_conversation", "talking", "told"]

LONG_TEXT = "You are a careful assistant of the orchard and count apples. " * 40
"""Of 2,480 bytes: what is worth a part of its own."""
PICTURE = base64.b64encode(random.Random(1).randbytes(3_700)).decode()
"""Base64 of 4,936 signs."""


def a_body(messages: Sequence[Any], run: str = "messages", **more: Any) -> bytes:
    """Return a request with what was said."""
    return json.dumps({"model": "m", **more, run: list(messages), "stream": False}).encode()


def told(role: str, text: str) -> dict[str, Any]:
    """Return a message."""
    return {"role": role, "content": text}


def a_conversation(turns: int, topic: str = "apples", run: str = "messages", **more: Any) -> Iterator[bytes]:
    """Yield the requests of a conversation, each of which repeats all that was said."""
    messages = [told("system", LONG_TEXT)]
    for turn in range(turns):
        messages.append(told("user", f"{topic}, question {turn}: " + f"how many in basket {turn}? " * 8))
        yield a_body(messages, run, **more)
        messages.append(told("assistant", f"{topic}, answer {turn}: " + f"there are {turn * 7}. " * 8))


def talking(bodies: Sequence[bytes], first: int = 1, **exchange: Any) -> list[Call]:
    """Return calls with these requests."""
    return [
        a_call(first + at, minutes=at, exchange={"response_body": b"{}", **exchange, "request_body": body})
        for at, body in enumerate(bodies)
    ]


_NUMBERS = "[1," + "1," * 2_000 + "1]"
_DEEP = '{"messages":' + "[" * 900 + "]" * 900 + ',"x":"' + "y" * 5_000 + '"}'
HOSTILE = [
    b"",
    b"{",
    b"{}",
    b"[]",
    b"null",
    b"\x1f\x8b\x08\x00 compressed" + bytes(range(256)) * 30,
    b"\xff\xfe" * 4_000,
    b'{"messages": NaN}',
    b'{"messages": []}' + b" " * 3_000,
    b'{"messages": [NaN, 1]}' + b" " * 3_000,
    b'{"messages": "text", "input": [1, 2]}',
    b'{"a\xff": "' + b"x" * 6_000 + b'"}',
    b'{"a": "' + b"\xff" * 6_000 + b'"}',
    b'{"\\ud800": "' + b"x" * 6_000 + b'"}',
    b'{"a": "' + b"\\ud800" * 1_000 + b'"}',
    b'{"a": 1e999999, "b": ' + b"9" * 5_000 + b"}",
    b'{"a": {"messages": [1]}, "messages": [{"a": {"b": "' + b"\\\\\\n" * 2_000 + b'"}}]}',
    f'{{"x": {_NUMBERS}, "messages": {_NUMBERS}}}'.encode(),
    f'{{"messages": {_NUMBERS}, "x": {_NUMBERS}, "tools": {_NUMBERS}}}'.encode(),
    f'{{"x": "{_NUMBERS}", "messages": {_NUMBERS}}}'.encode(),
    f'{{"messages": [1], "x": "{"x" * 5_000}", "messages": {_NUMBERS}}}'.encode(),
    f'{{"x": 1, "tools": "{"x" * 5_000}", "x": 12, "messages": {_NUMBERS}}}'.encode(),
    # The bytes of the last list also begin inside of the first key, and end in its value.
    b'{"[1,":",' + b"2," * 1_500 + b"3]" + b"x" * 5_000 + b'","messages":[1,":",' + b"2," * 1_500 + b"3]}",
    b'\n\t {  "messages"\n:\t[ 1 ,\r\n "'
    + b"x" * 3_000
    + b'" , {"a" : [ ] } ] , "\\"k\\\\" : "'
    + b"z" * 5_000
    + b'" } \n',
    _DEEP.encode(),
    ("[" * 100_000 + "]" * 100_000).encode(),
    b'{"a":' + b"[" * 3_000 + b"1" + b"]" * 3_000 + b"}",
    f'{{"input": [{{"image": "{PICTURE}"}}, {{"image": "{PICTURE}"}}], "x": "{PICTURE}="}}'.encode(),
    b'{"messages": [' + b'{"cache_control":{"type":"ephemeral"},"a":"b"},' * 100 + b'{"a":1,"cache_control":{}}]}',
    b'{"messages": [{"a":"' + b"a" * 3_000 + b'","cache_control":{"a":1}},{"cache_control": {"b":2}, "a":1}]}',
    b'{"messages":[1,{"cachePoint":{"a":1}},{"cachePoint":{"a":1}}],"x":"' + b"y" * 3_000 + b'"}',
    b'{"messages":[{"cachePoint":{"a":"' + b"x" * 3_000 + b'"}},{"cachePoint":{"a":"' + b"x" * 3_000 + b'"}}]}',
]
"""Each is to be stored and read back as it is."""
