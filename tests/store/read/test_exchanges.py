from __future__ import annotations

import pytest
from sqlalchemy import Engine, true

from audit.store.read import exchanges
from audit.store.read.exchanges import labels_of, said_in, stored_exchanges
from audit.store.write import Writer
from tests.factories import an_exchange
from tests.store.samples import a_call


def test_the_newest_exchanges_come_first(engine: Engine, writer: Writer) -> None:
    calls = [a_call(number, exchange={"request_body": bytes([number])}) for number in (1, 2, 3)]
    writer.append(calls)
    with engine.begin() as connection:
        found = stored_exchanges(connection, true(), limit=2)
    assert [exchange for _, exchange in found] == [calls[2].exchange, calls[1].exchange]
    assert found[0][0] == found[1][0] + 1


def test_what_was_said_is_read_by_the_exchanges_dialect() -> None:
    body = b'{"model": "gpt", "messages": [{"role": "user", "content": "hello there"}]}'
    assert (
        said_in(an_exchange(request_body=body, request_headers=(("content-type", "application/json"),)))
        == "hello there"
    )


def test_what_no_dialect_can_read_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_exchange: object) -> None:
        raise RecursionError

    monkeypatch.setattr(exchanges, "transcribe", broken)
    assert said_in(an_exchange()) == ""


def test_no_calls_have_no_labels(engine: Engine) -> None:
    with engine.begin() as connection:
        assert labels_of(connection, []) == {}
