from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from audit.call import Arrival, Exchange, Origin
from audit.demo.acts import PEOPLE
from audit.demo.history import made_up
from tests.factories import an_exchange

UNTIL = datetime(2026, 6, 30, tzinfo=UTC)
PLAIN = an_exchange(
    url="https://plain", first_byte_us=1_000, duration_us=2_000, arrivals=(Arrival(10, 1_500),), reference=None
)
STAGED = an_exchange(url="https://staged", request_headers=(("x-sim-scenario", "slow"),))
FAILED = an_exchange(url="https://failed", status=500)


def past(count: int = 400, seed: int = 1) -> list[Exchange]:
    return list(made_up([PLAIN, STAGED, FAILED], until=UNTIL, days=21, count=count, seed=seed))


def test_there_are_as_many_as_wanted_all_in_the_days_before() -> None:
    moments = [one.started_at for one in past()]
    assert len(moments) == 400
    assert UNTIL - timedelta(days=21) <= min(moments)
    assert max(moments) <= UNTIL


def test_each_is_marked_as_made_up_and_is_somebodys() -> None:
    for one in past(50):
        assert one.origin is Origin.IMPORT
        assert one.tags.labels == (("source", "made-up"),)
        assert (one.tags.project, one.tags.user) in {(project, user) for project, user, _ in PEOPLE}


def test_ids_tell_their_time_and_are_all_different() -> None:
    calls = past()
    assert len({one.id for one in calls}) == 400
    assert all(one.id.version == 7 for one in calls)
    assert all(one.id.int >> 80 == int(one.started_at.timestamp() * 1000) for one in calls)


def test_what_goes_well_is_told_most_often() -> None:
    told = Counter(one.url for one in past())
    assert told["https://plain"] > 5 * told["https://staged"] > 5 * told["https://failed"] / 2


def test_times_are_those_of_a_slower_provider_all_stretched_alike() -> None:
    for one in past(50):
        if one.url == "https://plain":
            assert one.duration_us is not None
            assert one.first_byte_us is not None
            assert one.duration_us > PLAIN.duration_us  # type: ignore[operator]
            assert abs(one.duration_us - 2 * one.first_byte_us) <= 2
            assert abs(one.arrivals[0].at_us * 2 - one.first_byte_us * 3) <= 3


def test_what_nobody_measured_stays_unknown() -> None:
    staged = next(one for one in past() if one.url == "https://staged")
    assert (staged.first_byte_us, staged.duration_us) == (None, None)


def test_working_days_and_hours_are_busier() -> None:
    calls = past(2_000)
    weekend = sum(one.started_at.weekday() >= 5 for one in calls)
    afternoon = sum(12 <= one.started_at.hour < 18 for one in calls)
    night = sum(one.started_at.hour < 6 for one in calls)
    assert weekend / 2_000 < 0.2
    assert afternoon > 2 * night


def test_the_same_seed_tells_the_same_story() -> None:
    def story(seed: int) -> list[tuple[datetime, str]]:
        return [(one.started_at, one.url) for one in past(20, seed)]

    assert story(1) == story(1)
    assert story(1) != story(2)
