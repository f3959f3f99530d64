"""Made-up names."""

from __future__ import annotations

import os
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from audit.recording.identity import Ids, is_left, uuid7, writer_name


@given(st.integers(0, 2**48 - 1))
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(unix_ms: int) -> None:
    made = uuid7(unix_ms)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == unix_ms


@given(st.integers(0, 2**48 - 1))
def test_the_first_of_many_ids_tells_its_time(unix_ms: int) -> None:
    made = UUID(Ids().next_hex(unix_ms))
    assert (made.version, made.variant, made.int >> 80) == (7, RFC_4122, unix_ms)


@given(st.lists(st.integers(0, 2**41), max_size=50))
def test_ids_grow_whatever_the_clock_does(times: list[int]) -> None:
    ids = Ids()
    made = [ids.next_hex(unix_ms) for unix_ms in times]
    assert made == sorted(set(made))
    assert {UUID(one).version for one in made} <= {7}


def test_ids_grow_within_a_millisecond_and_beyond_what_its_counter_has_room_for() -> None:
    ids = Ids()
    made = [ids.next_hex(1) for _ in range(10_000)]
    assert made == sorted(set(made))
    assert UUID(made[-1]).int >> 80 in (3, 4)


def test_ids_go_on_behind_anothers() -> None:
    first = Ids()
    earlier = first.next_hex(2**41)
    assert Ids(after=first.last).next_hex(1) > earlier


def test_ids_sort_by_time() -> None:
    made = [uuid7(unix_ms) for unix_ms in range(1000)]
    assert made == sorted(made)


def test_no_two_ids_are_the_same() -> None:
    assert len({uuid7(1) for _ in range(10_000)}) == 10_000


def test_a_writers_name_tells_its_process_and_no_other_has_it() -> None:
    assert writer_name().startswith(f"{os.getpid()}-")
    assert writer_name() != writer_name()


def test_a_writers_name_says_whether_its_journal_is_left_to_a_collector() -> None:
    assert [is_left(name) for name in (writer_name(), writer_name(left=True))] == [False, True]
