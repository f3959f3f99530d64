from __future__ import annotations

import pytest

from audit.canary.state import EVIDENCE
from audit.canary.verdict import Verdict


@pytest.mark.parametrize("verdict", list(Verdict))
def test_verdicts_fit_their_column(verdict: Verdict) -> None:
    assert len(verdict.value) <= 16


def test_what_lies_with_us_tells_nothing_about_a_model() -> None:
    assert set(Verdict) - EVIDENCE == {Verdict.THROTTLED, Verdict.UNAUTHORISED, Verdict.INVALID, Verdict.UNASKED}
