from __future__ import annotations

import pytest

from audit.cli._nothing import NOTHING_RECORDED
from tests.cli.record import KEYS
from tests.cli.terminal import Audit


def test_outcomes_coverage_and_categories_stand_in_three_tables(audit: Audit, filled: str) -> None:
    said = audit("filters")
    outcomes, coverage, categories = said.out.split("\n\n")
    assert said.code == 0
    assert outcomes.splitlines()[0].split("  ")[0] == "model asked for"
    assert outcomes.splitlines()[1].split() == ["gpt-5", "1", "0", "0", "0", "0", "0", "3", "4"]
    assert coverage.splitlines()[0] == "How many calls were assessed"
    assert ["codex-mini-latest", "1", "100.0", "%", "0", "0.0", "%", "0", "0", "1"] in [
        line.split() for line in coverage.splitlines()
    ]
    assert "prompt  jailbreak  –          1         0         0       0       0" in categories.splitlines()


def test_json_has_all_three(audit: Audit, filled: str) -> None:
    found = audit("filters", "--by", "project", "--json").json
    assert {row["group"] for row in found["outcomes"]} == {"search", "billing", None}
    assert sum(row["calls"] for row in found["coverage"]) == 7
    assert {row["category"] for row in found["categories"]} == {"hate", "jailbreak", "self_harm", "sexual", "violence"}


def test_groups_without_a_name_stand_under_a_dash(audit: Audit, filled: str) -> None:
    assert any(line.startswith("–  ") for line in audit("filters", "--by", "project").lines)


@pytest.mark.parametrize(
    ("by", "heading"), [("none", ""), ("day", "day (GMT/BST)"), ("key", "key"), ("model", "model")]
)
def test_the_first_column_says_what_it_is(audit: Audit, filled: str, by: str, heading: str) -> None:
    assert audit("filters", "--by", by).lines[0].partition("  ")[0] == heading


def test_days_have_one_coverage_for_all(audit: Audit, filled: str) -> None:
    assert len(audit("filters", "--by", "day", "--json").json["coverage"]) == 1


def test_keys_go_by_their_names(audit: Audit, filled: str) -> None:
    audit("keys", "name", KEYS[0], "search-team")
    assert any(line.startswith("search-team ") for line in audit("filters", "--by", "key").lines)


def test_where_no_filter_spoke_that_is_said(audit: Audit, filled: str) -> None:
    said = audit("filters", "--project", "billing")
    assert said.out.endswith("\nNo filter said anything of any category.\n")


def test_an_empty_record_is_told(audit: Audit) -> None:
    said = audit("filters")
    assert (said.code, said.out, said.err.strip()) == (0, "", NOTHING_RECORDED)
    assert audit("filters", "--json").json == {"outcomes": [], "coverage": [], "categories": []}


@pytest.mark.parametrize("by", ["requested", "model", "day", "key", "none"])
def test_eighty_columns_hold_the_tables(audit: Audit, filled: str, terminal: pytest.MonkeyPatch, by: str) -> None:
    terminal.setenv("NO_COLOR", "1")
    assert max(map(len, audit("filters", "--by", by).lines)) <= 80
