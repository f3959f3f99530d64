"""Made-up names."""

from __future__ import annotations

import os
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from audit.recording.identity import is_left, uuid7, uuid7_hex, writer_name


@given(st.integers(0, 2**48 - 1))
def test_an_id_is_a_uuid_of_version_7_that_tells_its_time(unix_ms: int) -> None:
    made = uuid7(unix_ms)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == unix_ms


def test_the_digits_of_an_id_can_be_had_alone() -> None:
    digits = UUID(uuid7_hex(2**40))
    assert (digits.version, digits.variant, digits.int >> 80) == (7, RFC_4122, 2**40)


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
