from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from audit.call import Arrival
from audit.store.entries import metadata_of, request_of, response_of
from tests.factories import an_exchange

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_metadata_are_told_in_order_and_without_what_is_not_known() -> None:
    call = {"id": UUID(int=1), "started_at": NOON, "status": None, "cost": Decimal("0.5"), "streamed": False}
    findings = [{"call_pk": 7, "number": 0, "category": "hate", "score": None, "masked": False}]
    told = metadata_of(call, {"source": "list"}, findings, {"b": "2", "a": "1"})
    assert told == (
        b'{"call":{"cost":500000000000,"id":"00000000-0000-0000-0000-000000000001","started_at":"2026-01-02T12:00:00Z",'
        b'"streamed":false},"findings":[{"category":"hate","masked":false,"number":0}],"form":1,"labels":{"a":"1",'
        b'"b":"2"},"price":{"source":"list"}}'
    )


def test_what_is_of_the_database_alone_is_not_told() -> None:
    plain = {"id": UUID(int=1), "started_at": NOON}
    ours = {"pk": 1, "standing": "ok", "price_pk": 9}
    assert metadata_of({**plain, **ours}, None, (), {}) == metadata_of(plain, None, (), {})


def test_one_amount_and_one_moment_are_told_in_one_way() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=2)))
    one = metadata_of({"cost": Decimal("0.50"), "started_at": there}, None, (), {})
    assert one == metadata_of({"cost": Decimal("0.5"), "started_at": NOON}, None, (), {})


def test_a_body_comes_behind_the_length_of_what_comes_beside_it() -> None:
    request = request_of(an_exchange(request_headers=(("a", "1"), ("a", "2")), url="https://x.example/"))
    assert int.from_bytes(request[:4]) == len(request) - 4
    assert json.loads(request[4:]) == [1, "POST", "https://x.example/", [["a", "1"], ["a", "2"]]]
    response = response_of(an_exchange(response_headers=(("b", "3"),), failure="x", arrivals=(Arrival(1, 6),)))
    assert int.from_bytes(response[:4]) == len(response) - 4
    assert json.loads(response[4:]) == [1, [["b", "3"]], "x", [[1, 6]]]


def test_what_plain_json_cannot_hold_is_told_nonetheless() -> None:
    assert json.loads(request_of(an_exchange(url="\ud800"))[4:])[2] == "\ud800"
    told = metadata_of({"id": UUID(int=1), "at": NOON}, None, [{"details": {"n": 10**30}}], {})
    assert json.loads(told)["findings"] == [{"details": {"n": 10**30}}]
    assert b'"00000000-0000-0000-0000-000000000001"' in told


def test_equal_exchanges_are_told_alike_and_others_are_not() -> None:
    one = an_exchange(request_headers=(("a", "1"),))
    assert request_of(one) == request_of(an_exchange(request_headers=(("a", "1"),)))
    for other in ({"request_headers": (("a", "2"),)}, {"method": "GET"}, {"url": "https://y.example/"}):
        assert request_of(one) != request_of(an_exchange(**{"request_headers": (("a", "1"),), **other}))
    for other in ({"response_headers": (("a", "2"),)}, {"failure": "x"}, {"arrivals": (Arrival(1, 2),)}):
        assert response_of(one) != response_of(an_exchange(**other))
