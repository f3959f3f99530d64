"""`audit retention`: what would go, and what has gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.store.engine import open_engine
from audit.store.retaining import Removed
from audit.store.write import Writer
from tests.cli.ledgers import a_signed_ledger
from tests.cli.terminal import Audit
from tests.store.samples import a_call, an_id

POLICIES = """\
[[retention.policies]]
name = "all calls"
bodies = "30d"
metadata = "1 year"

[[retention.policies]]
name = "blocked"
outcomes = "blocked"
"""


@pytest.fixture
def config(home: Path) -> Path:
    path = home.parent / "audit.toml"
    path.write_text(POLICIES)
    return path


@pytest.fixture
def old(filled: str, config: Path) -> str:
    """A record with two calls that are eight years old, one of them with a body, beside new ones."""
    engine = open_engine(filled)
    minutes = -60 * 24 * 3_000
    Writer(engine).append(
        [a_call(900, minutes=minutes), a_call(901, minutes=minutes, exchange={"request_body": b"xy"})]
    )
    engine.dispose()
    return filled


def test_without_policies_it_is_said_how_to_have_one(audit: Audit, filled: str) -> None:
    said = audit("retention", "show")
    assert (said.code, said.out) == (0, "")
    assert "[[retention.policies]]" in said.err
    told = audit("retention", "show", "--json").json
    nothing = {"preset": None, "bounds": None, "policies": [], "whole_months": False, "due": [], "held": []}
    assert told == nothing
    assert audit("retention", "apply").out == "removed: 0 calls, and the bodies of 0 more\n"


def test_policies_and_what_would_go_are_shown(audit: Audit, old: str, config: Path) -> None:
    config.write_text('[retention]\npreset = "pci"\n' + POLICIES)
    said = audit("retention", "show")
    assert (said.code, said.lines[1].split()) == (0, ["all", "calls", "30", "days", "12", "months", "0", "2", "2"])
    assert said.lines[2].split() == ["blocked", "forever", "forever", "–", "–", "0"]
    assert said.lines[3:] == ["Preset pci: metadata at least 12 months."]
    config.write_text("[retention]\nwhole_months = true\n" + POLICIES)
    assert audit("retention", "show").lines[-1] == (
        "whole_months: what is due stays until everything that began in its month is due."
    )


def test_what_is_held_back_is_told_and_by_which_hold(audit: Audit, old: str) -> None:
    hold = audit("hold", "add", "--by", "call", str(an_id(901)), "--reason", "a claim").out.strip()
    assert audit("retention", "apply", "--dry-run").lines[-1] == f"1 stay by hold {hold}: a claim"
    told = audit("retention", "show", "--json").json
    assert [(one["hold"]["id"], one["calls"]) for one in told["held"]] == [(hold, 1)]
    assert [(one["policy"], one["what"], one["calls"]) for one in told["due"]] == [
        ("all calls", "all", 1),
        ("all calls", "bodies", 0),
    ]
    assert [one["bodies"] for one in told["policies"]] == ["30 days", "forever"]


def test_a_dry_run_changes_nothing_and_then_it_goes(audit: Audit, old: str, home: Path) -> None:
    assert audit("retention", "apply", "--dry-run").code == 0
    assert audit("calls", "show", str(an_id(900))).code == 0
    said = audit("retention", "apply", "--scrub")
    assert (said.code, said.out) == (0, "removed: 2 calls, and the bodies of 0 more\n")
    assert said.err == "2 removed\n"
    assert audit("calls", "show", str(an_id(900))).code != 0
    a_signed_ledger(home)
    told = audit("verify", "--json")
    assert (told.code, told.json["entries"]) == (0, {"ok": 12, "erased": 2})


def test_months_that_were_dropped_are_told(audit: Audit, old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.cli.retention.apply_retention", lambda *_, **__: Removed(months=["2026_01", "2026_02"]))
    assert audit("retention", "apply").lines[-1] == "partitions dropped: 2026_01, 2026_02"
    assert audit("retention", "apply", "--json").json["months"] == ["2026_01", "2026_02"]


def test_a_policy_below_its_presets_floor_is_refused(audit: Audit, config: Path) -> None:
    config.write_text('[retention]\npreset = "hipaa"\n' + POLICIES)
    said = audit("retention", "apply")
    assert said.code == 2
    assert "policy 'all calls' keeps metadata for 12 months, and preset 'hipaa' wants at least 72 months" in said.err
