"""A bar for each day, filled by how long a model was in which state."""

from __future__ import annotations

from datetime import date

import pytest

from dashboard.palette import LIGHT
from dashboard.strips import Day, Strip, uptime_strips

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 30)


def a_strip(**shares: float) -> Strip:
    return Strip(name="gpt-4o · openai", figure="up · 99.9 %", days=(Day(day=FIRST, shares=shares, told="x"),))


def filled(strip: Strip) -> dict[str, float]:
    """Return which part of its bar each state fills."""
    rows = [row for row in uptime_strips([strip], FIRST, LAST, LIGHT, alt="x").rows if row["kind"] == "day"]
    height = rows[-1]["bottom"] - rows[0]["top"]
    return {row["state"]: round((row["bottom"] - row["top"]) / height, 3) for row in rows}


def test_a_day_is_filled_in_proportion() -> None:
    assert filled(a_strip(up=0.5, down=0.5)) == {"down": 0.5, "up": 0.5}
    assert filled(a_strip(up=1.0, down=0.0)) == {"up": 1.0}


def test_a_minute_of_downtime_can_be_seen() -> None:
    assert filled(a_strip(up=0.9993, down=0.0007))["down"] == pytest.approx(0.091, abs=0.001)


def test_trouble_is_at_the_top() -> None:
    assert list(filled(a_strip(up=0.25, unknown=0.25, degraded=0.25, down=0.25))) == [
        "down",
        "degraded",
        "unknown",
        "up",
    ]


def test_every_model_has_its_name_and_figure_on_a_line_of_its_own() -> None:
    chart = uptime_strips([a_strip(up=1.0), a_strip(up=1.0)], FIRST, LAST, LIGHT, alt="x")
    names = [row for row in chart.rows if row["kind"] == "name"]
    assert [row["figure"] for row in names] == ["up · 99.9 %"] * 2
    assert names[1]["top"] - names[0]["top"] == 1
    assert chart.height > uptime_strips([a_strip(up=1.0)], FIRST, LAST, LIGHT, alt="x").height
