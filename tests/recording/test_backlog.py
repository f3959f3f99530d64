"""What is not in the database yet."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from audit.call import Ending
from audit.recording import backlog as module
from audit.recording.backlog import Backlog, Batch
from audit.recording.frames import FINISH, INTENT, LOSS, PIECE, REQUEST, RESPONSE, encode
from audit.recording.journal import Journal, segments
from tests.factories import an_exchange
from tests.recording.kept import a_call


def a_loss(number: int) -> list[bytes]:
    return encode(LOSS, {"id": UUID(int=number).hex, "at": 0, "count": number, "reason": "full"})


def turn(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.recording.journal.WORTH_TURNING_BYTES", 0)
    journal.turn_if_large()


def test_what_has_ended_is_taken_in_the_order_of_its_end(journal: Journal, backlog: Backlog) -> None:
    (first, intent1, finish1), (second, intent2, finish2) = a_call(1), a_call(2)
    for pieces in (intent1, intent2, finish2, finish1):
        journal.append(pieces)
    assert backlog.take(10).exchanges == [second, first]
    assert not backlog.take(10)
    assert backlog.position == journal.end


def test_no_more_is_taken_than_was_asked_for(journal: Journal, backlog: Backlog) -> None:
    calls = [a_call(number) for number in range(5)]
    for _, intent, finish in calls:
        journal.append(intent)
        journal.append(finish)
    assert backlog.take(3).exchanges == [exchange for exchange, _, _ in calls[:3]]
    assert backlog.position < journal.end
    assert backlog.take(3).exchanges == [exchange for exchange, _, _ in calls[3:]]
    assert backlog.position == journal.end


def test_what_is_written_just_before_the_next_segment_is_begun_is_not_passed_over(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer comes between the reader's look at the segment and its look for later ones."""
    (first, *told), (second, *more) = a_call(1), a_call(2)

    def come_between(folder: Path, name: str) -> dict[int, Path]:
        if not backlog.position[0] and len(segments(folder, name)) == 1:
            journal.append([piece for pieces in told for piece in pieces])
            turn(journal, monkeypatch)
            journal.append([piece for pieces in more for piece in pieces])
        return segments(folder, name)

    monkeypatch.setattr(module, "segments", come_between)
    assert backlog.take(10).exchanges == [first, second]
    assert backlog.position == journal.end


def test_what_is_under_way_is_counted_and_waited_for(journal: Journal, backlog: Backlog) -> None:
    exchange, intent, finish = a_call(1)
    journal.append(intent)
    assert not backlog.take(10)
    assert backlog.under_way == 1
    [batch] = backlog.unfinished(10)
    assert [(cut.id, cut.ending) for cut in batch.exchanges] == [(exchange.id, Ending.UNKNOWN)]
    journal.append(finish)
    assert backlog.take(10).exchanges == [exchange]
    assert (backlog.under_way, list(backlog.unfinished(10))) == (0, [])


def test_losses_come_with_what_is_around_them(journal: Journal, backlog: Backlog) -> None:
    journal.append(a_loss(3))
    batch = backlog.take(10)
    assert (batch.exchanges, [loss.count for loss in batch.losses], bool(batch)) == ([], [3], True)


def test_a_finish_without_an_intent_was_stored_before(journal: Journal, backlog: Backlog) -> None:
    journal.append(a_call(1)[2])
    assert not backlog.take(10)


def test_an_intent_too_large_to_be_kept_is_read_again(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT_BYTES", 5)
    exchange, intent, finish = a_call(1)
    journal.append(a_loss(1))
    journal.append(intent)
    journal.append(finish)
    assert backlog.take(10).exchanges == [exchange]


def test_frames_larger_than_one_read_are_read_whole(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_READ_BYTES", 100)
    exchange, intent, finish = a_call(1, size=10_000)
    journal.append(intent)
    journal.append(finish)
    assert backlog.take(10).exchanges == [exchange]


def test_a_torn_end_is_waited_for(journal: Journal, backlog: Backlog) -> None:
    exchange, intent, finish = a_call(1)
    path = segments(journal.folder, journal.name)[0]
    whole = b"".join(intent + finish)
    path.write_bytes(whole[:-4])
    assert not backlog.take(10)
    path.write_bytes(whole)
    assert backlog.take(10).exchanges == [exchange]


def test_segments_whose_calls_are_stored_go_and_others_stay(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, intent1, finish1), (second, intent2, finish2) = a_call(1), a_call(2)
    journal.append(intent1)
    journal.append(finish1)
    turn(journal, monkeypatch)
    journal.append(intent2)
    turn(journal, monkeypatch)
    journal.append(a_loss(1))
    turn(journal, monkeypatch)
    journal.append(finish2)
    turn(journal, monkeypatch)
    assert backlog.take(1).exchanges == [first]
    assert list(segments(journal.folder, journal.name)) == [0, 1, 2, 3, 4]
    backlog.settle()
    assert list(segments(journal.folder, journal.name)) == [0, 1, 2, 3, 4]  # the one being read stays
    assert backlog.take(1).exchanges == [second]
    backlog.settle()
    assert list(segments(journal.folder, journal.name)) == [3, 4]


def test_a_call_that_never_ends_keeps_its_own_segment_alone(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append(a_call(99)[1])
    for number in range(5):
        turn(journal, monkeypatch)
        _, intent, finish = a_call(number)
        journal.append(intent)
        journal.append(finish)
    assert len(backlog.take(10).exchanges) == 5
    backlog.settle()
    assert list(segments(journal.folder, journal.name)) == [0, 5]


def test_a_dead_writers_journal_may_begin_with_any_segment(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange, intent, finish = a_call(1)
    journal.append(intent)
    turn(journal, monkeypatch)
    journal.append(intent)
    journal.append(finish)
    segments(journal.folder, journal.name)[0].unlink()
    assert Backlog(journal.folder, journal.name).take(10).exchanges == [exchange]


def test_what_comes_after_damage_is_found_in_the_next_segment(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, intent, finish = a_call(1)
    journal.append([b"nonsense" * 10])
    turn(journal, monkeypatch)
    journal.append(intent)
    journal.append(finish)
    assert backlog.take(10).exchanges == [exchange]
    assert backlog.damaged() == [segments(journal.folder, journal.name)[0]]


@pytest.mark.parametrize("tail", [b"", b"AJ", b"".join(a_call(1)[2])[:-1]])
def test_a_segment_that_death_cut_off_is_not_damaged(journal: Journal, backlog: Backlog, tail: bytes) -> None:
    for pieces in (*a_call(1)[1:], [tail]):
        journal.append(pieces)
    assert backlog.damaged() == []


_STRANGE: list[tuple[bytes, dict[str, Any]]] = [
    (INTENT, {}),
    (LOSS, {"id": "x", "at": 0, "count": 1, "reason": ""}),
    (b"?", {"id": "1"}),
]


@pytest.mark.parametrize(("kind", "head"), _STRANGE)
def test_a_sound_frame_that_cannot_be_understood_is_passed_over_and_told(
    journal: Journal, backlog: Backlog, caplog: pytest.LogCaptureFixture, kind: bytes, head: dict[str, Any]
) -> None:
    exchange, intent, finish = a_call(1)
    for pieces in (encode(kind, head), intent, finish):
        journal.append(pieces)
    with caplog.at_level(logging.ERROR):
        assert backlog.take(10).exchanges == [exchange]
    assert "cannot be read" in caplog.text
    assert backlog.damaged() == list(segments(journal.folder, journal.name).values())


def test_a_finish_that_cannot_be_understood_keeps_its_segment(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, intent, _ = a_call(1)
    journal.append(intent)
    journal.append(encode(FINISH, {"id": exchange.id.hex, "ending": "a new one"}))
    turn(journal, monkeypatch)
    journal.append(a_loss(1))
    assert backlog.take(10).exchanges == []
    backlog.settle()
    assert list(segments(journal.folder, journal.name)) == [0, 1]


def test_an_intent_that_is_gone_costs_its_own_call_alone(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_KEPT_BYTES", 0)
    (_, intent1, finish1), (second, intent2, finish2) = a_call(1), a_call(2)
    journal.append(intent1)
    assert not backlog.take(10)
    path = segments(journal.folder, journal.name)[0]
    path.write_bytes(b"\0" * path.stat().st_size)
    for pieces in (finish1, intent2, finish2):
        journal.append(pieces)
    assert list(backlog.unfinished(10)) == []
    assert backlog.take(10).exchanges == [second]
    assert "is gone" in caplog.text


def test_the_age_of_a_batch_is_that_of_its_first_exchange() -> None:
    assert Batch([], []).age_s == 0
    exchange = an_exchange(duration_us=1_000_000, ending=Ending.EOF)
    age_s = Batch([exchange], []).age_s
    assert age_s == pytest.approx(time.time() - exchange.started_at.timestamp() - 1, abs=60)


def test_a_clock_that_is_set_back_makes_nothing_younger_than_new() -> None:
    """A negative age would make the writer rest for hours, or divide by zero."""
    exchange = an_exchange(started_at=datetime.now(UTC) + timedelta(hours=1), duration_us=0)
    assert Batch([exchange], []).age_s == 0


def a_piece(number: int, side: str, body: bytes) -> list[bytes]:
    return encode(PIECE, {"id": UUID(int=number).hex, "side": side}, body)


def test_pieces_stand_between_what_intent_and_finish_hold(journal: Journal, backlog: Backlog) -> None:
    exchange, intent, finish = a_call(1)
    pieces = [
        a_piece(1, REQUEST, b"u1"),
        a_piece(1, RESPONSE, b"s1"),
        a_piece(2, RESPONSE, b"of no call"),
        a_piece(1, REQUEST, b"u2"),
        a_piece(1, RESPONSE, b"s2"),
    ]
    for frame in (intent, *pieces, finish):
        journal.append(frame)
    [taken] = backlog.take(10).exchanges
    assert taken.request_body == exchange.request_body + b"u1u2"
    assert taken.response_body == b"s1s2" + exchange.response_body


def test_segments_with_pieces_stay_until_their_call_is_stored(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first, intent1, finish1), (_, intent2, finish2) = a_call(1), a_call(2)
    for frame in (intent1, a_piece(1, RESPONSE, b"s0"), intent2, finish2, a_piece(1, RESPONSE, b"s2"), a_loss(1)):
        journal.append(frame)
        turn(journal, monkeypatch)
    assert len(backlog.take(10).exchanges) == 1
    backlog.settle()
    assert list(segments(journal.folder, journal.name)) == [0, 1, 4, 6]
    journal.append(finish1)
    turn(journal, monkeypatch)
    [taken] = backlog.take(10).exchanges
    assert taken.response_body == b"s0s2" + first.response_body
    assert list(segments(journal.folder, journal.name)) == [0, 1, 4, 6, 7]
    assert not backlog.take(10)
    backlog.settle()
    assert list(segments(journal.folder, journal.name)) == [7]


@pytest.mark.parametrize("gone", [True, False])
def test_a_piece_that_is_gone_costs_its_own_call_alone(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, gone: bool
) -> None:
    (_, intent1, finish1), (second, intent2, finish2) = a_call(1), a_call(2)
    journal.append(intent1)
    turn(journal, monkeypatch)
    journal.append(a_piece(1, RESPONSE, b"s0"))
    turn(journal, monkeypatch)
    assert not backlog.take(10)
    path = segments(journal.folder, journal.name)[1]
    path.unlink() if gone else path.write_bytes(b"\0" * path.stat().st_size)
    for frame in (finish1, intent2, finish2):
        journal.append(frame)
    assert backlog.take(10).exchanges == [second]
    assert "cannot be read" in caplog.text
    assert not backlog.is_understood


def test_a_piece_of_an_unknown_side_costs_its_own_call_alone(journal: Journal, backlog: Backlog) -> None:
    (_, intent1, finish1), (second, intent2, finish2) = a_call(1), a_call(2)
    for frame in (intent1, a_piece(1, "backside", b""), finish1, intent2, finish2):
        journal.append(frame)
    assert backlog.take(10).exchanges == [second]


def test_a_batch_of_large_exchanges_has_fewer(
    journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 50)
    for number in range(5):
        _, intent, finish = a_call(number)
        journal.append(intent)
        journal.append(finish)
        journal.append(a_call(number + 5)[1])
    assert [len(backlog.take(10).exchanges) for _ in range(3)] == [3, 2, 0]
    assert [len(batch.exchanges) for batch in backlog.unfinished(10)] == [5]
    assert [len(batch.exchanges) for batch in backlog.unfinished(2)] == [2, 2, 1]


def test_what_ended_before_it_was_stored_is_not_taken_again(journal: Journal) -> None:
    (_, intent1, finish1), (second, intent2, finish2) = a_call(1), a_call(2)
    for frame in (intent1, intent2, finish1, a_loss(1)):
        journal.append(frame)
    stored = journal.end
    journal.append(finish2)
    journal.append(a_loss(2))
    backlog = Backlog(journal.folder, journal.name, stored=stored)
    batch = backlog.take(10)
    assert (batch.exchanges, [loss.count for loss in batch.losses], backlog.under_way) == ([second], [2], 0)


def test_growth_is_told_without_reading(journal: Journal, backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not backlog.has_grown
    journal.append(a_loss(1))
    assert backlog.has_grown
    backlog.take(10)
    assert not backlog.has_grown
    turn(journal, monkeypatch)
    assert backlog.has_grown
    segments(journal.folder, journal.name)[0].unlink()
    assert backlog.has_grown
    backlog.take(10)
    segments(journal.folder, journal.name)[1].unlink()
    assert not backlog.has_grown
