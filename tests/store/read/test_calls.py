from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from audit.call import Arrival, Finding, PricePart, Source, Tags, Usage
from audit.store.read import Reader
from audit.store.rows import CallRow, NativeUsage
from audit.store.scope import Canaries, Order, Scope, Standing
from audit.store.write import Writer, name_key
from tests.store.samples import NOON, a_call, a_finding, a_price, an_id

WITH_ALL = Scope(canaries=Canaries.WITH, operations=("chat", "count_tokens"))


def numbers(rows: Any) -> list[int]:
    return [row.id.int & 0xFF for row in rows]


def test_a_row_has_what_a_table_shows(reader: Reader, engine: Engine) -> None:
    name_key(engine, "k1", "ours")
    (oldest,) = reader.calls(Scope()).rows[-1:]
    assert oldest == CallRow(
        pk=oldest.pk,
        id=an_id(1),
        started_at=NOON,
        recorded_at=NOON + timedelta(days=2),
        origin="client",
        reference=None,
        provider="openai",
        operation="chat",
        dialect="openai_chat",
        model_requested="gpt",
        model_served="gpt-1",
        model_match="alias",
        status=200,
        ending="eof",
        standing=Standing.OK,
        outcome="clean",
        complete=True,
        refusal=False,
        finish_reason="stop",
        error_code=None,
        error_message=None,
        input_tokens=100,
        cached_input_tokens=40,
        cache_write_tokens=None,
        output_tokens=10,
        reasoning_tokens=None,
        usage_partial=False,
        cost=Decimal("0.5"),
        currency="USD",
        unpriced_reason=None,
        first_byte_us=None,
        first_token_us=200_000,
        duration_us=1_200_000,
        provider_first_token_us=None,
        provider_duration_us=1_000_000,
        key_fingerprint="k1",
        key_name="ours",
        project="search",
        user="ann",
        session="of ann",
        canary=None,
        attempt=0,
        streamed=True,
        response_id="resp-00000001",
        request_id="req-00000001",
        request_bytes=3,
        response_bytes=0,
        labels=(("env", "prod"), ("team", "a")),
    )


def test_a_row_goes_by_the_name_that_groupings_go_by(reader: Reader) -> None:
    assert [row.model for row in reader.calls(Scope()).rows] == [
        "gpt",
        "gpt-1",
        "unknown",
        "gpt",
        "haiku",
        "gpt-1",
        "gpt-1",
    ]


def test_pages_are_cut_from_the_newest_first(reader: Reader) -> None:
    first, second = reader.calls(Scope(), limit=3), reader.calls(Scope(), limit=3, offset=3)
    assert (numbers(first.rows), numbers(second.rows)) == ([9, 6, 5], [4, 3, 2])
    assert (first.total, second.total, first.bounded) == (7, 7, False)
    assert numbers(reader.calls(Scope(), descending=False).rows) == [1, 2, 3, 4, 5, 6, 9]


@pytest.mark.parametrize(
    ("order", "descending", "expected"),
    [
        (Order.DURATION, True, [3, 2, 1, 6, 5, 9, 4]),
        (Order.FIRST_TOKEN, True, [6, 1, 9, 5, 4, 3, 2]),
        (Order.FIRST_TOKEN, False, [1, 6, 2, 3, 4, 5, 9]),
        (Order.INPUT_TOKENS, True, [3, 2, 1, 6, 9, 5, 4]),
        (Order.OUTPUT_TOKENS, False, [9, 1, 2, 3, 4, 5, 6]),
        (Order.COST, True, [3, 1, 2, 9, 6, 5, 4]),
        ("cost", True, [3, 1, 2, 9, 6, 5, 4]),
    ],
)
def test_calls_without_the_figure_to_sort_by_come_last(
    reader: Reader, order: str, descending: bool, expected: list[int]
) -> None:
    assert numbers(reader.calls(Scope(), order=order, descending=descending).rows) == expected


def test_an_unknown_order_is_refused(reader: Reader) -> None:
    with pytest.raises(ValueError, match="user_id"):
        reader.calls(Scope(), order="user_id")


def test_the_slowest_calls_may_have_failed(reader: Reader) -> None:
    assert numbers(reader.slowest(Scope(), limit=4)) == [3, 2, 1, 6]
    assert numbers(reader.slowest(WITH_ALL)) == [3, 2, 1, 6, 7, 5, 9, 4]


def test_later_calls_come_in_the_order_of_recording(reader: Reader) -> None:
    pks = [row.pk for row in reader.after(0, WITH_ALL)]
    fourth, last = pks[3], pks[-1]
    assert numbers(reader.after(fourth)) == [5, 6, 9]
    assert numbers(reader.after(fourth, WITH_ALL, limit=3)) == [5, 6, 7]
    assert reader.after(last) == ()


def test_a_call_comes_back_whole(engine: Engine, writer: Writer) -> None:
    parts = (
        PricePart(unit="input", quantity=Decimal(7), unit_price=Decimal("2.50")),
        PricePart(unit="x", quantity=Decimal(1), unit_price=Decimal(2), per=1),
    )
    price = a_price("2.0000175", parts=parts, multiplier=Decimal("0.5"))
    finding = Finding(
        source=Source.COMPLETION,
        category="code",
        probability="LOW",
        details={"a": [1, None]},
        place="x[1]",
        masked=True,
    )
    call = a_call(
        exchange={
            "request_body": b"\x00\xff\xfe",
            "response_body": b"data: [DONE]\n\n",
            "request_headers": (("a", "1"), ("a", "2")),
            "arrivals": (Arrival(3, 5), Arrival(14, 9)),
            "reference": "line 1",
            "tags": Tags(project="p", labels=(("a", "b"), ("c", "d"))),
        },
        price=price,
        usage=Usage(
            input_tokens=5,
            cached_input_tokens=2,
            output_tokens=3,
            total_tokens=8,
            input_includes_cached=False,
            partial=True,
        ),
        findings=(finding, a_finding()),
        notes=("first", "second"),
        block_reasons=("a=b",),
    )
    writer.append([a_call(2), call])
    detail = Reader(engine).call(an_id(1))
    assert detail is not None
    assert detail.exchange == call.exchange
    assert detail.findings == call.reading.findings
    assert (detail.notes, detail.block_reasons) == (("first", "second"), ("a=b",))
    assert detail.usage == NativeUsage(input_tokens=5, output_tokens=3, total_tokens=8, partial=True)
    assert detail.price == price
    assert (detail.row.id, detail.row.input_tokens, detail.dialect_version) == (an_id(1), 7, 1)


def test_a_bare_call_comes_back_bare(reader: Reader) -> None:
    detail = reader.call(an_id(8))
    assert detail is not None
    assert (detail.findings, detail.notes, detail.block_reasons, detail.price) == ((), (), (), None)
    assert detail.usage == NativeUsage(input_tokens=999, output_tokens=None, total_tokens=None, partial=False)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (str(an_id(3)), 3),
        (an_id(3).hex, 3),
        (str(an_id(3)).upper(), 3),
        ("line 9", 9),
        ("01930000-0000-7000-8000", None),
        ("02", None),
        ("", None),
        ("line", None),
        ("not a call", None),
        (an_id(3).hex + "0", None),
        (an_id(99), None),
    ],
)
def test_a_call_is_found_by_what_only_it_has(reader: Reader, wanted: Any, number: int | None) -> None:
    detail = reader.call(wanted)
    assert (detail and detail.row.id) == (number and an_id(number))


def test_the_beginning_of_an_id_is_enough_if_no_other_begins_so(engine: Engine, writer: Writer) -> None:
    other = a_call(exchange={"id": UUID("02930000-0000-7000-8000-000000000001")})
    writer.append([a_call(1), other])
    detail = Reader(engine).call("0293")
    assert detail is not None
    assert detail.row.id == other.exchange.id


def test_a_reference_that_several_calls_have_finds_none(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(number, exchange={"reference": "twice"}) for number in (1, 2)])
    assert Reader(engine).call("twice") is None


def test_there_are_no_calls(empty: Reader) -> None:
    page = empty.calls(Scope())
    assert (page.rows, page.total) == ((), 0)
    assert empty.slowest(Scope()) == empty.after(0) == ()
    assert empty.call(an_id(1)) is empty.call("01") is None


def test_many_rows_have_their_labels(engine: Engine, writer: Writer) -> None:
    """More than the database takes parameters of one statement at a time."""
    labelled = {"tags": Tags(labels=(("n", "v"),))}
    writer.append([a_call(number, exchange={**labelled, "id": an_id(number)}) for number in range(2_100)])
    rows = Reader(engine).calls(Scope(), limit=5_000).rows
    assert len(rows) == 2_100
    assert {row.labels for row in rows} == {(("n", "v"),)}


def test_the_newest_call_is_the_one_that_was_taken_last(empty: Reader, engine: Engine) -> None:
    assert empty.newest(NOON) == 0
    for number in (1, 2, 3):
        write_at(NOON + timedelta(hours=number), engine, number)
    first, second, third = (row.pk for row in empty.after(0))
    assert [empty.newest(NOON + timedelta(hours=hours)) for hours in (1, 1.5, 2.5, 9)] == [0, first, second, third]


def write_at(moment: datetime, engine: Engine, number: int) -> None:
    Writer(engine, clock=lambda: moment).append([a_call(number)])
