from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from audit.call import Outcome
from audit.cli._output import coloured, hanging, legible, plain, print_json
from audit.store.rows import Cost


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Cost(currency="USD", amount=Decimal("0.10")), {"currency": "USD", "amount": "0.10"}),
        ({1: (Decimal(2), [None, True])}, {"1": ["2", [None, True]]}),
        (Outcome.MASKED, "masked"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"text", "text"),
        (b"\xff", {"base64": "/w=="}),
        (1.5, 1.5),
    ],
)
def test_json_has_what_json_has(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_a_class_is_not_taken_for_its_values() -> None:
    assert plain(Cost) is Cost


def test_json_keeps_letters_and_writes_out_what_commands_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"text": "Zoë \x1b[31m \x9b31m \u202e"})
    printed = capsys.readouterr().out
    assert "Zoë" in printed
    assert not {"\x1b", "\x9b", "\u202e"} & set(printed)
    assert json.loads(printed) == {"text": "Zoë \x1b[31m \x9b31m \u202e"}


def test_json_is_indented_or_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([1, 2])
    print_json([1, 2], on_one_line=True)
    assert capsys.readouterr().out == "[\n  1,\n  2\n]\n[1, 2]\n"


def test_control_characters_are_written_out() -> None:
    assert legible("a\nb\tc\rd\x1b[1m\u202e") == "a\\nb\\tc\\rd\\u001b[1m\\u202e"


def test_lines_may_stay_lines() -> None:
    assert legible("a\nb\tc\r\x00", lines=True) == "a\nb\tc\\r\\u0000"


def test_colours_are_for_terminals(terminal: pytest.MonkeyPatch) -> None:
    assert coloured("ok", fg="green") == "\x1b[32mok\x1b[0m"


def test_nobody_who_wants_none_gets_colours(terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("NO_COLOR", "1")
    assert coloured("ok", fg="green") == "ok"


def test_a_pipe_gets_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert coloured("ok", fg="green") == "ok"


def test_a_long_text_goes_on_below_its_beginning(terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("COLUMNS", "30")
    assert hanging("name  ", "word " * 8, indent=6) == "name  word word word word word\n      word word word"


def test_a_word_is_not_broken_where_a_text_goes_over_lines(terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("COLUMNS", "10")
    assert hanging("at  ", "http://127.0.0.1:8501/a/long/way", indent=4) == "at  http://127.0.0.1:8501/a/long/way"


def test_a_short_text_stays_on_its_line(terminal: pytest.MonkeyPatch) -> None:
    assert hanging("name  ", "word", indent=6) == "name  word"


def test_a_pipe_gets_a_long_text_on_one_line() -> None:
    assert hanging("name  ", "word " * 50, indent=6) == "name  " + "word " * 50


def test_bytes_that_stand_in_the_place_of_a_text_are_shown_as_such() -> None:
    assert legible(b"\xff") == "b'\\xff'"  # type: ignore[arg-type]  # as SQLite takes anything in any column
