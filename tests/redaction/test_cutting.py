"""Cuts: found in passages, made in sheets."""

from __future__ import annotations

import json

from audit.redaction.cutting import Found, spliced
from audit.redaction.json_texts import passages_of
from audit.redaction.passage import plain_piece
from tests.redaction.samples import a_cutter

TOOL = {"to": "ann@x.org", "lines": "one\nbob@x.org", "raw": json.dumps({"deep": "cy@x.org\n"})}


def redacted(text: str) -> str:
    return spliced(text, a_cutter("email").cuts(passages_of(text)))


def test_a_document_within_a_string_is_searched_as_one_however_deep() -> None:
    text = json.dumps({"arguments": json.dumps(TOOL)})
    arguments = json.loads(json.loads(redacted(text))["arguments"])
    assert arguments["to"] == "[redacted:email]"
    assert arguments["lines"] == "one\n[redacted:email]"
    assert json.loads(arguments["raw"]) == {"deep": "[redacted:email]\n"}


def test_a_document_that_was_cut_is_searched_as_far_as_it_came() -> None:
    text = json.dumps({"arguments": json.dumps(TOOL)[:-30] + " di@x.org"})
    assert redacted(text).count("[redacted:email]") == 3
    assert redacted(text).count("@") == 0


def test_escapes_hide_nothing() -> None:
    assert redacted(r'{"a": "\u0061nn\u0040x\u002eorg\u0021"}') == r'{"a": "[redacted:email]\u0021"}'
    assert redacted(r'{"ann\u0040x.org": 1}') == '{"[redacted:email]": 1}'


def test_figures_that_are_no_strings_stay_figures() -> None:
    assert not a_cutter().cuts(passages_of('{"seed": 4111111111111111, "at": [30569309025904]}'))


def test_passages_are_no_part_of_one_another() -> None:
    pieces = [plain_piece("4111 1111"), plain_piece("1111 1111", 20), plain_piece("ann@x.org", 40)]
    (cut,) = a_cutter().cuts(pieces)
    assert cut == (0, 40, 49, "[redacted:email]", Found("email", "ann@x.org"))


def test_cuts_in_one_place_are_one() -> None:
    (cut,) = a_cutter().cuts([plain_piece("ann@x.org"), plain_piece("ann@x.org")])
    assert spliced("ann@x.org!", [cut]) == "[redacted:email]!"
