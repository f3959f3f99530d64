from __future__ import annotations

import pytest

from tests.cli.record import KEYS
from tests.cli.terminal import Audit


def test_keys_are_listed_with_what_they_cost(audit: Audit, filled: str) -> None:
    said = audit("keys", "list")
    assert said.code == 0
    assert [line.split()[0] for line in said.lines] == ["fingerprint", *KEYS]
    assert said.lines[1].split()[-3:] == ["2", "$0.00500", "0"]
    assert said.lines[2].split()[-3:] == ["2", "–", "1"]
    assert said.err.startswith("`audit keys name FINGERPRINT NAME` gives them names")


def test_json_has_the_same(audit: Audit, filled: str) -> None:
    rows = audit("keys", "list", "--json").json
    assert [(row["fingerprint"], row["name"], row["calls"]) for row in rows] == [(KEYS[0], None, 2), (KEYS[1], None, 2)]


def test_a_key_gets_a_name_by_the_beginning_of_its_fingerprint_and_loses_it_by_name(audit: Audit, filled: str) -> None:
    said = audit("keys", "name", "abcd1", " search-team ")
    assert (said.code, said.out) == (0, f"{KEYS[0]} is called search-team now\n")
    listed = audit("keys", "list")
    assert "  search-team  " in listed.lines[1]
    assert not listed.err
    assert audit("keys", "name", "search-team", "").out == f"{KEYS[0]} has no name now\n"
    assert [row["name"] for row in audit("keys", "list", "--json").json] == [None, None]


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("zz", "Invalid value for KEY: no key is called 'zz', or begins with it; `audit keys list` shows them all"),
        ("abcd", "Invalid value for KEY: 2 keys begin with 'abcd'; `audit keys list` shows them all"),
        ("", "calls without a key have none that could be named"),
    ],
)
def test_a_key_that_cannot_be_meant_is_refused(audit: Audit, filled: str, word: str, complaint: str) -> None:
    said = audit("keys", "name", word, "x")
    assert said.code == 2
    assert said.err.endswith(f"Error: {complaint}\n")


def test_a_name_that_two_keys_have_names_neither(audit: Audit, filled: str) -> None:
    for key in KEYS:
        audit("keys", "name", key, "both")
    said = audit("keys", "name", "both", "one")
    assert said.code == 2
    assert said.err.endswith(f"Error: 2 keys are called 'both'; say which by its fingerprint: {', '.join(KEYS)}\n")


def test_no_key_is_told(audit: Audit) -> None:
    said = audit("keys", "list")
    assert (said.code, said.out) == (0, "")
    assert said.err == "No API key was seen yet: none of the recorded calls has one.\n"
    assert audit("keys", "list", "--json").json == []


def test_eighty_columns_hold_the_table(audit: Audit, filled: str, terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("NO_COLOR", "1")
    assert max(map(len, audit("keys", "list").lines)) <= 80
