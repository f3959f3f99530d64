"""Charts without a time axis: models side by side, what filters found, how a call's time was spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.charts import PADDING, SECONDS, Chart, Spec, key
from dashboard.palette import Palette

__all__ = ["Cell", "Pair", "Stretch", "dumbbells", "heat_map", "phases"]

_ROW = 26
_NAME_WIDTH = 180
_TOP_AXIS: Spec = {
    "orient": "top",
    "labelAngle": {"expr": "width < 330 ? -90 : 0"},
    "labelAlign": {"expr": "width < 330 ? 'left' : 'center'"},
    "labelBaseline": {"expr": "width < 330 ? 'middle' : 'bottom'"},
    "labelLimit": 60,
    "labelOverlap": False,
    "domain": False,
    "ticks": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two percentiles of one model, in seconds."""

    name: str
    model: str
    provider: str
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
    category: str = ""
    """What the row stands for, in the provider's words."""
    levels: tuple[str, ...] = ()
    """What the column stands for, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a call's time, in seconds from its start."""

    name: str
    start: float
    end: float
    told: str


def dumbbells(pairs: Sequence[Pair], palette: Palette, *, low: str, high: str, alt: str) -> Chart:
    """Return a line from the lower to the higher percentile for each model, in the order given."""
    names = [pair.name for pair in pairs]
    rows = tuple(
        {
            "name": pair.name,
            "model": pair.model,
            "provider": pair.provider,
            "low": pair.low,
            "high": pair.high,
            "mark": mark,
            "at": at,
            "told": pair.told,
        }
        for pair in pairs
        for mark, at in ((low, pair.low), (high, pair.high))
    )
    colours = {low: palette.percentiles["p50"], high: palette.percentiles["p95"]}
    rule = {"type": "rule", "strokeWidth": 3, "opacity": 0.45, "color": palette.other}
    ends = {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}
    spec: Spec = {
        "padding": PADDING,
        "params": [{"name": "pick", "select": {"type": "point", "fields": ["model", "provider"]}, "views": ["points"]}],
        "layer": [{"mark": rule, "encoding": ends}, _points(colours)],
        "encoding": {"y": {"field": "name", "type": "nominal", "title": None, "sort": names, "axis": _name_axis()}},
    }
    return Chart(spec=spec, rows=rows, alt=alt, height=_ROW * max(2, len(pairs)) + 56)


def heat_map(cells: Sequence[Cell], columns: Sequence[str], palette: Palette, *, alt: str) -> Chart:
    """Return a field for each row and column, darker where there are more calls; the figure stands in it."""
    names = list(dict.fromkeys(cell.row for cell in cells))
    most = max((cell.calls for cell in cells), default=1)
    ink = {"condition": {"test": f"datum.calls > {most} * 0.45", "value": palette.ground}, "value": palette.ink}
    shade = {
        "field": "calls",
        "type": "quantitative",
        "scale": {"type": "sqrt", "domainMin": 0, "range": list(palette.heat)},
        "legend": None,
    }
    tile = {"type": "rect", "cornerRadius": 2, "stroke": palette.ground, "strokeWidth": 2}
    figure = {"field": "calls", "type": "quantitative", "format": ","}
    spec: Spec = {
        "padding": PADDING,
        "params": [{"name": "pick", "select": {"type": "point", "fields": ["category", "column"]}, "views": ["tiles"]}],
        "encoding": {
            "x": {"field": "column", "type": "nominal", "title": None, "sort": list(columns), "axis": _TOP_AXIS},
            "y": {"field": "row", "type": "nominal", "title": None, "sort": names, "axis": _name_axis()},
            "tooltip": [_tip("row", "Category"), _tip("column", "Level"), _tip("told", "Calls")],
        },
        "layer": [
            {"name": "tiles", "mark": tile, "encoding": {"color": shade}},
            {"mark": {"type": "text", "fontSize": 12}, "encoding": {"text": figure, "color": ink}},
        ],
    }
    rows = tuple(
        {"row": cell.row, "category": cell.category, "column": cell.column, "calls": cell.calls, "told": cell.told}
        for cell in cells
    )
    return Chart(spec=spec, rows=rows, alt=alt, height=_ROW * max(1, len(names)) + 56)


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
                "legend": key(colours) if len(colours) > 1 else None,
            },
            "tooltip": [_tip("name", "Stretch"), _tip("told", "Time")],
        },
    }
    return Chart(spec=spec, rows=rows, alt=alt, height=104 if len(colours) > 1 else 60)


def _points(colours: Mapping[str, str]) -> Spec:
    return {
        "name": "points",
        "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
        "encoding": {
            "x": {
                "field": "at",
                "type": "quantitative",
                "title": None,
                "axis": {"labelExpr": SECONDS.label, "tickCount": 5},
            },
            "color": {
                "field": "mark",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(colours), "range": list(colours.values())},
                "legend": {"orient": "bottom", "direction": "horizontal"},
            },
            "tooltip": [_tip("name", "Model"), _tip("told", "Percentiles")],
        },
    }


def _name_axis() -> Spec:
    return {
        "labelLimit": {"expr": f"width > 300 ? {_NAME_WIDTH} : 120"},
        "labelBound": False,
        "labelFlush": False,
        "domain": False,
        "ticks": False,
        "grid": False,
    }


def _tip(field: str, title: str) -> Spec:
    return {"field": field, "type": "nominal", "title": title}
