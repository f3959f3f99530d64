"""Readings of recorded provider traffic agree with the right answers.

The recordings lie outside the repository; set AUDIT_TRAFFIC to a folder with `expected.jsonl` and the `.jsonl` files
it speaks of, or keep them in `../shared/traffic`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.traffic.scoring import Score, calls, compare

TRAFFIC = Path(os.environ.get("AUDIT_TRAFFIC", Path(__file__).parents[3] / "shared" / "traffic"))
EXCEPTIONS: dict[tuple[str, str], str] = {}
"""(exchange, field) that is read otherwise than expected, and why."""

pytestmark = pytest.mark.skipif(
    not (TRAFFIC / "expected.jsonl").is_file(), reason=f"no recorded traffic at {TRAFFIC} (set AUDIT_TRAFFIC)"
)


def test_every_expected_answer_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    """All fields of all lines agree, but for those named with a reason; the score is printed."""
    rows = (TRAFFIC / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    expected = {row["id"]: row for row in map(json.loads, rows)}
    score, found = Score(), set()
    for path in sorted(TRAFFIC.glob("*.jsonl")):
        if path.name == "expected.jsonl":
            continue
        for name, provider, call in calls(path):
            if name in expected:
                found.add(name)
                compare(expected[name], provider, call, score)
    with capsys.disabled():
        print("\n" + score.table())
    wrong = [row for row in score.wrong if (row[0], row[1]) not in EXCEPTIONS]

    assert found == set(expected)
    assert not wrong, "\n".join(f"{row[0]} {row[1]}: expected {row[2]}, read {row[3]}" for row in wrong)


def test_every_recording_is_read_without_a_failure() -> None:
    """No exchange makes a reader fail, and none is lost."""
    failures = [
        (name, note)
        for path in sorted(TRAFFIC.glob("*.jsonl"))
        if path.name != "expected.jsonl"
        for name, _, call in calls(path)
        for note in call.reading.notes
        if " failed: " in note
    ]

    assert not failures
