"""What is not in the database yet, of a journal whose writer cuts away and writes anew what could not be synced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audit.recording import backlog as module
from audit.recording.backlog import Backlog
from audit.recording.frames import PIECE, RESPONSE, encode
from audit.recording.journal import Journal, segments
from tests.recording.kept import a_call


def test_a_piece_that_is_written_anew_is_read_once(journal: Journal, backlog: Backlog) -> None:
    exchange, intent, finish = a_call(1)
    again = encode(PIECE, {"id": exchange.id.hex, "side": RESPONSE, "number": 7}, b"x")
    for pieces in (intent, again, again, finish):
        journal.append(pieces)
    assert [one.response_body for one in backlog.take(10).exchanges] == [b"x" + exchange.response_body]


def test_of_a_piece_that_was_cut_away_what_was_written_anew_counts(journal: Journal, backlog: Backlog) -> None:
    exchange, intent, finish = a_call(1)
    piece = encode(PIECE, {"id": exchange.id.hex, "side": RESPONSE, "number": 1}, b"x")
    journal.append(intent)
    _, size = journal.end
    journal.append(piece)
    assert not backlog.take(10)
    os.truncate(segments(journal.folder, journal.name)[0], size)
    journal._turn()
    for pieces in (piece, finish):
        journal.append(pieces)
    assert [one.response_body for one in backlog.take(10).exchanges] == [b"x" + exchange.response_body]


def test_an_end_whose_content_was_cut_away_comes_again(journal: Journal, backlog: Backlog) -> None:
    """The writer cuts away and writes anew what could not be synced, while the reader has read it ahead."""
    (first, *told), (second, intent, finish) = a_call(1), a_call(2)
    piece = encode(PIECE, {"id": second.id.hex, "side": RESPONSE, "number": 0}, b"x")
    for pieces in (*told, intent):
        journal.append(pieces)
    _, size = journal.end
    for pieces in (piece, finish):
        journal.append(pieces)
    assert backlog.take(1).exchanges == [first]
    os.truncate(segments(journal.folder, journal.name)[0], size)
    journal._turn()
    assert not backlog.take(10)
    for pieces in (piece, finish):
        journal.append(pieces)
    assert [one.response_body for one in backlog.take(10).exchanges] == [b"x" + second.response_body]
    assert backlog.is_understood


def test_a_listing_that_lacks_a_segment_does_not_pass_it_over(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of segments that are made while a folder is listed, an earlier one may be left out and a later one be there."""
    calls, known = [a_call(number) for number in range(6)], set[int]()

    def append(*numbers: int) -> None:
        for number in numbers:
            for pieces in calls[number][1:]:
                journal.append(pieces)
            journal._turn()

    def listed(folder: Path, name: str) -> dict[int, Path]:
        found = segments(folder, name)
        new = found.keys() - known
        known.update(new)
        return {number: path for number, path in found.items() if number not in new or number == max(found)}

    monkeypatch.setattr(module, "segments", listed)
    append(0, 1, 2)
    backlog = Backlog(journal.folder, journal.name)
    assert backlog.take(10).exchanges == [exchange for exchange, _, _ in calls[:3]]
    append(3, 4, 5)
    assert backlog.take(10).exchanges == [exchange for exchange, _, _ in calls[3:]]
