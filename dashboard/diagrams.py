"""Charts without a time axis: models side by side, what filters found, how a call's time was spent, days of uptime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dashboard.charts import PADDING, SECONDS, Chart, Spec, utc_moment
from dashboard.palette import Palette

__all__ = ["Cell", "Day", "Pair", "Stretch", "Strip", "dumbbells", "heat_map", "phases", "uptime_strips"]

_ROW = 26
_NAME_WIDTH = 180
_STATES = ("down", "degraded", "unknown", "maintenance", "up")
_LEAST_SEEN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two percentiles of one model, in seconds."""

    name: str
    low: float
    high: float
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """How many calls a filter put into one field of the map."""

    row: str
    column: str
    calls: int
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a call's time, in seconds from its start."""

    name: str
    start: float
    end: float
    told: str


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


def dumbbells(pairs: Sequence[Pair], palette: Palette, *, low: str, high: str, alt: str) -> Chart:
    """Return a line from the lower to the higher percentile for each model, in the order given."""
    rows = tuple(
        {"name": pair.name, "low": pair.low, "high": pair.high, "mark": mark, "at": at, "told": pair.told}
        for pair in pairs
        for mark, at in ((low, pair.low), (high, pair.high))
    )
    names = [pair.name for pair in pairs]
    y = {"field": "name", "type": "nominal", "title": None, "sort": names, "axis": _name_axis()}
    x_axis = {"labelExpr": SECONDS.label, "tickCount": 5}
    spec: Spec = {
        "padding": PADDING,
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.45, "color": palette.other},
                "encoding": {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    "x": {"field": "at", "type": "quantitative", "title": None, "axis": x_axis},
                    "color": {
                        "field": "mark",
                        "type": "nominal",
                        "title": None,
                        "scale": {
                            "domain": [low, high],
                            "range": [palette.percentiles["p50"], palette.percentiles["p95"]],
                        },
                        "legend": {"orient": "bottom", "direction": "horizontal"},
                    },
                    "tooltip": [_tip("name", "Model"), _tip("told", "Percentiles")],
                },
            },
        ],
        "encoding": {"y": y},
    }
    return Chart(spec=spec, rows=rows, alt=alt, height=_ROW * max(2, len(pairs)) + 56)


def heat_map(cells: Sequence[Cell], columns: Sequence[str], palette: Palette, *, alt: str) -> Chart:
    """Return a field for each row and column, darker where there are more calls; the figure stands in it."""
    rows = tuple({"row": cell.row, "column": cell.column, "calls": cell.calls, "told": cell.told} for cell in cells)
    names = list(dict.fromkeys(cell.row for cell in cells))
    most = max((cell.calls for cell in cells), default=1)
    ink = {"condition": {"test": f"datum.calls > {most} * 0.45", "value": palette.ground}, "value": palette.ink}
    spec: Spec = {
        "padding": PADDING,
        "encoding": {
            "x": {
                "field": "column",
                "type": "nominal",
                "title": None,
                "sort": list(columns),
                "axis": {
                    "orient": "top",
                    "labelAngle": 0,
                    "labelLimit": 60,
                    "labelOverlap": False,
                    "domain": False,
                    "ticks": False,
                },
            },
            "y": {"field": "row", "type": "nominal", "title": None, "sort": names, "axis": _name_axis()},
            "tooltip": [_tip("row", "Category"), _tip("column", "Level"), _tip("told", "Calls")],
        },
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 2, "stroke": palette.ground, "strokeWidth": 2},
                "encoding": {
                    "color": {
                        "field": "calls",
                        "type": "quantitative",
                        "scale": {"type": "sqrt", "domainMin": 0, "range": list(palette.heat)},
                        "legend": None,
                    }
                },
            },
            {
                "mark": {"type": "text", "fontSize": 12},
                "encoding": {"text": {"field": "calls", "type": "quantitative", "format": ","}, "color": ink},
            },
        ],
    }
    return Chart(spec=spec, rows=rows, alt=alt, height=_ROW * max(1, len(names)) + 40)


def phases(stretches: Sequence[Stretch], colours: Mapping[str, str], *, alt: str) -> Chart:
    """Return how a call's time was spent, one stretch after the other."""
    rows = tuple(
        {"row": "", "name": part.name, "start": part.start, "end": part.end, "told": part.told} for part in stretches
    )
    spec: Spec = {
        "padding": PADDING,
        "mark": {"type": "bar", "height": 18},
        "encoding": {
            "x": {
                "field": "start",
                "type": "quantitative",
                "title": None,
                "axis": {"labelExpr": SECONDS.label, "tickCount": 6, "grid": False},
            },
            "x2": {"field": "end"},
            "y": {"field": "row", "type": "nominal", "axis": None},
            "color": {
                "field": "name",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(colours), "range": list(colours.values())},
                "legend": {
                    "orient": "bottom",
                    "direction": "horizontal",
                    "symbolType": "square",
                    "columns": {"expr": "width > 480 ? 4 : 1"},
                },
            },
            "tooltip": [_tip("name", "Stretch"), _tip("told", "Time")],
        },
    }
    return Chart(spec=spec, rows=rows, alt=alt, height=110)


def uptime_strips(strips: Sequence[Strip], first: date, last: date, palette: Palette, *, alt: str) -> Chart:
    """Return a line for each model: its name, its figure, and a bar for each day, filled by state.

    A state that lasted at all fills at least a tenth of its day, or it could not be seen. Days that a model does not
    have stay empty.
    """
    rows = tuple(row for number, strip in enumerate(strips) for row in _strip_rows(strip, number))
    text = {"type": "text", "baseline": "bottom", "fontSize": 13, "color": palette.ink}
    spec: Spec = {
        "padding": PADDING,
        "encoding": {
            "y": {
                "field": "top",
                "type": "quantitative",
                "axis": None,
                "scale": {"domain": [0, len(strips)], "reverse": True, "nice": False, "zero": False},
            }
        },
        "layer": [
            {
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
                    "tooltip": [_tip("name", "Model"), _tip("when", "Day"), _tip("told", "Time")],
                },
            },
            _strip_text("name", text | {"align": "left", "limit": {"expr": "width - 150"}}, {"value": 0}),
            _strip_text("figure", text | {"align": "right", "color": palette.muted}, {"value": "width"}),
        ],
    }
    return Chart(spec=spec, rows=rows, alt=alt, height=46 * max(1, len(strips)) + 64)


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


def _strip_text(field: str, mark: Spec, x: Spec) -> Spec:
    return {
        "transform": [{"filter": "datum.kind == 'name'"}],
        "mark": mark,
        "encoding": {"text": {"field": field, "type": "nominal"}, "x": x},
    }


def _name_axis() -> Spec:
    return {
        "labelLimit": {"expr": f"width > 300 ? {_NAME_WIDTH} : 110"},
        "domain": False,
        "ticks": False,
        "grid": False,
    }


def _tip(field: str, title: str) -> Spec:
    return {"field": field, "type": "nominal", "title": title}
