from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.canary.state import EVIDENCE, HISTORY, Check, Flip, State, advance, lapse
from audit.canary.verdict import Verdict
from tests.canary.canaries import NOON

EVERY = timedelta(minutes=5)
LETTERS = {
    "o": Verdict.OK,
    "s": Verdict.SLOW,
    "w": Verdict.WRONG,
    "e": Verdict.ERROR,
    "t": Verdict.TIMEOUT,
    "4": Verdict.THROTTLED,
    "u": Verdict.UNAUTHORISED,
    "i": Verdict.INVALID,
    "n": Verdict.UNASKED,
}
UNKNOWN, UP, DEGRADED, DOWN = State.UNKNOWN, State.UP, State.DEGRADED, State.DOWN


def a_history(letters: str) -> list[Check]:
    """Return a check every five minutes from noon on, a letter each; `-` is a slot without one."""
    return [
        Check(at=NOON + EVERY * number, verdict=LETTERS[letter], pk=number)
        for number, letter in enumerate(letters)
        if letter != "-"
    ]


def exhaust(last: Flip | None, history: Sequence[Check], now: datetime) -> list[Flip]:
    """Return every flip that is due."""
    flips: list[Flip] = []
    while flip := advance(last, history, now, EVERY):
        last = flip
        flips.append(flip)
    return flips


def replay(history: Sequence[Check]) -> list[Flip]:
    """Return the flips as a runner finds them: evaluating after every check."""
    flips: list[Flip] = []
    for number, check in enumerate(history):
        seen = history[max(0, number + 1 - HISTORY) : number + 1]
        flips += exhaust(flips[-1] if flips else None, seen, check.at)
    return flips


def told(letters: str) -> str:
    """Return the states in a row, each with the number of the slot at which it was seen."""
    return " ".join(f"{flip.state}@{(flip.seen_at - NOON) / EVERY:g}" for flip in replay(a_history(letters)))


@pytest.mark.parametrize(
    ("letters", "states"),
    [
        ("", ""),
        ("o", "up@0"),
        ("oooo", "up@0"),
        ("4uin", ""),
        ("e", ""),
        ("ee", ""),
        ("eo", "up@1"),
        ("eee", "down@2"),
        ("etew", "down@2 degraded@3"),
        ("ww", "degraded@1"),
        ("ss", ""),
        ("sss", "degraded@2"),
        # up to degraded
        ("ow", "up@0"),
        ("oww", "up@0 degraded@2"),
        ("owow", "up@0"),
        ("oss", "up@0"),
        ("osss", "up@0 degraded@3"),
        ("oewe", "up@0 degraded@3"),
        ("oeseoe", "up@0 degraded@3"),
        ("oeoeoeoe", "up@0 degraded@7"),
        ("oeoooooooooooooooooooeoeoe", "up@0"),
        # to down
        ("oee", "up@0"),
        ("oeee", "up@0 down@3"),
        ("oetoee", "up@0 degraded@5"),
        ("oweee", "up@0 degraded@3 down@4"),
        ("owweee", "up@0 degraded@2 down@5"),
        ("oeeeeeee", "up@0 down@3"),
        # what does not count
        ("oe4e4u4e", "up@0 unknown@5.5"),
        ("oe4eue", "up@0 down@5"),
        ("oew4", "up@0"),
        # recovery
        ("oeeeo", "up@0 down@3 degraded@4"),
        ("oeees", "up@0 down@3 degraded@4"),
        ("oeeeoooooooooo", "up@0 down@3 degraded@4 up@13"),
        ("oeeeooooooooo", "up@0 down@3 degraded@4"),
        ("oeeeoooooeoooooooooo", "up@0 down@3 degraded@4 up@19"),
        ("owwooooooooosooooooooo", "up@0 degraded@2"),
        ("owwooooooooosoooooooooo", "up@0 degraded@2 up@22"),
        ("oeeeoeee", "up@0 down@3 degraded@4 down@7"),
        # a relapse is counted anew
        ("oeoeoeoe" + "o" * 10 + "e", "up@0 degraded@7 up@17"),
        ("oeoeoeoe" + "o" * 10 + "eoeoeoe", "up@0 degraded@7 up@17 degraded@24"),
        # silence
        ("o-o", "up@0"),
        ("o--o", "up@0 unknown@2.5 up@3"),
        ("oeee-----o", "up@0 down@3 unknown@5.5 up@9"),
        ("oee-----e", "up@0 unknown@4.5"),
        ("oee-----eee", "up@0 unknown@4.5 down@10"),
        ("oeoeoe-----e", "up@0 unknown@7.5"),
        ("o44444", "up@0 unknown@2.5"),
        ("oww-----ww", "up@0 degraded@2 unknown@4.5 degraded@9"),
    ],
)
def test_the_state_follows_the_checks(letters: str, states: str) -> None:
    assert told(letters) == states


def test_an_outage_began_with_its_first_failure() -> None:
    _, down = replay(a_history("oeee"))
    assert (down.at, down.seen_at, down.check_pk) == (NOON + EVERY, NOON + 3 * EVERY, 3)


def test_an_outage_begins_later_than_the_state_before_it() -> None:
    _, degraded, down = replay(a_history("oweee"))
    assert degraded.at == degraded.seen_at == NOON + 3 * EVERY
    assert down.at == degraded.at + timedelta(microseconds=1)
    assert down.seen_at == NOON + 4 * EVERY


def test_an_outage_at_the_very_start_began_with_its_first_failure() -> None:
    (down,) = replay(a_history("eee"))
    assert (down.before, down.at) == (UNKNOWN, NOON)


def test_reasons_tell_what_was_counted() -> None:
    history = [replace(check, reason="x") for check in a_history("oeeeoooooooooo")]
    assert [flip.reason for flip in replay(history)] == [
        "a check went well",
        "3 checks in a row failed, the last: error, x",
        "it answers again, the last: ok, x",
        "11 of the last 14 checks went well",
    ]
    assert [flip.reason for flip in replay(a_history("osss--o"))[1:3]] == [
        "3 of the last 4 checks went badly, the last: slow",
        "no check has told anything for 12.5 min",
    ]


def test_silence_is_noticed_without_any_check() -> None:
    (up,) = replay(a_history("o"))
    stale_at = NOON + 2.5 * EVERY
    assert exhaust(up, a_history("o"), stale_at) == []
    (flip,) = exhaust(up, a_history("o"), stale_at + timedelta(microseconds=1))
    assert (flip.at, flip.before, flip.state, flip.check_pk) == (stale_at, UP, UNKNOWN, None)
    assert exhaust(up, [], stale_at + EVERY) == [flip]


def test_nothing_is_known_without_checks() -> None:
    assert advance(None, [], NOON, EVERY) is None
    assert advance(None, a_history("4uin"), NOON + timedelta(days=1), EVERY) is None


def test_checks_before_the_last_flip_change_nothing() -> None:
    (up,) = replay(a_history("o"))
    assert exhaust(replace(up, seen_at=NOON + 9 * EVERY), a_history("oeee"), NOON + 9 * EVERY) == []


@pytest.mark.parametrize("state", [UP, DEGRADED, DOWN])
def test_any_state_lapses_from_when_something_was_last_heard(state: State) -> None:
    last = Flip(at=NOON, seen_at=NOON + EVERY, before=UNKNOWN, state=state, reason="")
    heard_at = NOON + 10 * EVERY
    lapsed = lapse(last, heard_at, heard_at + 3 * EVERY, EVERY)
    assert lapsed is not None
    assert (lapsed.before, lapsed.state, lapsed.at) == (state, UNKNOWN, heard_at + 2.5 * EVERY)
    assert lapse(last, heard_at, heard_at + 2 * EVERY, EVERY) is None
    assert lapse(last, NOON - EVERY, NOON + 3.5 * EVERY, EVERY) is None


def test_what_is_unknown_does_not_lapse() -> None:
    last = Flip(at=NOON, seen_at=NOON, before=UP, state=UNKNOWN, reason="")
    assert lapse(last, NOON, NOON + timedelta(days=1), EVERY) is None
    assert lapse(None, NOON, NOON + timedelta(days=1), EVERY) is None


runs = st.text(st.sampled_from("oooooswet4i-"), max_size=80)


@given(runs)
def test_flips_follow_on_one_another(letters: str) -> None:
    flips = replay(a_history(letters))
    assert [flip.before for flip in flips] == [UNKNOWN, *(flip.state for flip in flips)][: len(flips)]
    assert all(flip.before is not flip.state for flip in flips)
    assert [flip.at for flip in flips] == sorted({flip.at for flip in flips})
    assert [flip.seen_at for flip in flips] == sorted({flip.seen_at for flip in flips})
    assert all(flip.at <= flip.seen_at for flip in flips)


@given(runs)
def test_asking_again_finds_nothing_new(letters: str) -> None:
    history = a_history(letters)
    flips = replay(history)
    if history:
        assert exhaust(flips[-1] if flips else None, history[-HISTORY:], history[-1].at) == []


@given(runs)
def test_checks_that_tell_about_us_change_nothing(letters: str) -> None:
    def seen(flips: list[Flip]) -> list[tuple[State, datetime]]:
        return [(flip.state, flip.at) for flip in flips]

    end = NOON + 1000 * EVERY
    with_us, without = a_history(letters), a_history(letters.replace("4", "-").replace("i", "-"))
    flips, fewer = replay(with_us), replay(without)
    flips += exhaust(flips[-1] if flips else None, with_us[-HISTORY:], end)
    fewer += exhaust(fewer[-1] if fewer else None, without[-HISTORY:], end)
    assert seen(flips) == seen(fewer)


@given(runs)
def test_after_a_long_silence_nothing_is_known(letters: str) -> None:
    history = a_history(letters)
    flips = replay(history)
    flips += exhaust(flips[-1] if flips else None, history[-HISTORY:], NOON + 1000 * EVERY)
    assert not flips or flips[-1].state is UNKNOWN


@given(runs)
def test_nothing_is_down_but_by_three_failures_in_a_row(letters: str) -> None:
    history = [check for check in a_history(letters) if check.verdict in EVIDENCE]
    for flip in replay(history):
        if flip.state is DOWN:
            last_three = [check.verdict for check in history if check.at <= flip.seen_at][-3:]
            assert set(last_three) <= {Verdict.ERROR, Verdict.TIMEOUT}
            assert len(last_three) == 3


@given(st.lists(st.sampled_from("oswet4"), max_size=30), st.randoms(use_true_random=False))
def test_the_order_in_which_checks_come_does_not_matter(letters: list[str], random: object) -> None:
    history = a_history("".join(letters))
    crowded = [replace(check, at=NOON + (check.at - NOON) / EVERY // 3 * EVERY) for check in history]
    shuffled = list(crowded)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    end = NOON + 100 * EVERY
    assert exhaust(None, shuffled, end) == exhaust(None, crowded, end)
