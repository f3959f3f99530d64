"""Review in the configured database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit import wiring
from audit.call import Source
from audit.errors import AuditError
from audit.settings import Settings
from audit.store.rows import ReviewVerdict
from audit.store.rows.verified import Verdict
from audit.wiring.acting import actor
from audit.wiring.ledger import verify_record
from audit.wiring.reviewing import decide
from tests.store.samples import a_call, an_id


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with a call that no filter has looked at."""
    settings = Settings(home=tmp_path)
    with closing(wiring.open_store(settings)) as store:
        store.append([a_call(1, exchange={"reference": "line 1"})])
    return settings


def test_a_decision_is_in_the_name_of_who_runs_this_and_signed_at_once(settings: Settings) -> None:
    """No other process need come to give it its place."""
    before = verify_record(settings)
    verdict = ReviewVerdict.FALSE_NEGATIVE
    decided = decide(settings, an_id(1), side=Source.PROMPT, verdict=verdict, severity="high", reason="a threat")
    after = verify_record(settings)
    assert (decided.call, decided.reviewer, decided.severity) == (an_id(1), actor(), "high")
    assert after.acts["review"] == 1
    assert after.anchored == after.size == before.size + 1
    assert not after.entries[Verdict.UNSEQUENCED]
    with closing(wiring.open_reader(settings)) as read:
        assert read.reviews() == (decided,)


def test_a_call_that_is_not_there_is_told(settings: Settings) -> None:
    with pytest.raises(AuditError, match=f"call {an_id(2)} is not in the record"):
        decide(settings, an_id(2), side=Source.PROMPT, verdict=ReviewVerdict.BORDERLINE, reason="so")
    with closing(wiring.open_reader(settings)) as read:
        assert read.reviews() == ()
