from __future__ import annotations

from typing import Any

import pytest

from audit.cli._acts import cells
from audit.store.rows.acts import ActRow, Kind
from tests.cli.terminal import Audit
from tests.store.samples import NOON, an_id


@pytest.mark.parametrize(
    ("kind", "statement", "told"),
    [
        (Kind.HOLD, {"by": "user", "value": "ann"}, "by: user, value: ann"),
        (Kind.ERASURE, {"what": "all", "ids": ["a", "b"]}, "what: all, ids: 2 of them"),
        (Kind.PRICE, {"digest": "sha256:0", "text": "gpt: input 2"}, "gpt: input 2"),
        (Kind.SETTINGS, {"changes": [{"name": "proxy.port", "before": "1", "after": "2"}]}, "proxy.port 1 → 2"),
        (Kind.SETTINGS, {"changes": [{"name": "aliases.a", "after": '"b"'}]}, 'aliases.a – → "b"'),
        (Kind.SETTINGS, {"values": {"proxy.port": "1"}}, "the first that are known: 1"),
        (Kind.LOSS, {"count": 2, "at": "noon", "reason": "x" * 300}, "2 until noon: " + "x" * 186 + "…"),
        (Kind.VIEW, {"call": an_id(2).hex, "way": "dashboard"}, f"call {an_id(2)} by dashboard"),
        (
            Kind.REVIEW,
            {"call": an_id(2).hex, "side": "prompt", "verdict": "borderline", "reason": "either"},
            f"call {an_id(2)}, prompt: borderline: either",
        ),
        (Kind.REVIEW, {"side": "prompt", "severity": 3}, "call None, prompt: None (should be 3): None"),
        (Kind.VIEW, {"call": ["a"], "way": None}, "call ['a'] by None"),
        (
            Kind.VIEW,
            {"calls": 9, "way": "audit backup", "into": "/srv/kept.db"},
            "all 9 calls by audit backup into /srv/kept.db",
        ),
        (
            Kind.VIEW,
            {
                "calls": 1,
                "way": "audit redact --dry-run",
                "selection": {"projects": ["a", "b"], "labels": [["env", "prod"]], "canaries": "without"},
            },
            "1 call (projects: a or b, labels: env=prod, canaries: without) by audit redact --dry-run",
        ),
        (Kind.SETTINGS, {"changes": [1]}, "(not in the form of its kind) {'changes': [1]}"),
        (Kind.HOLD, ["ann"], "(not in the form of its kind) ['ann']"),
        (Kind.VIEW, {"calls": 1, "selection": 2}, "(not in the form of its kind) {'calls': 1, 'selection': 2}"),
    ],
)
def test_what_was_done_is_told_in_a_line(kind: Kind, statement: Any, told: str) -> None:
    act = ActRow(id=an_id(1), at=NOON, kind=kind, actor="ann", statement=statement, place=None)
    assert cells(act)[1:] == [kind, "ann", told]


def test_acts_are_listed(audit: Audit, filled: str) -> None:
    held = audit("hold", "add", "--by", "user", "ann", "--reason", "a lawsuit").out.strip()
    audit("hold", "release", held, "--reason", "settled")
    said = audit("ledger", "acts", "--kind", "hold", "--since", "1h")
    assert said.lines[0].split()[2:] == ["kind", "who", "what"]
    assert said.lines[1].endswith("by: user, value: ann, reason: a lawsuit")
    told = audit("ledger", "acts", "--limit", "1", "--json").json
    assert [(one["kind"], one["statement"]["hold"]) for one in told] == [("hold-release", held)]


def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are(audit: Audit) -> None:
    said = audit("ledger", "acts", "--kind", "glance")
    assert said.code == 2
    assert all(kind in said.err for kind in Kind)


def test_where_nothing_was_done_that_is_said(audit: Audit, filled: str) -> None:
    said = audit("ledger", "acts", "--kind", "hold")
    assert (said.code, said.out, said.err) == (0, "", "no such act is in the ledger\n")


def test_verify_counts_acts_by_kind(audit: Audit, filled: str) -> None:
    audit("hold", "add", "--by", "user", "ann", "--reason", "a lawsuit")
    audit("ledger", "sign")
    assert "  act: hold           1" in audit("verify").lines
    assert audit("verify", "--json").json["acts"]["hold"] == 1
