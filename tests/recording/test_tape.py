"""One exchange being watched."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from audit.call import Ending
from audit.errors import JournalError
from audit.recording import tape as module
from audit.recording.tape import Tape, told

Told = tuple[dict[str, Any], bytes]


class OddError(Exception):
    """One that is not built in."""


class Finishes:
    """Takes the finishes of a tape whose clock stands where it is put."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
        self.now_us = 0
        self.told: list[Told] = []
        self.by_finalizer: list[bool] = []
        self.kept = True
        monkeypatch.setattr(time, "perf_counter_ns", lambda: self.now_us * 1000)
        self.tape = Tape(exchange_id="1", submit=self.submit, conceal=options.pop("conceal", str), **options)

    def submit(self, exchange_id: str, finish: Callable[[], Told], by_finalizer: bool) -> bool:
        assert exchange_id == "1"
        self.told.append(finish())
        self.by_finalizer.append(by_finalizer)
        return self.kept


@pytest.fixture
def finishes(monkeypatch: pytest.MonkeyPatch) -> Finishes:
    return Finishes(monkeypatch)


def test_it_tells_what_came_and_when(finishes: Finishes) -> None:
    tape = finishes.tape
    finishes.now_us = 100
    tape.head(200, [(b"Via", b"x"), (b"Set-Cookie", b"secret")])
    finishes.now_us = 200
    tape.chunk(b"ab")
    finishes.now_us = 300
    tape.chunk(b"c")
    finishes.now_us = 400
    tape.finish(Ending.EOF)
    head = {
        "id": "1",
        "status": 200,
        "headers": "via\nx\nset-cookie\n[redacted]",
        "ending": "eof",
        "failure": None,
        "first_byte_us": 100,
        "duration_us": 400,
        "arrivals": [2, 200, 3, 300],
        "request_size": 0,
    }
    assert finishes.told == [(head, b"abc")]
    assert finishes.by_finalizer == [False]


def test_a_request_sent_in_pieces_goes_before_the_reply(finishes: Finishes) -> None:
    finishes.tape.sent(b"as")
    finishes.tape.sent(b"k")
    finishes.tape.chunk(b"answer")
    finishes.tape.finish(Ending.EOF)
    [(head, body)] = finishes.told
    assert (head["request_size"], body) == (3, b"askanswer")


def test_only_the_first_end_counts(finishes: Finishes) -> None:
    finishes.tape.finish(Ending.CLOSED)
    finishes.tape.finish(Ending.EOF)
    finishes.tape.fail(ValueError())
    finishes.tape.abandon()
    assert [head["ending"] for head, _ in finishes.told] == ["closed"]


@pytest.mark.parametrize(
    ("exc", "ending", "failure"),
    [
        (ValueError("no"), "failed", "ValueError: no"),
        (KeyboardInterrupt(), "cancelled", "KeyboardInterrupt: "),
        (OddError("x"), "failed", "tests.recording.test_tape.OddError: x"),
    ],
)
def test_what_was_raised_is_told_and_an_interrupt_is_no_failure(
    finishes: Finishes, exc: BaseException, ending: str, failure: str
) -> None:
    finishes.tape.fail(exc)
    [(head, _)] = finishes.told
    assert (head["ending"], head["failure"]) == (ending, failure)


def test_secrets_go_out_of_a_failures_text_before_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    finishes = Finishes(monkeypatch, conceal=lambda text: text.replace("secret", "[redacted]"))
    finishes.tape.fail(ValueError("x" * (module.MOST_TOLD - 15) + "secret" + "y" * 100))
    [(head, _)] = finishes.told
    assert head["failure"].endswith("x[re")
    assert len(head["failure"]) == module.MOST_TOLD


def test_an_exception_that_cannot_say_what_it_is_is_told_by_its_class() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert told(Mute()).endswith("Mute: (no text)")


def test_an_abandoned_exchange_is_handed_in_as_by_a_finalizer(finishes: Finishes) -> None:
    finishes.tape.abandon()
    assert [head["ending"] for head, _ in finishes.told] == ["abandoned"]
    assert finishes.by_finalizer == [True]


def test_bodies_that_hold_credentials_are_not_kept_but_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    finishes = Finishes(monkeypatch, keep_body=False)
    finishes.tape.sent(b"client_secret=x")
    finishes.tape.chunk(b'{"access_token": "y"}')
    finishes.tape.finish(Ending.EOF)
    [(head, body)] = finishes.told
    assert (body, head["request_size"], head["arrivals"]) == (b"", 0, [21, 0])


def test_of_very_many_arrivals_the_first_and_the_last_are_noted(
    finishes: Finishes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_MARKS", 3)
    for at_us in range(1, 8):
        finishes.now_us = at_us
        finishes.tape.chunk(b"x")
    finishes.tape.finish(Ending.EOF)
    [(head, _)] = finishes.told
    assert head["arrivals"] == [1, 1, 2, 2, 7, 7]


class Spilt:
    """Takes pieces, or cannot."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str, bytes]] = []
        self.full = False

    def __call__(self, exchange_id: str, side: str, piece: bytes) -> None:
        if self.full:
            raise JournalError("full")
        self.pieces.append((exchange_id, side, piece))


@pytest.fixture
def spilt(monkeypatch: pytest.MonkeyPatch) -> Spilt:
    monkeypatch.setattr(module, "MOST_HELD", 4)
    return Spilt()


def test_more_than_may_be_held_is_handed_over_side_by_side(monkeypatch: pytest.MonkeyPatch, spilt: Spilt) -> None:
    finishes = Finishes(monkeypatch, spill=spilt)
    for chunk in (b"as", b"k m", b"e", b"!"):
        finishes.tape.sent(chunk)
    for chunk in (b"an", b"swer", b"s"):
        finishes.tape.chunk(chunk)
    finishes.tape.finish(Ending.EOF)
    assert spilt.pieces == [("1", "request", b"ask m"), ("1", "request", b"e!"), ("1", "response", b"answer")]
    [(head, body)] = finishes.told
    assert (head["request_size"], body, head["arrivals"]) == (0, b"s", [2, 0, 6, 0, 7, 0])


def test_without_anyone_to_hand_it_over_to_all_is_held(monkeypatch: pytest.MonkeyPatch, spilt: Spilt) -> None:
    finishes = Finishes(monkeypatch)
    for _ in range(3):
        finishes.tape.chunk(b"answer")
    finishes.tape.finish(Ending.EOF)
    assert finishes.told[0][1] == b"answer" * 3


def test_what_is_not_kept_is_not_handed_over(monkeypatch: pytest.MonkeyPatch, spilt: Spilt) -> None:
    finishes = Finishes(monkeypatch, spill=spilt, keep_body=False)
    finishes.tape.sent(b"client_secret=x")
    finishes.tape.chunk(b'{"access_token": "y"}')
    assert spilt.pieces == []


def test_a_piece_that_cannot_be_kept_is_told_by_the_end_and_by_nothing_before(
    monkeypatch: pytest.MonkeyPatch, spilt: Spilt
) -> None:
    finishes = Finishes(monkeypatch, spill=spilt)
    finishes.tape.chunk(b"answer")
    spilt.full = True
    finishes.tape.chunk(b"another")
    spilt.full = False
    finishes.tape.chunk(b"and one more")
    with pytest.raises(JournalError, match="full"):
        finishes.tape.finish(Ending.EOF)
    assert spilt.pieces == [("1", "response", b"answer")]


@pytest.mark.parametrize("kept", [True, False])
def test_ending_tells_whether_it_is_kept_and_a_second_end_tells_the_same(finishes: Finishes, kept: bool) -> None:
    finishes.kept = kept
    assert finishes.tape.fail(ValueError()) is kept
    assert finishes.tape.finish(Ending.EOF) is kept
