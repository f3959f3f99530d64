from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from audit.canary.run import Checked
from audit.canary.state import Flip, State
from audit.canary.verdict import Judgement, Verdict
from audit.cli._checked import print_checked, told
from audit.cli._output import plain
from tests.canary.canaries import NOON, a_call, an_assignment
from tests.store.samples import a_price

FLIP = Flip(at=NOON, seen_at=NOON, before=State.UP, state=State.DOWN, reason="3 failures in a row", check_pk=7)
CALL = a_call()


def a_check(**over: Any) -> Checked:
    went: dict[str, Any] = {"slot_at": NOON, "judgement": Judgement(verdict=Verdict.OK), "call": CALL}
    return Checked(assignment=an_assignment(), **{**went, **over})


def printed(capsys: pytest.CaptureFixture[str], **over: Any) -> list[str]:
    print_checked(a_check(**over))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("call", "facts"),
    [
        (CALL, "840 ms, no cost"),
        (replace(CALL, unpriced_reason="nobody knows"), "840 ms, unpriced"),
        (replace(CALL, price=a_price("0.5")), "840 ms, $0.500"),
        (None, "not asked"),
    ],
)
def test_a_check_is_one_line(capsys: pytest.CaptureFixture[str], call: Any, facts: str) -> None:
    assert printed(capsys, call=call) == [f"ok           claude-opus-5 at anthropic, hello: {facts}"]


def test_why_and_what_that_changed_stand_below(capsys: pytest.CaptureFixture[str]) -> None:
    went = Judgement(verdict=Verdict.WRONG, reasons=("it said \x1b[1mno", "it was late"))
    assert printed(capsys, judgement=went, flips=(FLIP,)) == [
        "wrong        claude-opus-5 at anthropic, hello: 840 ms, no cost",
        "             it said \\u001b[1mno",
        "             it was late",
        "             up → down: 3 failures in a row",
    ]


def test_programs_are_told_the_same() -> None:
    at = datetime(2026, 1, 2, 14, tzinfo=timezone(timedelta(hours=2)))
    went = Judgement(verdict=Verdict.WRONG, reasons=("it said no",))
    found = plain(told(a_check(slot_at=at, judgement=went, flips=(FLIP,))))
    assert found["flips"][0]["state"] == "down"
    assert {name: value for name, value in found.items() if name != "flips"} == {
        "canary": "hello",
        "provider": "anthropic",
        "model": "claude-opus-5",
        "slot_at": at.astimezone(UTC).isoformat(),
        "verdict": "wrong",
        "reasons": ["it said no"],
        "call_id": str(CALL.exchange.id),
    }


def test_a_check_that_asked_nobody_has_no_call() -> None:
    assert told(a_check(call=None))["call_id"] is None
