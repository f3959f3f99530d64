"""Keys of our own making, issued, listed and taken back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audit.cli import keys as command
from audit.proxy.rates import MOST_RPM
from audit.store.engine import open_engine
from audit.store.issued import add_key
from audit.store.write import Writer
from tests.cli.terminal import Audit
from tests.databases import the_database
from tests.store.samples import a_call, a_new_key, a_price

CONFIGURED = """
[providers.openai]
base_url = "https://api.openai.com"
key_env = "OPENAI_API_KEY"

[providers.router]
base_url = "https://router.example/v1"

[providers.filed]
base_url = "https://filed.example/v1"
key_file = "key"
"""


def listed(audit: Audit) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = audit("keys", "list", "--issued", "--json").json
    return rows


def spend(home: Path, fingerprint: str, amount: str) -> None:
    engine = open_engine(the_database(home))
    exchange = {"key_fingerprint": fingerprint, "started_at": datetime.now(UTC)}
    Writer(engine).append([a_call(77, exchange=exchange, price=a_price(amount))])
    engine.dispose()


def test_a_key_is_printed_once_and_all_else_goes_to_people(audit: Audit, home: Path) -> None:
    (home.parent / "audit.toml").write_text(CONFIGURED)
    said = audit("keys", "issue", "--name", "ci", "--provider", "openai*")
    assert said.code == 0
    assert re.fullmatch(r"sk-audit-[A-Za-z0-9]{40}\n", said.out)
    (row,) = listed(audit)
    first, second = said.err.splitlines()
    assert first == (
        f"ci ({row['fingerprint']}) may use all models of openai*. It is shown this once: only its digest is kept."
    )
    assert second.startswith("Point your tool at the proxy (`audit proxy`, http://127.0.0.1:8484) and give it this key")
    assert "`audit connect`" in second


def test_all_that_it_may_is_said(audit: Audit, home: Path) -> None:
    limits = [
        "--models",
        "gpt-*",
        "--models",
        "o3",
        "--rpm",
        "60",
        "--budget-usd",
        "20/month",
        "--expires",
        "2040-01-31",
    ]
    said = audit("keys", "issue", "--name", "ci", *limits)
    assert said.code == 0
    assert "may use the models gpt-*, o3 of all providers, 60 times a minute, for 20 USD/month (calls" in said.err
    assert "(calls without a price do not count), until 2040-01-31 00:00:00 GMT/BST. It is shown" in said.err


def test_what_keeps_it_from_working_is_said(audit: Audit, home: Path) -> None:
    assert "No configured provider fits" in audit("keys", "issue", "--name", "first").err
    (home.parent / "audit.toml").write_text(CONFIGURED)
    said = audit("keys", "issue", "--name", "second")
    assert said.err.endswith("No key to stand in for it is known for router: set key_env or key_file in audit.toml.\n")


def test_json_has_the_key_and_what_it_may(audit: Audit) -> None:
    words = [
        "--project",
        "search",
        "--user",
        "ada",
        "--label",
        "team=red",
        "--label",
        "team=blue",
        "--budget",
        "5 EUR/week",
    ]
    said = audit("keys", "issue", "--name", " ci ", *words, "--models", "o3", "--json")
    row = said.json
    assert re.fullmatch(r"sk-audit-\w{40}", row.pop("key"))
    assert row == listed(audit)[0]
    assert {name: row[name] for name in ("name", "project", "user", "labels", "models", "providers", "state")} == {
        "name": "ci",
        "project": "search",
        "user": "ada",
        "labels": {"team": "blue"},
        "models": ["o3"],
        "providers": ["*"],
        "state": "active",
    }
    assert row["budget"] == {"amount": "5", "currency": "EUR", "period": "week"}
    assert not row.keys() & {"pk", "digest"}


@pytest.mark.parametrize(
    ("text", "least", "most"), [("12h", 11.9, 12.1), ("90d", 2159, 2161), ("4w", 671, 673), ("999999w", 10**5, 10**6)]
)
def test_a_span_until_it_expires_counts_from_now(audit: Audit, text: str, least: float, most: float) -> None:
    expires = audit("keys", "issue", "--name", "ci", "--expires", text, "--json").json["expires_at"]
    assert least < (datetime.fromisoformat(expires) - datetime.now(UTC)) / timedelta(hours=1) < most


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--name", ""], "'' is not a name"),
        (["--name", "a\tb"], "is not a name: 1 to 200 characters of plain ASCII"),
        (["--name", "é"], "is not a name"),
        (["--name", "x" * 201], "is not a name"),
        (["--project", " "], "'' is not a tag"),
        (["--label", "team"], "'team' is not NAME=VALUE"),
        (["--label", "Team=a"], "'Team' is no name for a tag"),
        (["--label", "user=a"], "'user' is no tag of your own"),
        (["--label", "team="], "'' is not a tag"),
        (["--provider", "a,b"], "give the option again"),
        (["--models", "gpt-4 o3"], "give the option again"),
        (["--models", ""], "'' is not a pattern"),
        (["--rpm", "0"], "0 is not in the range 1<=x<=10000"),
        (["--budget-usd", "20"], "'20' is not AMOUNT/PERIOD, such as 20/month, 5/week or 0.5/day"),
        (["--budget-usd", "20/year"], "is not AMOUNT/PERIOD"),
        (["--budget-usd", "-1/day"], "is not AMOUNT/PERIOD"),
        (["--budget-usd", "1e3/day"], "is not AMOUNT/PERIOD"),
        (["--budget-usd", "0.0/day"], "a budget is more than nothing and at most 9,000,000"),
        (["--budget-usd", "9000000.1/day"], "a budget is more than nothing and at most 9,000,000"),
        (["--budget", "20/month"], "'20/month' is not AMOUNT CURRENCY/PERIOD, such as 20 USD/month"),
        (["--budget", "20 EUR/month", "--budget-usd", "2/day"], "--budget-usd and --budget exclude each other"),
        (["--expires", "soon"], "'soon' is no span (12h, 90d, 4w), day (2027-01-31) or time"),
        (["--expires", "5m"], "'5m' is no span"),
        (["--expires", "2020-01-31"], "'2020-01-31' is over already"),
        (["--expires", "0d"], "'0d' is over already"),
    ],
)
def test_nonsense_is_refused(audit: Audit, words: list[str], complaint: str) -> None:
    named = [] if "--name" in words else ["--name", "ci"]
    said = audit("keys", "issue", *named, *words)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err


def test_a_name_that_is_taken_is_refused(audit: Audit) -> None:
    audit("keys", "issue", "--name", "ci")
    said = audit("keys", "issue", "--name", "ci")
    assert (said.code, said.out) == (2, "")
    assert said.err == "Error: there is a key called ci; `audit keys revoke ci` frees the name\n"


def test_issued_keys_are_listed_with_what_is_left_to_them(audit: Audit, home: Path) -> None:
    for name, limits in {"ci": ["--models", "gpt-*", "--rpm", "60", "--budget-usd", "20/month"], "free": []}.items():
        audit("keys", "issue", "--name", name, *limits)
    spend(home, listed(audit)[1]["fingerprint"], "20")
    said = audit("keys", "list", "--issued")
    assert [line.split()[:4] for line in said.lines[1:]] == [
        ["free", "active", "*", "*"],
        ["ci", "over", "budget", "gpt-*"],
    ]
    assert "  60  $20.00  20 USD/month  " in said.lines[2]
    (seen,) = audit("keys", "list", "--json").json
    assert (seen["name"], seen["calls"]) == ("ci", 1)


def test_no_issued_key_is_told(audit: Audit) -> None:
    said = audit("keys", "list", "--issued")
    assert (said.code, said.out) == (0, "")
    assert said.err == "No key was issued yet: `audit keys issue --name NAME` makes one.\n"
    assert listed(audit) == []


def test_eighty_columns_hold_the_table(audit: Audit, terminal: pytest.MonkeyPatch) -> None:
    terminal.setenv("NO_COLOR", "1")
    audit("keys", "issue", "--name", "ci", "--models", "gpt-*", "--budget-usd", "20/month", "--project", "search")
    said = audit("keys", "list", "--issued")
    assert max(map(len, said.lines)) <= 80
    assert "No room for:" in said.err


@pytest.mark.parametrize("by_name", [True, False])
def test_a_key_is_revoked_by_name_or_the_beginning_of_its_fingerprint(audit: Audit, by_name: bool) -> None:
    audit("keys", "issue", "--name", "ci")
    (row,) = listed(audit)
    said = audit("keys", "revoke", "ci" if by_name else row["fingerprint"][:8])
    assert said.out == f"ci ({row['fingerprint']}) is revoked; a running proxy refuses it within seconds\n"
    assert [row["state"] for row in listed(audit)] == ["revoked"]
    again = audit("keys", "revoke", "ci")
    assert again.code == 2
    assert "ci is revoked already; `audit keys list --issued` shows them all" in again.err


def test_a_name_that_was_freed_means_the_key_that_has_it_now(audit: Audit) -> None:
    for word in ("issue", "revoke", "issue", "revoke"):
        audit("keys", word, *(["--name", "ci"] if word == "issue" else ["ci"]))
    assert [row["state"] for row in listed(audit)] == ["revoked", "revoked"]


@pytest.mark.parametrize("word", ["other", ""])
def test_a_key_that_was_not_issued_cannot_be_revoked(audit: Audit, word: str) -> None:
    audit("keys", "issue", "--name", "ci")
    said = audit("keys", "revoke", word)
    assert said.code == 2
    assert f"no issued key is called {word!r}, or begins with it" in said.err


def test_a_beginning_that_two_keys_have_revokes_neither(audit: Audit, home: Path) -> None:
    audit("keys", "list")
    engine = open_engine(the_database(home))
    assert add_key(engine, a_new_key("one", fingerprint="abcd1111"))
    assert add_key(engine, a_new_key("two", fingerprint="abcd2222"))
    engine.dispose()
    assert "2 keys begin with 'abcd'; `audit keys list --issued` shows them all" in audit("keys", "revoke", "abcd").err
    assert {row["state"] for row in listed(audit)} == {"active"}


def test_the_highest_limit_is_what_the_counters_hold() -> None:
    helped = CliRunner().invoke(command.command, ["issue", "--help"])
    assert f"1<=x<={MOST_RPM}" in helped.output
