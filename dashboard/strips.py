"""Days of uptime, a line for each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dashboard.charts import PADDING, Chart, Spec, utc_moment
from dashboard.palette import Palette

__all__ = ["Day", "Strip", "uptime_strips"]

_LINE, _BENEATH = 46, 104
"""Pixels of a model's line, and of the axis and the legend beneath them all."""
_STATES = ("down", "degraded", "unknown", "up")
_LEAST_SEEN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """How long on one day a model was in which state."""

    day: date
    shares: Mapping[str, float]
    """By state; they add up to 1."""
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A model's days."""

    name: str
    figure: str
    days: tuple[Day, ...]


def uptime_strips(strips: Sequence[Strip], first: date, last: date, palette: Palette, *, alt: str) -> Chart:
    """Return a line for each model: its name, its figure, and a bar for each day, filled by state.

    A state that lasted at all fills at least a tenth of its day, or it could not be seen. Days that a model does not
    have stay empty.
    """
    rows = tuple(row for number, strip in enumerate(strips) for row in _strip_rows(strip, number))
    text = {"type": "text", "baseline": "bottom", "fontSize": 13, "color": palette.ink}
    scale = {"domain": [0, len(strips)], "reverse": True, "nice": False, "zero": False}
    spec: Spec = {
        "padding": PADDING,
        "encoding": {"y": {"field": "top", "type": "quantitative", "axis": None, "scale": scale}},
        "layer": [
            _bars(first, last, palette),
            _text("name", text | {"align": "left", "limit": {"expr": "width - 150"}}, {"value": 0}),
            _text("figure", text | {"align": "right", "color": palette.muted}, {"value": "width"}),
        ],
    }
    return Chart(spec=spec, rows=rows, alt=alt, height=_LINE * max(1, len(strips)) + _BENEATH)


def _bars(first: date, last: date, palette: Palette) -> Spec:
    return {
        "transform": [{"filter": "datum.kind == 'day'"}],
        "mark": {"type": "rect"},
        "encoding": {
            "x": {
                "field": "from",
                "type": "temporal",
                "title": None,
                "scale": {"type": "utc", "domain": _days(first, last), "nice": False},
                "axis": {"labelExpr": "utcFormat(datum.value, '%d %b')", "grid": False, "tickCount": 5},
            },
            "x2": {"field": "to"},
            "y2": {"field": "bottom"},
            "color": {
                "field": "state",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(_STATES), "range": [palette.states[state] for state in _STATES]},
                "legend": {
                    "orient": "bottom",
                    "direction": "horizontal",
                    "symbolType": "square",
                    "columns": {"expr": "width > 480 ? 5 : 3"},
                },
            },
            "tooltip": [
                {"field": field, "type": "nominal", "title": title}
                for field, title in (("name", "Model"), ("when", "Day"), ("told", "Time"))
            ],
        },
    }


def _strip_rows(strip: Strip, number: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"kind": "name", "top": number + 0.42, "name": strip.name, "figure": strip.figure},
    ]
    for day in strip.days:
        top = number + 0.48
        for state, filled in _filled(day.shares).items():
            bottom = top + 0.46 * filled
            rows.append(
                {
                    "kind": "day",
                    "from": _hour(day.day, 2),
                    "to": _hour(day.day, 22),
                    "top": top,
                    "bottom": bottom,
                    "name": strip.name,
                    "state": state,
                    "when": f"{day.day:%a %d %b %Y}",
                    "told": day.told,
                }
            )
            top = bottom
    return rows


def _days(first: date, last: date) -> list[Spec]:
    return [utc_moment(datetime.combine(day, time())) for day in (first, last + timedelta(days=1))]


def _hour(day: date, hour: int) -> int:
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)).timestamp() * 1000)


def _filled(shares: Mapping[str, float]) -> dict[str, float]:
    """Return how much of a bar each state fills, from the top; small ones are made to be seen."""
    seen = {state: max(shares[state], _LEAST_SEEN) for state in _STATES if shares.get(state, 0) > 0}
    whole = sum(seen.values())
    return {state: share / whole for state, share in seen.items()}


def _text(field: str, mark: Spec, x: Spec) -> Spec:
    return {
        "transform": [{"filter": "datum.kind == 'name'"}],
        "mark": mark,
        "encoding": {"text": {"field": field, "type": "nominal"}, "x": x},
    }
