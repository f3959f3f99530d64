from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from audit.call import Arrival, Call, Finding, Message, Origin, Part, Source, Tags, Usage
from audit.errors import StoreError
from audit.store import tables, write
from audit.store.batch import Prepared
from audit.store.effective import Effective
from audit.store.engine import open_engine
from audit.store.packing import unpack_exchange
from audit.store.search import matching
from audit.store.write import Appended, Writer, name_key
from tests.store.samples import NOON, a_call, a_finding, a_price, an_id, said


def rows(engine: Engine, table: Any) -> list[dict[str, Any]]:
    with engine.begin() as connection:
        found = connection.execute(select(table).order_by(*table.primary_key.columns))
        return [dict(row._mapping) for row in found]


def count(engine: Engine, table: Any) -> int:
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_batch_is_stored_in_order(engine: Engine, writer: Writer) -> None:
    assert writer.append([a_call(3), a_call(1), a_call(2)]) == Appended(new=3)
    assert [row["id"] for row in rows(engine, tables.calls)] == [an_id(3), an_id(1), an_id(2)]


def test_an_empty_batch_is_nothing(engine: Engine, writer: Writer) -> None:
    assert writer.append([]) == Appended()
    assert count(engine, tables.calls) == 0


def test_each_call_is_stored_once(engine: Engine, writer: Writer) -> None:
    label = {"tags": Tags(labels=(("a", "b"),)), "key_fingerprint": "k"}
    calls = [a_call(number, exchange=label, findings=(a_finding(),)) for number in (1, 2)]
    assert writer.append(calls) == Appended(new=2)
    assert writer.append([*calls, a_call(3)]) == Appended(new=1, repeated=2)
    assert writer.append(calls) == Appended(repeated=2)
    kept = (tables.calls, tables.exchanges, tables.findings, tables.call_labels, tables.api_keys)
    assert [count(engine, table) for table in kept] == [3, 3, 2, 2, 1]


def test_of_two_with_one_id_in_a_batch_the_first_counts(engine: Engine, writer: Writer) -> None:
    first, second = a_call(1, exchange={"request_body": b"first"}), a_call(1, exchange={"request_body": b"the second"})
    assert writer.append([first, second]) == Appended(new=1, repeated=1)
    (call,), (exchange,) = rows(engine, tables.calls), rows(engine, tables.exchanges)
    assert call["request_bytes"] == 5
    assert unpack_exchange(exchange["content"], exchange["codec"])["request_body"] == b"first"


def test_every_fact_of_an_exchange_is_stored(engine: Engine, writer: Writer) -> None:
    facts = {
        "origin": Origin.PROXY,
        "request_headers": (("a", "1"), ("a", "2")),
        "request_body": b"\x00\xff",
        "response_body": b"{}",
        "first_byte_us": 5,
        "duration_us": 7,
        "arrivals": (Arrival(1, 6), Arrival(2, 7)),
        "tags": Tags(project="p", user="u", session="s", canary="c", labels=(("a", "b"),)),
    }
    call = a_call(exchange=facts)
    writer.append([call])
    (row,), (packed,) = rows(engine, tables.calls), rows(engine, tables.exchanges)
    columns = ("id", "started_at", "reference", "status", "first_byte_us", "duration_us", "key_fingerprint")
    fields: dict[str, Any] = {name: row[name] for name in columns}
    fields |= {"origin": Origin(row["origin"]), "ending": call.exchange.ending}
    fields["tags"] = replace(
        call.exchange.tags,
        project=row["project"],
        user=row["user_id"],
        session=row["session_id"],
        canary=row["canary"],
    )
    assert type(call.exchange)(**fields, **unpack_exchange(packed["content"], packed["codec"])) == call.exchange
    assert (row["request_bytes"], row["response_bytes"]) == (2, 2)


def test_the_clock_says_when_a_call_was_recorded(engine: Engine) -> None:
    later = NOON + timedelta(days=1)
    Writer(engine, clock=lambda: later).append([a_call()])
    assert rows(engine, tables.calls)[0]["recorded_at"] == later


def test_by_default_it_is_the_computers_clock(engine: Engine, writer: Writer) -> None:
    before = write._now()
    writer.append([a_call()])
    assert before <= rows(engine, tables.calls)[0]["recorded_at"] <= write._now()


def test_findings_keep_the_order_of_the_reply(engine: Engine, writer: Writer) -> None:
    findings = (a_finding("violence"), a_finding("hate", source=Source.COMPLETION, details={"a": [1]}))
    writer.append([a_call(1, findings=findings), a_call(2, findings=findings[:1])])
    found = rows(engine, tables.findings)
    first, second = (row["pk"] for row in rows(engine, tables.calls))
    assert [(row["call_pk"], row["number"], row["category"]) for row in found] == [
        (first, 0, "violence"),
        (first, 1, "hate"),
        (second, 0, "violence"),
    ]
    assert found[1]["details"] == {"a": [1]}


def test_equal_workings_of_prices_are_stored_once(engine: Engine, writer: Writer) -> None:
    cheap, dear = a_price("0.1"), a_price("0.2")
    writer.append([a_call(1, price=cheap), a_call(2, price=dear), a_call(3, price=cheap), a_call(4)])
    Writer(engine).append([a_call(5, price=dear), a_call(6, price=a_price("0.3"))])
    workings = [row["working"]["parts"][0][1] for row in rows(engine, tables.prices)]
    by_pk = {row["pk"]: row["working"]["parts"][0][1] for row in rows(engine, tables.prices)}
    stored = [by_pk.get(row["price_pk"]) for row in rows(engine, tables.calls)]
    assert sorted(workings) == ["0.1", "0.2", "0.3"]
    assert stored == ["0.1", "0.2", "0.1", None, "0.2", "0.3"]


def test_it_remembers_no_more_prices_than_it_should(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "MAX_PRICES", 2)
    for number in range(1, 6):
        writer.append([a_call(number, price=a_price(f"0.{number}")), a_call(number + 10, price=a_price("0.1"))])
    assert len(writer._price_pks) <= 4
    assert len({row["price_pk"] for row in rows(engine, tables.calls)}) == 5


def test_a_key_is_known_from_its_first_to_its_last_use(engine: Engine, writer: Writer) -> None:
    for minutes in (5, 1, 9, 3):
        writer.append([a_call(minutes, minutes=minutes, exchange={"key_fingerprint": "k"})])
    (key,) = rows(engine, tables.api_keys)
    assert (key["first_seen_at"], key["last_seen_at"]) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=9))


def test_a_key_can_be_named(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(exchange={"key_fingerprint": "k"})])
    assert name_key(engine, "k", "the \x00 team's")
    assert rows(engine, tables.api_keys)[0]["name"] == "the ␀ team's"
    assert name_key(engine, "k", None)
    assert rows(engine, tables.api_keys)[0]["name"] is None
    assert not name_key(engine, "never seen", "x")


def test_a_name_survives_the_keys_next_use(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1, exchange={"key_fingerprint": "k"})])
    name_key(engine, "k", "ours")
    writer.append([a_call(2, minutes=1, exchange={"key_fingerprint": "k"})])
    assert rows(engine, tables.api_keys)[0]["name"] == "ours"


def test_a_loss_is_noted_once(engine: Engine, writer: Writer) -> None:
    for _ in range(2):
        writer.lost(an_id(1), NOON, 3, "disk \x00 full" + "!" * 1_000)
    (loss,) = rows(engine, tables.losses)
    assert (loss["id"], loss["at"], loss["count"], loss["reason"][:11], len(loss["reason"])) == (
        an_id(1),
        NOON,
        3,
        "disk ␀ full",
        500,
    )
    (act,) = rows(engine, tables.acts)
    assert (act["kind"], act["statement"]["loss"], act["statement"]["count"]) == ("loss", an_id(1).hex, 3)


def test_a_price_is_an_act_when_it_comes_into_the_record(engine: Engine) -> None:
    first = Writer(engine, actor="ann@host")
    first.append([a_call(1, price=a_price("0.5")), a_call(2, price=a_price("0.5"))])
    first.append([a_call(3, price=a_price("0.5"))])
    Writer(engine).append([a_call(4, price=a_price("0.5"))])
    (act,), (price,) = rows(engine, tables.acts), rows(engine, tables.prices)
    assert (act["kind"], act["actor"], act["statement"]["digest"]) == ("price", "ann@host", price["digest"])


def naive(call: Call) -> Call:
    return replace(call, exchange=replace(call.exchange, started_at=datetime(2026, 1, 1)))  # noqa: DTZ001  # spoilt


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_call_that_cannot_be_stored_costs_no_other(engine: Engine, writer: Writer, place: int) -> None:
    calls = [a_call(number, price=a_price("0.1")) for number in range(7)]
    calls[place] = naive(calls[place])
    appended = writer.append(calls)
    assert (appended.new, appended.repeated) == (6, 0)
    assert [refused for refused, _ in appended.refused] == [an_id(place)]
    assert "without time zone" in appended.refused[0][1]
    assert count(engine, tables.calls) == count(engine, tables.exchanges) == 6


def test_calls_that_cannot_be_stored_are_told_one_by_one(engine: Engine, writer: Writer) -> None:
    appended = writer.append([naive(a_call(1)), a_call(2, dialect_version=2**70), a_call(3), naive(a_call(4))])
    assert appended.new == 1
    assert [refused for refused, _ in appended.refused] == [an_id(1), an_id(2), an_id(4)]
    assert [row["id"] for row in rows(engine, tables.calls)] == [an_id(3)]


def test_a_database_that_refuses_a_row_names_it(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = write.prepared

    def without_provider(call: Call, *given: Any) -> Prepared:
        made = real(call, *given)
        if call.exchange.id == an_id(2):
            made.row["provider"] = None
        return made

    monkeypatch.setattr(write, "prepared", without_provider)
    appended = writer.append([a_call(1), a_call(2), a_call(3)])
    assert appended.new == 2
    ((refused, why),) = appended.refused
    assert refused == an_id(2)
    assert "provider" in why


HOSTILE = st.text(st.characters(), max_size=30) | st.sampled_from(["\x00", "\ud800", "\x1f", "", "x" * 20_000, "'; --"])
FIGURES = st.integers(-(10**30), 10**30) | st.none()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(HOSTILE, min_size=6, max_size=6),
    figures=st.lists(FIGURES, min_size=5, max_size=5),
    score=st.floats(),
    number=st.uuids(),
)
def test_whatever_a_reply_says_is_taken(
    writer: Writer, texts: list[str], figures: list[int | None], score: float, number: UUID
) -> None:
    one, two, three, four, five, six = texts
    finding = Finding(
        source=Source.PROMPT, category=one, severity=two, score=score, choice=figures[0], details={three: [four, score]}
    )
    call = a_call(
        exchange={"id": number, "tags": Tags(project=one, labels=((two, three),)), "reference": four},
        model_served=five,
        response_id=six,
        attempt=figures[1],
        usage=Usage(input_tokens=figures[2], output_tokens=figures[3], cached_input_tokens=figures[4]),
        provider_duration_us=figures[0],
        findings=(finding,),
        input=(Message(role=one, parts=(Part(kind="text", text=six),)),),
        notes=(one, two),
    )
    assert writer.append([call]).refused == ()


def test_what_was_said_can_be_searched(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(1, input=said("hello world")), a_call(2, output=said("good night"))])
    with engine.begin() as connection:
        found = [
            connection.execute(wanted).scalars().all()
            for query in ("world", "night", "morning")
            if (wanted := matching(connection, query)) is not None
        ]
    first, second = (row["pk"] for row in rows(engine, tables.calls))
    assert found == [[first], [second], []]


def failing(writer: Writer, monkeypatch: pytest.MonkeyPatch, exc: Exception) -> Callable[[], Appended]:
    def fail(_connection: object, _calls: Sequence[Call]) -> list[Call]:
        raise exc

    monkeypatch.setattr(write, "_unknown", fail)
    return lambda: writer.append([a_call(1), a_call(2)])


@pytest.mark.parametrize(
    ("exc", "permanent"),
    [
        (OperationalError("INSERT", {}, Exception("database is locked")), False),
        (DatabaseError("INSERT", {}, Exception("database disk image is malformed")), True),
        (PoolTimeoutError("QueuePool limit"), False),
    ],
)
def test_trouble_of_the_database_is_no_calls_fault(
    engine: Engine, writer: Writer, monkeypatch: pytest.MonkeyPatch, exc: Exception, permanent: bool
) -> None:
    append = failing(writer, monkeypatch, exc)
    with pytest.raises(StoreError) as caught:
        append()
    assert caught.value.permanent is permanent
    monkeypatch.undo()
    assert writer.append([a_call(1), a_call(2)]) == Appended(new=2)


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StoreError, match="audit db upgrade"):
        Writer(engine).append([a_call()])
    with pytest.raises(StoreError, match="audit db upgrade"):
        Writer(engine).lost(an_id(1), NOON, 1, "x")
    with pytest.raises(StoreError, match="audit db upgrade"):
        name_key(engine, "k", "x")
    engine.dispose()


def test_two_writers_share_a_database(engine: Engine) -> None:
    first, second = Writer(engine), Writer(engine)
    price = a_price("0.1")
    assert first.append([a_call(1, price=price)]) == Appended(new=1)
    assert second.append([a_call(1, price=price), a_call(2, price=price)]) == Appended(new=1, repeated=1)
    assert {row["price_pk"] for row in rows(engine, tables.calls)} == {1}


def test_money_is_exact(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(price=a_price("0.000000000001"))])
    assert rows(engine, tables.calls)[0]["cost"] == Decimal("0.000000000001")


def test_settings_are_entered_once(engine: Engine, writer: Writer) -> None:
    effective = Effective(host="a", home="/srv", program="audit", values={"proxy.port": "1"})
    assert [writer.writes_by(effective), writer.writes_by(effective)] == [True, False]
    assert [act["kind"] for act in rows(engine, tables.acts)] == ["settings"]
