from __future__ import annotations

import pytest

from audit.cli._nothing import NOTHING_RECORDED
from tests.cli.record import CALLS, KEYS
from tests.cli.terminal import Audit

HEADINGS = {"day": "day (GMT/BST)", "requested": "model asked for"}
GROUPS = [
    "provider",
    "model",
    "requested",
    "key",
    "project",
    "user",
    "session",
    "outcome",
    "standing",
    "operation",
    "canary",
    "day",
]


def table(lines: list[str]) -> dict[str, list[str]]:
    """The cells behind each row's first, which has no spaces here."""
    return {cells[0]: cells[1:] for line in lines[1:] if (cells := line.split())}


def test_the_figures_of_each_model_add_up_to_those_of_all(audit: Audit, filled: str) -> None:
    said = audit("usage")
    assert said.code == 0
    assert said.lines[0].split("  ")[0] == "model"
    assert table(said.lines) == {
        "gpt-5": ["4", "2", "1", "–", "–", "–", "–", "–", "2", "4"],
        "gpt-4o": ["1", "0", "0", "1,000", "–", "500", "–", "$0.00250", "0", "0"],
        "gpt-4o-2024-08-06": ["1", "0", "0", "1,000", "–", "500", "–", "$0.00250", "0", "0"],
        "o3-pro": ["1", "0", "0", "7", "–", "15", "–", "$0.0000175", "0", "0"],
        "all": ["7", "2", "1", "2,007", "–", "1,015", "–", "$0.00502", "2", "4"],
    }
    assert said.err.startswith("since 20")


@pytest.mark.parametrize("by", GROUPS)
def test_every_grouping_has_a_table_and_json_that_agree(audit: Audit, filled: str, by: str) -> None:
    rows = audit("usage", "--by", by, "--json").json
    said = audit("usage", "--by", by)
    assert sum(row["calls"] for row in rows) == CALLS
    assert said.lines[0].startswith(HEADINGS.get(by, by))
    assert len(said.lines) == 1 + len(rows) + (len(rows) > 1)


def test_calls_without_a_project_stand_under_a_dash(audit: Audit, filled: str) -> None:
    assert table(audit("usage", "--by", "project").lines)["–"][0] == "2"


def test_a_label_groups_by_its_values(audit: Audit, filled: str) -> None:
    said = audit("usage", "--by-label", "team")
    assert said.lines[0].startswith("team ")
    assert {name: cells[0] for name, cells in table(said.lines).items()} == {
        "red": "3",
        "blue": "2",
        "–": "2",
        "all": "7",
    }


def test_days_come_in_order(audit: Audit, filled: str) -> None:
    days = [row["group"] for row in audit("usage", "--by", "day", "--canaries", "with", "--json").json]
    assert days == sorted(days)


def test_keys_go_by_their_names(audit: Audit, filled: str) -> None:
    audit("keys", "name", KEYS[0], "search-team")
    assert {"search-team", KEYS[1], "–", "all"} == set(table(audit("usage", "--by", "key").lines))
    rows = audit("usage", "--by", "key", "--json").json
    assert {(row["group"], row["key_name"]) for row in rows} == {
        (KEYS[0], "search-team"),
        (KEYS[1], None),
        (None, None),
    }


def test_one_row_needs_no_sum(audit: Audit, filled: str) -> None:
    assert set(table(audit("usage", "--project", "billing").lines)) == {"gpt-5"}


def test_money_is_exact_in_json(audit: Audit, filled: str) -> None:
    (row,) = audit("usage", "--model", "o3-pro", "--json").json
    assert [(cost["currency"], float(cost["amount"])) for cost in row["costs"]] == [("USD", 0.0000175)]
    assert isinstance(row["costs"][0]["amount"], str)


def test_where_nothing_fits_the_reason_is_told_and_nothing_printed(audit: Audit, filled: str) -> None:
    said = audit("usage", "--project", "serch")
    assert (said.code, said.out) == (0, "")
    assert "No call has the project 'serch'; there are: search" in said.err


def test_an_empty_record_is_an_empty_list_or_a_hint(audit: Audit) -> None:
    assert audit("usage").err.strip() == NOTHING_RECORDED
    assert audit("usage", "--json").json == []
    assert audit("usage", "--by", "key", "--json").json == []


def test_eighty_columns_hold_the_table(audit: Audit, filled: str, terminal: pytest.MonkeyPatch) -> None:
    said = audit("usage", "--by", "model")
    assert max(map(len, said.out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines())) <= 80
    assert "unpriced" in said.out
    assert said.err.startswith("No room for: ")
