"""`audit review`: decided, listed, shown with the call, told by the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.wiring.acting import actor
from tests.cli.ledgers import alter
from tests.cli.record import SAMPLE, call_id
from tests.cli.terminal import Audit, Said

SHORT = "a recipe"


def decide(audit: Audit, *words: str, call: str = SAMPLE, side: str = "prompt", verdict: str = "correct_pass") -> Said:
    return audit("review", "decide", call, "--side", side, "--verdict", verdict, *("--reason", SHORT), *words)


def test_what_was_decided_is_listed_newest_first_with_what_holds_now(audit: Audit, filled: str) -> None:
    first = decide(audit)
    assert (first.code, first.err, len(first.out.strip())) == (0, "", 36)
    again = decide(audit, verdict="borderline")
    assert again.err == "version 2 of your decision about this\n"
    decide(audit, "--category", "hate", "--severity", "low", verdict="false_negative")
    said = audit("review", "list")
    assert said.lines[0].split()[0] == "call"
    told = [line.split("  ") for line in said.lines[1:]]
    assert [[cell.strip() for cell in row if cell.strip()][2:] for row in told] == [
        [actor(), "prompt hate: false_negative (should be low)", "1, latest", SHORT],
        [actor(), "prompt: borderline", "2, latest", SHORT],
        [actor(), "prompt: correct_pass", "1", SHORT],
    ]
    listed = audit("review", "list", "--json").json
    assert [one["id"] for one in listed[1:]] == [again.out.strip(), first.out.strip()]
    assert [one["latest"] for one in listed] == [True, True, False]


def test_what_is_long_or_hostile_keeps_to_its_place(audit: Audit, filled: str, terminal: pytest.MonkeyPatch) -> None:
    decide(audit, "--reason", "a \x1b[31m" + "b" * 300)
    said = audit("review", "list")
    assert "\x1b[31m" not in said.out
    head = " ".join(said.lines[:2])
    assert all(heading in head for heading in ("call", "time", "who", "decided", "version", "reason"))
    assert max(map(len, said.lines[2:])) <= 80
    assert 190 < said.out.count("b") < 210
    assert audit("calls", "show", SAMPLE).out.count("b") > 300


def test_a_list_can_be_of_a_call_a_verdict_and_a_reviewer(audit: Audit, filled: str) -> None:
    decide(audit)
    decided = decide(audit, "--json", call=call_id(5), verdict="false_positive").json
    assert (decided["call"], decided["verdict"], decided["latest"]) == (call_id(5), "false_positive", True)
    for chosen in (("--call", call_id(5)), ("--verdict", "false_positive"), ("--limit", "1")):
        assert audit("review", "list", *chosen, "--json").json == [decided]
    assert len(audit("review", "list", "--reviewer", actor(), "--json").json) == 2
    said = audit("review", "list", "--reviewer", "nobody")
    assert (said.code, said.out) == (0, "")
    assert "audit review decide" in said.err
    assert audit("review", "list", "--call", "0199").code == 2


def test_what_cannot_be_decided_is_told_and_why(audit: Audit, filled: str) -> None:
    for said, told in (
        (decide(audit, call="0199"), "`audit calls list` shows ids"),
        (decide(audit, verdict="false_positive"), "no filter stopped the prompt"),
        (decide(audit, verdict="correct_pass", call=call_id(5)), "a filter stopped or masked the prompt"),
        (decide(audit, "--category", "drugs"), "no finding names 'drugs' for the prompt of this call"),
        (decide(audit, "--reason", " "), "wants a reason"),
        (decide(audit, verdict="wrong"), "false_negative"),
        (decide(audit, side="answer"), "completion"),
    ):
        assert (said.code, said.out) == (2, "")
        assert told in said.err
    assert audit("review", "list").out == ""


def test_a_call_is_shown_with_what_was_decided_about_it(audit: Audit, filled: str) -> None:
    assert "\nreview\n" not in audit("calls", "show", SAMPLE).out
    decide(audit, "--category", "hate")
    shown = audit("calls", "show", SAMPLE)
    head, _, rest = shown.out.partition("\nreview\n")
    assert head
    row = rest.splitlines()[1]
    assert all(told in row for told in (actor(), "prompt hate: correct_pass", "1, latest", SHORT))
    assert [one["reason"] for one in audit("calls", "show", SAMPLE, "--json").json["reviews"]] == [SHORT]
    call = audit("review", "list", "--json").json[0]["call"]
    audit("erase", "--call", call, "--ground", "x", "--bodies-only", "--yes")
    assert "\nreview\n" in audit("calls", "show", SAMPLE).out, "bodies alone are gone"


def test_the_ledger_tells_of_it_and_notes_no_look_at_content(audit: Audit, filled: str) -> None:
    decide(audit, "--category", "hate", "--severity", "low")
    call = audit("review", "list", "--json").json[0]["call"]
    said = audit("ledger", "acts", "--kind", "review")
    assert said.lines[1].endswith(f"call {call}, prompt hate: correct_pass (should be low): {SHORT}")
    assert audit("ledger", "acts", "--kind", "view").out == ""


def test_verify_counts_decisions_and_finds_those_that_were_tampered_with(audit: Audit, filled: str) -> None:
    decide(audit)
    said = audit("verify")
    assert (said.code, "  act: review         1" in said.lines) == (0, True)
    alter(filled, "update reviews set verdict = 'false_negative'")
    said = audit("verify", "--json")
    assert said.code == 1
    assert [(one["verdict"], one["what"].split()[0]) for one in said.json["amiss"]] == [
        ("ALTERED", "review"),
        ("MISSING", "review"),
    ]
    alter(filled, "delete from reviews")
    assert [one["verdict"] for one in audit("verify", "--json").json["amiss"]] == ["MISSING"]


def test_what_was_decided_goes_with_an_erased_call(audit: Audit, filled: str) -> None:
    call = decide(audit, "--json").json["call"]
    assert audit("erase", "--call", call, "--ground", "Art. 17", "--yes").code == 0
    assert audit("review", "list").out == audit("ledger", "acts", "--kind", "review").out == ""
    said = audit("verify", "--json")
    assert (said.code, said.json["amiss"], said.json["entries"]["erased"]) == (0, [], 2)
    assert SHORT.encode() not in database(filled)


def database(url: str) -> bytes:
    """Return the bytes of a database's file; none where it is a server's."""
    return Path(url.removeprefix("sqlite:///")).read_bytes() if url.startswith("sqlite") else b""


def test_a_call_is_named_by_what_fits_no_other(audit: Audit, filled: str) -> None:
    for name, told in (
        ("01930000-0000-7000", "fits several calls: "),
        ("zzz", "no call, or more than one, is called "),
    ):
        for said in (decide(audit, call=name), audit("review", "list", "--call", name)):
            assert (said.code, told in said.err) == (2, True)
