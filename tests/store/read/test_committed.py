from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from sqlalchemy import Engine, delete, func, select, update

from audit.call import Arrival, Call, Tags, Usage
from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit
from audit.store import tables
from audit.store.read.committed import Committed, committed
from audit.store.write import Writer
from tests.store.any_call import CALLS
from tests.store.bodies_of import HOSTILE, a_conversation, talking
from tests.store.samples import NOON, a_call, a_finding, a_price, an_id


def everything(engine: Engine, since: int = 0) -> list[Committed]:
    with engine.begin() as connection:
        pks = connection.execute(select(tables.calls.c.pk).where(tables.calls.c.pk >= since)).scalars().all()
        return list(committed(connection, pks))


def entries(engine: Engine, since: int = 0) -> list[Any]:
    of_calls = select(tables.entries).where(tables.entries.c.id.not_in(select(tables.acts.c.id)))
    with engine.begin() as connection:
        return list(connection.execute(of_calls.where(tables.entries.c.pk >= since).order_by(tables.entries.c.pk)))


def assert_as_committed(engine: Engine, since: int = 0) -> None:
    """What is stored of each call, from a key on, is what its entry commits to."""
    found, told = everything(engine, since), entries(engine, since)
    assert [(one.pk, one.id) for one in found] == [(entry.pk, entry.id) for entry in told]
    for one, entry in zip(found, told, strict=True):
        assert one.body_salt is not None
        assert commit(entry.salt, METADATA, one.metadata) == entry.metadata_commitment, one.metadata
        assert commit(one.body_salt, REQUEST, one.request or b"") == entry.request_commitment
        assert commit(one.body_salt, RESPONSE, one.response or b"") == entry.response_commitment


def a_full_call(number: int = 1, **over: Any) -> Call:
    exchange = {
        "started_at": NOON.astimezone(timezone(timedelta(hours=5))),
        "request_headers": (("a", "\ud800"),),
        "response_body": b"answer",
        "arrivals": (Arrival(1, 6), Arrival(2, 7)),
        "tags": Tags(project="p", user="u\0", session="s", labels=(("b", "1"), ("a", "2"), ("b", "3"))),
        "key_fingerprint": "k",
    }
    found = (a_finding("hate", score=0.1, details={"b": [1.5, 10**30, "\ud800"], "a": float("nan")}), a_finding("x"))
    price = a_price("0.1234567890123456")
    return a_call(
        number,
        exchange=exchange,
        price=price,
        findings=found,
        notes=("one",),
        usage=Usage(input_tokens=1),
        block_reasons=("a=b",),
        **over,
    )


def test_what_is_stored_is_what_was_committed_to(engine: Engine, writer: Writer) -> None:
    writer.append([a_full_call(1), a_call(2)])
    writer.append([a_full_call(3)])
    assert_as_committed(engine)


def test_so_is_what_is_stored_in_parts_and_continued(engine: Engine, writer: Writer) -> None:
    writer.append(talking(list(a_conversation(4))))
    writer.append(talking(HOSTILE, first=100))
    assert_as_committed(engine)
    assert everything(engine)[3].request is not None


ZERO = a_call(findings=(a_finding(score=-0.0, details={"score": -0.0}),))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=CALLS)
@example(call=ZERO)
def test_whatever_a_call_holds(engine: Engine, call: Call) -> None:
    call = replace(call, exchange=replace(call.exchange, id=uuid4()))
    assert Writer(engine).append([call]).new == 1
    with engine.begin() as connection:
        newest = connection.execute(select(func.max(tables.calls.c.pk))).scalar_one()
    assert_as_committed(engine, newest)


CHANGES: list[tuple[Any, dict[str, Any], str]] = [
    (tables.calls, {"model_served": "another"}, "metadata"),
    (tables.calls, {"conversation": an_id(9)}, "metadata"),
    (tables.calls, {"cost": 1}, "metadata"),
    (tables.findings, {"filtered": True}, "metadata"),
    (tables.call_labels, {"value": "another"}, "metadata"),
    (tables.prices, {"working": {"source": "another"}}, "metadata"),
]


@pytest.mark.parametrize(("table", "change", "side"), CHANGES, ids=range(len(CHANGES)))
def test_a_change_shows(engine: Engine, writer: Writer, table: Any, change: dict[str, Any], side: str) -> None:
    writer.append([a_full_call()])
    (before,) = everything(engine)
    with engine.begin() as connection:
        connection.execute(update(table).values(**change))
    (after,) = everything(engine)
    assert getattr(after, side) != getattr(before, side)
    assert replace(after, **{side: getattr(before, side)}) == before


def test_a_row_that_is_taken_away_shows(engine: Engine, writer: Writer) -> None:
    writer.append([a_full_call()])
    (before,) = everything(engine)
    with engine.begin() as connection:
        connection.execute(delete(tables.call_labels).where(tables.call_labels.c.name == "a"))
    assert everything(engine)[0].metadata != before.metadata


def test_bodies_that_are_gone_are_told(engine: Engine, writer: Writer) -> None:
    writer.append([a_full_call()])
    with engine.begin() as connection:
        connection.execute(delete(tables.exchanges))
    (one,) = everything(engine)
    assert (one.body_salt, one.request, one.response) == (None, None, None)


def test_calls_that_are_gone_are_left_out(engine: Engine) -> None:
    with engine.begin() as connection:
        assert list(committed(connection, [1, 2])) == []
