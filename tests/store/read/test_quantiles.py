from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import StoreError
from audit.store.columns import RECORD
from audit.store.read.quantiles import speed, spread
from audit.store.rows import Speed, Spread


@pytest.mark.parametrize(
    ("figures", "p50", "p95", "p99"),
    [
        ([7], 7, 7, 7),
        ([1, 2], 1, 2, 2),
        ([3, 1, 2], 2, 3, 3),
        (list(range(1, 101)), 50, 95, 99),
        (list(range(1, 21)), 10, 19, 20),
    ],
)
def test_percentiles_are_figures_that_were_measured(figures: list[int], p50: int, p95: int, p99: int) -> None:
    text = RECORD.join(map(str, figures))
    assert spread([text]) == Spread(n=len(figures), p50_us=p50, p95_us=p95, p99_us=p99)


@pytest.mark.parametrize("text", ["2.5e-154", "x", b"7"])
def test_what_is_no_figure_is_told_as_damage(text: Any) -> None:
    with pytest.raises(StoreError, match="the database is damaged"):
        spread([text])


def test_groups_are_put_together() -> None:
    assert spread([f"30{RECORD}10", None, "20"]) == spread([f"10{RECORD}20{RECORD}30"])


@pytest.mark.parametrize("texts", [[], [None], ["", None]])
def test_no_figures_have_no_percentiles(texts: list[str | None]) -> None:
    assert (spread(texts), speed(texts)) == (Spread(), Speed())


def test_speeds_come_in_thousandths() -> None:
    assert speed([RECORD.join(("12500", "50000", "25000"))]) == Speed(n=3, p50=25.0, p05=12.5)


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_at_least_as_many_figures_as_promised_lie_at_or_below(figures: list[int]) -> None:
    found = spread([RECORD.join(map(str, figures))])
    for percent, figure in ((50, found.p50_us), (95, found.p95_us), (99, found.p99_us)):
        assert figure is not None
        assert sum(one <= figure for one in figures) * 100 >= percent * len(figures)
        assert sum(one < figure for one in figures) * 100 < percent * len(figures)
