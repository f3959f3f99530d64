from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit.call import Call, Ending, ErrorInfo, ModelMatch, Outcome
from audit.cli import calls
from audit.cli._nothing import NOTHING_RECORDED
from audit.store.engine import open_engine
from audit.store.write import Writer
from tests.cli.record import CALLS, SAMPLE, call_id
from tests.cli.terminal import Audit
from tests.dashboard.record import a_record
from tests.store.samples import a_call, an_id, said

NOW = datetime.now(UTC)


def store(url: str, *more: Call) -> None:
    """Add calls to a record."""
    engine = open_engine(url)
    Writer(engine).append(more)
    engine.dispose()


def a_recent_call(number: int = 1, **facts: Any) -> Call:
    exchange = {"started_at": NOW - timedelta(minutes=number), **facts.pop("exchange", {})}
    return a_call(number, exchange=exchange, **facts)


def test_calls_are_listed_the_latest_first(audit: Audit, filled: str) -> None:
    listed = audit("calls", "list")
    assert listed.code == 0
    assert listed.lines[0].split("  ")[0] == "time (GMT/BST)"
    assert [line.split()[2][-2:] for line in listed.lines[1:]] == ["ce", "02", "03", "04", "05", "06", "07"]
    assert listed.err.splitlines()[0] == "7 calls"
    assert listed.err.splitlines()[1].startswith("since 20")


def test_a_result_is_the_filters_outcome_or_the_error_in_a_word(audit: Audit, filled: str) -> None:
    results = [line.split("  ")[-6:] for line in audit("calls", "list").lines]
    told = "\n".join(map(str, results))
    for word in ("clean", "not_assessed", "rate_limit_exceeded", "blocked_prompt", "ConnectError", "unfinished"):
        assert word in told or word in audit("calls", "list").out


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ({"outcome": Outcome.CLEAN}, "clean"),
        ({"exchange": {"status": 500}, "error": ErrorInfo(code="a.b.Broken")}, "Broken"),
        ({"exchange": {"status": 500}, "complete": None}, "error"),
        ({"exchange": {"ending": Ending.CLOSED}, "complete": False}, "unfinished"),
        ({"exchange": {"status": 500}, "outcome": Outcome.ANNOTATED, "complete": None}, "error, annotated"),
    ],
)
def test_what_went_wrong_is_told_before_what_the_filters_did(
    audit: Audit, home: Path, facts: dict[str, Any], result: str
) -> None:
    store(a_record(home), a_recent_call(**facts))
    assert f"  {result}  " in audit("calls", "list").lines[1]


@pytest.mark.parametrize(
    ("requested", "served", "match", "told"),
    [
        (None, None, ModelMatch.UNKNOWN, "?"),
        ("gpt-5", None, ModelMatch.UNKNOWN, "gpt-5"),
        (None, "gpt-5", ModelMatch.UNKNOWN, "gpt-5"),
        ("gpt-5", "gpt-5", ModelMatch.SAME, "gpt-5"),
        ("gpt-5", "gpt-5-2025-08-07", ModelMatch.ALIAS, "gpt-5-2025-08-07"),
        ("latest", "gpt-5-2025-08-07", ModelMatch.ALIAS, "latest → gpt-5-2025-08-07"),
        ("gpt-5", "o3", ModelMatch.DIFFERENT, "gpt-5 → o3 !"),
    ],
)
def test_another_model_is_pointed_out(
    audit: Audit, home: Path, requested: str | None, served: str | None, match: ModelMatch, told: str
) -> None:
    store(a_record(home), a_recent_call(model_requested=requested, model_served=served, model_match=match))
    assert f"  {told}  " in audit("calls", "list").lines[1]


def test_a_year_is_told_where_a_call_is_of_another_one(audit: Audit, home: Path) -> None:
    store(a_record(home), a_call(exchange={"started_at": datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)}))
    assert "2019-05-06 08:08:09" in audit("calls", "list", "--since", "2019-01-01").out


def test_ids_are_as_long_as_tells_them_apart(audit: Audit, home: Path) -> None:
    store(a_record(home), a_recent_call(1), a_recent_call(2))
    assert "  01930000-0000-7000-8000-000000000001  " in audit("calls", "list").out
    assert "  01930000-0000  " in audit("calls", "list", "--limit", "1").out


def test_pages_follow_each_other(audit: Audit, filled: str) -> None:
    first, last = audit("calls", "list", "--limit", "3"), audit("calls", "list", "--limit", "3", "--offset", "6")
    assert first.err.splitlines()[0] == "calls 1 to 3 of 7; --offset 3 shows what follows"
    assert last.err.splitlines()[0] == "calls 7 to 7 of 7"
    assert len(first.lines) - 1 == 3
    assert len(last.lines) - 1 == 1


def test_an_offset_past_the_end_is_told(audit: Audit, filled: str) -> None:
    listed = audit("calls", "list", "--offset", "7")
    assert (listed.code, listed.out) == (0, "")
    assert listed.err == "There are 7 calls, so none after --offset 7.\n"


def test_one_call_is_no_calls(audit: Audit, filled: str) -> None:
    assert audit("calls", "list", "--project", "search", "--session", "s1").err.startswith("1 call\n")


@pytest.mark.parametrize(
    ("order", "key"), [("started_at", "started_at"), ("input_tokens", "input_tokens"), ("cost", "cost")]
)
def test_the_greatest_come_first(audit: Audit, filled: str, order: str, key: str) -> None:
    values = [row[key] for row in audit("calls", "list", "--order", order, "--json").json["rows"] if row[key]]
    assert values == sorted(values, key=lambda value: float(value) if order == "cost" else value, reverse=True)


def test_json_is_the_page(audit: Audit, filled: str) -> None:
    page = audit("calls", "list", "--json", "--limit", "2").json
    assert (page["total"], len(page["rows"]), page["bounded"]) == (CALLS, 2, False)
    assert page["rows"][0]["reference"] == SAMPLE


def test_an_empty_record_tells_how_to_begin(audit: Audit) -> None:
    listed = audit("calls", "list")
    assert (listed.code, listed.out, listed.err.strip()) == (0, "", NOTHING_RECORDED)
    assert audit("calls", "list", "--json").json == {"rows": [], "total": 0, "bounded": False, "unindexed": 0}


def test_who_searches_is_told_of_calls_that_are_not_found_by_words_yet(audit: Audit, home: Path) -> None:
    engine = open_engine(a_record(home))
    Writer(engine).append([a_recent_call(1, input=said("a fig"))], words_later=True)
    Writer(engine).append([a_recent_call(2, input=said("two figs"))])
    engine.dispose()
    listed = audit("calls", "list", "--search", "fig")
    assert len(listed.lines) == 2
    assert "not found by their words yet (1): who records sees to it" in listed.err
    assert audit("calls", "list", "--search", "fig", "--json").json["unindexed"] == 1
    assert "their words yet" not in audit("calls", "list").err
    assert audit("collect", "--once").code == 0
    searched = audit("calls", "list", "--search", "fig")
    assert (len(searched.lines), "their words yet" in searched.err) == (3, False)


def test_a_phrase_that_was_not_looked_for_everywhere_is_told(
    audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.read.selection.MAX_REREAD", 2)
    store(a_record(home), *(a_recent_call(number, input=said("red apples")) for number in (1, 2, 3)))
    listed = audit("calls", "list", "--search", '"red apples"')
    assert "Only the newest calls were looked through for the phrase; narrow the time for older ones." in listed.err


@pytest.mark.parametrize("columns", ["80", "160"])
def test_no_line_is_wider_than_the_terminal(
    audit: Audit, filled: str, terminal: pytest.MonkeyPatch, columns: str
) -> None:
    terminal.setenv("NO_COLOR", "1")
    terminal.setenv("COLUMNS", columns)
    assert max(map(len, audit("calls", "list").lines)) <= int(columns) + 24  # these ids take 36 cells, and real ones 13


def test_a_call_is_shown_by_its_id_its_beginning_or_its_reference(audit: Audit, filled: str) -> None:
    by_reference, by_id = audit("calls", "show", SAMPLE), audit("calls", "show", call_id(0)[:-4] + "FACE")
    assert by_reference.code == by_id.code == 0
    assert by_reference.out == by_id.out
    assert "model           codex-mini-latest was asked for, o3-pro served (different)" in by_reference.lines


def test_a_call_in_json_has_its_exchange_and_findings(audit: Audit, filled: str) -> None:
    found = audit("calls", "show", SAMPLE, "--json").json
    assert json.loads(found["exchange"]["request_body"])["model"] == "codex-mini-latest"
    assert len(found["findings"]) == 5


@pytest.mark.parametrize(("which", "word"), [("request", '"messages"'), ("response", '"choices"')])
def test_raw_is_a_body_and_nothing_else(audit: Audit, filled: str, which: str, word: str) -> None:
    shown = audit("calls", "show", call_id(2), "--raw", which)
    assert word in shown.out
    assert json.loads(shown.out)
    assert not shown.err


def test_raw_and_json_cannot_both_be_had(audit: Audit, filled: str) -> None:
    shown = audit("calls", "show", SAMPLE, "--raw", "request", "--json")
    assert shown.code == 2
    assert shown.err.endswith("Error: --raw prints bytes and --json prints JSON; choose one\n")


@pytest.mark.parametrize("word", ["nonsense", "01930000-0000-7000-8000-00000000ffff"])
def test_a_call_that_is_not_there_is_told(audit: Audit, filled: str, word: str) -> None:
    shown = audit("calls", "show", word)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.startswith(f"Error: no call, or more than one, is called '{word}'; `audit calls list` shows ids")


def test_a_beginning_that_fits_several_calls_names_them(audit: Audit, home: Path) -> None:
    store(a_record(home), a_recent_call(1), a_recent_call(2))
    shown = audit("calls", "show", "01930000-0000-7000")
    assert shown.code == 2
    assert shown.err == f"Error: '01930000-0000-7000' fits several calls: {an_id(1)}, {an_id(2)}\n"


def test_of_very_many_that_fit_some_are_named(audit: Audit, home: Path) -> None:
    store(a_record(home), *map(a_recent_call, range(1, 8)))
    assert audit("calls", "show", "01930000-0000-7000").err.endswith(" …\n")


def test_tail_prints_what_is_there_the_latest_last(audit: Audit, filled: str) -> None:
    printed = audit("calls", "tail", "--once")
    assert printed.code == 0
    assert len(printed.lines) == CALLS
    assert printed.lines[-1].endswith("router.example.com  codex-mini-latest → o3-pro !")


def test_tail_prints_a_line_of_json_for_each(audit: Audit, filled: str) -> None:
    rows = [json.loads(line) for line in audit("calls", "tail", "--once", "--json").lines]
    assert rows[-1]["reference"] == SAMPLE


def test_tail_prints_each_new_call_once_until_it_is_interrupted(
    audit: Audit, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = iter((101, 102))

    def sleep(_seconds: float) -> None:
        number = next(numbers, None)
        if number is None:
            raise KeyboardInterrupt
        store(filled, a_recent_call(number, model_served=f"new-{number}"))

    monkeypatch.setattr(calls, "time", SimpleNamespace(sleep=sleep))
    printed = audit("calls", "tail")
    assert printed.code == 0
    assert [line.split()[-1] for line in printed.lines[CALLS:]] == ["new-101", "new-102"]


def test_tail_goes_on_at_once_where_more_calls_wait(audit: Audit, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_AT_ONCE", 1)
    slept = []

    def sleep(_seconds: float) -> None:
        if slept:
            raise KeyboardInterrupt
        slept.append(threading.current_thread())
        store(filled, a_recent_call(101, model_served="new-101"), a_recent_call(102, model_served="new-102"))

    monkeypatch.setattr(calls, "time", SimpleNamespace(sleep=sleep))
    assert [line.split()[-1] for line in audit("calls", "tail").lines[CALLS:]] == ["new-101", "new-102"]


def test_tail_of_an_empty_record_waits_for_its_first_call(
    audit: Audit, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = a_record(home)
    numbers = iter((1,))

    def sleep(_seconds: float) -> None:
        for number in numbers:
            store(url, a_recent_call(number, model_served="first"))
            return
        raise KeyboardInterrupt

    monkeypatch.setattr(calls, "time", SimpleNamespace(sleep=sleep))
    assert [line.split()[-1] for line in audit("calls", "tail").lines] == ["first"]
