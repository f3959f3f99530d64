from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from audit.call import Usage
from audit.store.read import Reader
from audit.store.rows import LatencyPoint, LatencyRow, Speed, Spread
from audit.store.scope import By, Scope
from audit.store.write import Writer
from tests.store.samples import NOON, a_call


def alike(n: int, us: int) -> Spread:
    return Spread(n=n, p50_us=us, p95_us=us, p99_us=us)


def test_models_are_compared_by_calls_that_came_to_their_end(reader: Reader) -> None:
    """Speeds: 10 tokens in the 1.0 s after the first one; 20 in 2 s; 30 in 3 s."""
    assert reader.latency_by_model(Scope()) == (
        LatencyRow(
            provider="openai",
            model="gpt-1",
            first_token=alike(1, 200_000),
            duration=Spread(n=2, p50_us=1_200_000, p95_us=2_000_000, p99_us=2_000_000),
            provider_duration=alike(1, 1_000_000),
            speed=Speed(n=2, p50=10.0, p05=10.0),
        ),
        LatencyRow(
            provider="anthropic", model="haiku", duration=alike(1, 3_000_000), speed=Speed(n=1, p50=10.0, p05=10.0)
        ),
        LatencyRow(provider="azure", model="gpt", duration=alike(1, 400_000)),
        LatencyRow(provider="azure", model="unknown", duration=alike(1, 500_000)),
    )


def test_latency_is_told_over_time(reader: Reader) -> None:
    points = reader.latency(Scope(), 3600)
    assert [(point.at, point.group, point.duration.n) for point in points] == [
        (NOON, None, 3),
        (NOON + timedelta(hours=1), None, 1),
        (NOON + timedelta(hours=12), None, 1),
    ]
    assert points[2] == LatencyPoint(at=NOON + timedelta(hours=12), duration=alike(1, 400_000))


def test_latency_is_told_by_group(reader: Reader) -> None:
    found = reader.latency(Scope(), 86_400, By.PROJECT)
    assert [(point.group, point.duration.n) for point in found if point.at.day == 2] == [
        (None, 1),
        ("billing", 1),
        ("search", 2),
    ]
    labelled = reader.latency(Scope(), 86_400, label="env", offset_s=3600)
    assert {(point.group, point.at.hour) for point in labelled} == {(None, 23), ("prod", 23), ("test", 23)}


def test_nothing_was_fast(empty: Reader) -> None:
    assert empty.latency(Scope(), 60) == empty.latency_by_model(Scope()) == ()


def test_a_stream_that_came_all_at_once_has_no_speed(engine: Engine, writer: Writer) -> None:
    usage = Usage(output_tokens=10)
    facts = {"duration_us": 1_000_000}
    writer.append([a_call(1, exchange=facts, usage=usage, streamed=True, first_token_us=1_000_000)])
    (row,) = Reader(engine).latency_by_model(Scope())
    assert (row.speed, row.first_token.n) == (Speed(), 1)


def test_a_stream_whose_first_token_nobody_saw_is_timed_as_a_whole(engine: Engine, writer: Writer) -> None:
    facts = {"duration_us": 2_000_000}
    writer.append([a_call(1, exchange=facts, usage=Usage(output_tokens=10), streamed=True)])
    (row,) = Reader(engine).latency_by_model(Scope())
    assert row.speed == Speed(n=1, p50=5.0, p05=5.0)
