from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.call import Arrival, Exchange
from audit.store import packing as module
from audit.store.packing import CODEC, pack, pack_exchange, unpack, unpack_exchange
from tests.factories import an_exchange

TEXTS = st.text(max_size=40) | st.sampled_from(["\x00", "\ud800", 'a"b\\', "é\n", "[redacted]"])
HEADERS = st.lists(st.tuples(TEXTS, TEXTS), max_size=5).map(tuple)
ARRIVALS = st.lists(st.builds(Arrival, st.integers(0, 10**9), st.integers(0, 10**12)), max_size=5).map(tuple)


def packed(exchange: Exchange) -> bytes:
    return pack_exchange(exchange, [exchange.request_body], [exchange.response_body])


def restored(exchange: Exchange) -> Exchange:
    fields = {name: getattr(exchange, name) for name in Exchange.__dataclass_fields__}
    return Exchange(**{**fields, **unpack_exchange(packed(exchange), CODEC)})


@given(st.binary(max_size=4_000))
def test_any_bytes_survive(data: bytes) -> None:
    assert unpack(pack(data), CODEC) == data


@given(
    request_body=st.binary(max_size=500),
    response_body=st.binary(max_size=500),
    request_headers=HEADERS,
    response_headers=HEADERS,
    arrivals=ARRIVALS,
    url=TEXTS,
    failure=st.none() | TEXTS,
)
def test_any_exchange_survives(**fields: Any) -> None:
    exchange = an_exchange(**fields)
    assert restored(exchange) == exchange


def test_a_large_exchange_survives() -> None:
    exchange = an_exchange(request_body=bytes(range(256)) * 10_000, response_body=b"data: {}\n\n" * 200_000)
    assert restored(exchange) == exchange
    assert len(packed(exchange)) < 5_000


def test_a_short_chat_packs_to_a_fraction_of_itself() -> None:
    request = {"messages": [{"role": "user", "content": "Say hello."}], "model": "gpt-4o"}
    message = {"role": "assistant", "content": "Hello!", "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
    response = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "choices": [choice], "usage": usage}
    bodies = {"request_body": json.dumps(request).encode(), "response_body": json.dumps(response).encode()}
    exchange = an_exchange(**bodies, request_headers=(("content-type", "application/json"),))
    assert len(packed(exchange)) < 0.4 * sum(map(len, bodies.values()))


def test_arrivals_cost_little_more_than_their_distances() -> None:
    marks = tuple(Arrival(120 * number, 1_700_000 + 20_000 * number) for number in range(1, 501))
    assert len(packed(an_exchange(arrivals=marks))) - len(packed(an_exchange())) < 100


def test_an_unknown_codec_is_refused() -> None:
    with pytest.raises(ValueError, match="codec 9 is not known"):
        unpack(pack(b"x"), 9)


def test_broken_data_is_refused() -> None:
    with pytest.raises(ValueError, match="broken packed data"):
        unpack(pack(b"hello" * 100)[:-3], CODEC)


def test_threads_do_not_disturb_one_another() -> None:
    bodies = [bytes([number]) * 50_000 for number in range(16)]
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(lambda body: unpack(pack(body), CODEC), bodies)) == bodies
    finally:
        sys.setswitchinterval(switch)


@given(st.lists(st.binary(max_size=400), max_size=4))
def test_what_is_too_large_to_be_joined_survives_part_by_part(parts: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as large:
        large.setattr(module, "_LARGE", 100)
        assert unpack(pack(*parts), CODEC) == b"".join(parts)
