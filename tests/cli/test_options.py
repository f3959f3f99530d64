"""What the options that select calls mean; seen through `calls list --json`, and at the words of time alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from audit.cli import _options
from audit.cli._options import moment
from tests.cli.record import CALLS, KEYS, SAMPLE, call_id
from tests.cli.terminal import Audit


def numbers(audit: Audit, *words: str) -> set[int]:
    """The numbers of the calls that are listed; the sample has none."""
    said = audit("calls", "list", "--json", *words)
    assert said.code == 0, said.err
    return {int(row["id"][-1]) for row in said.json["rows"] if row["reference"] is None}


@pytest.mark.parametrize(
    ("words", "fitting"),
    [
        ([], {2, 3, 4, 5, 6, 7}),
        (["--provider", "azure.ai.openai"], {5}),
        (["--provider", "azure.ai.openai", "--provider", "openai"], {2, 3, 4, 5, 6, 7}),
        (["--model", "gpt-4o"], {3}),
        (["--requested", "gpt-4o"], {2, 3}),
        (["--project", "search"], {2, 3}),
        (["--project", ""], {5, 6}),
        (["--user", "grace"], {4, 7}),
        (["--session", ""], {2, 3, 4, 5, 6, 7}),
        (["--conversation", call_id(3)], {3}),
        (["--label", "team=red"], {2, 3}),
        (["--label", "team=red", "--label", "team=blue"], {2, 3, 4, 7}),
        (["--outcome", "blocked"], {5}),
        (["--outcome", "blocked_prompt", "--outcome", "clean"], {5}),
        (["--standing", "error"], {4, 6}),
        (["--match", "alias"], {2}),
        (["--operation", "list_models"], {9}),
        (["--unpriced"], {6, 7}),
        (["--without-usage"], {4, 5, 6, 7}),
        (["--canaries", "only"], {8}),
        (["--canaries", "with"], {2, 3, 4, 5, 6, 7, 8}),
        (["--canary", "arithmetic"], {8}),
        (["--search", "refund"], {2}),
        (["--search", call_id(3)], {3}),
        (["--key", KEYS[0]], {2, 3}),
        (["--key", "abcd2"], {4, 7}),
        (["--key", ""], {5, 6}),
        (["--since", "2m", "--until", "2099-01-01"], set()),
    ],
)
def test_options_select_calls(audit: Audit, filled: str, words: list[str], fitting: set[int]) -> None:
    assert numbers(audit, *words) == fitting


@pytest.mark.parametrize(
    ("words", "fitting"),
    [
        (["--category", "violence"], True),
        (["--category", "violence", "--side", "prompt", "--level", "safe"], True),
        (["--category", "jailbreak", "--level", "not found"], True),
        (["--side", "completion"], False),
        (["--category", "violence", "--level", "high"], False),
        (["--category", "theft"], False),
    ],
)
def test_options_select_calls_by_what_filters_said_of_them(
    audit: Audit, filled: str, words: list[str], fitting: bool
) -> None:
    """Only of the sample a filter said anything."""
    rows = audit("calls", "list", "--json", *words).json["rows"]
    assert [row["reference"] for row in rows] == ([SAMPLE] if fitting else [])


def test_a_keys_name_will_do(audit: Audit, filled: str) -> None:
    audit("keys", "name", KEYS[1], "billing team")
    assert numbers(audit, "--key", "billing team") == {4, 7}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--key", "abcd"], "Invalid value for --key: 2 keys begin with 'abcd'; `audit keys list` shows them all"),
        (["--label", "team"], "Invalid value for --label: 'team' is not NAME=VALUE"),
        (["--outcome", "blcked"], "Invalid value for '--outcome': 'blcked' is not one of 'blocked', "),
        (["--since", "yesteryear"], "Invalid value for '--since': 'yesteryear' is no span (90m, 24h, 7d, 4w), day"),
        (["--until", "40d"], "Invalid value for --until: it lies before --since, so nothing is in between"),
    ],
)
def test_what_cannot_be_meant_is_refused(audit: Audit, filled: str, words: list[str], complaint: str) -> None:
    said = audit("calls", "list", *words)
    assert (said.code, said.out) == (2, "")
    assert f"Error: {complaint}" in said.err


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
        ("4w", timedelta(weeks=4)),
    ],
)
def test_a_span_is_so_long_ago(text: str, ago: timedelta) -> None:
    assert abs(datetime.now(UTC) - ago - moment(text)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("word", "utc"),
    [("today", datetime(2026, 3, 29, tzinfo=UTC)), ("yesterday", datetime(2026, 3, 28, tzinfo=UTC))],
)
def test_the_day_on_which_the_clock_is_put_forward_begins_at_its_midnight(
    monkeypatch: pytest.MonkeyPatch, word: str, utc: datetime
) -> None:
    class Noon(datetime):
        """The clock of the 29th of March 2026, when summer time had begun at one o'clock in the morning."""

        @classmethod
        def now(cls, tz: object = None) -> Noon:
            return cls(2026, 3, 29, 12)

    monkeypatch.setattr(_options, "datetime", Noon)
    assert moment(word) == utc


def test_days_begin_at_local_midnight() -> None:
    midnight = moment("today").astimezone()
    assert (midnight.hour, midnight.minute, midnight.second, midnight.microsecond) == (0, 0, 0, 0)
    assert midnight.date() == datetime.now().astimezone().date()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01", datetime(2026, 6, 30, 23, tzinfo=UTC)),
        ("2026-01-31T12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-07-01T12:00+02:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ],
)
def test_times_without_a_zone_are_local(text: str, utc: datetime) -> None:
    assert moment(text) == utc


@pytest.mark.parametrize("text", ["", "7", "-7d", "7x", "2026-13-01", "9" * 30 + "w", "0001-01-01T00:00+23:59"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no span"):
        moment(text)


def test_a_configuration_on_the_command_line_goes_before_the_environments(
    audit: Audit, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has no calls: its database is elsewhere."""
    monkeypatch.delenv("AUDIT_DATABASE_URL", raising=False)
    (tmp_path / "audit.toml").write_text(f'[store]\nurl = "{filled}"\n')
    config = f"{tmp_path}/other.toml"
    with open(config, "w") as file:
        file.write(f'[store]\nurl = "sqlite:///{tmp_path}/other.db"\n')
    assert audit("--config", config, "calls", "list", "--json").json["total"] == 0
    assert audit("calls", "list", "--json").json["total"] == CALLS
