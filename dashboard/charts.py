"""Charts as values: rows of figures and the Vega-Lite specification that draws them. Pure.

Times are what the clock on the reader's wall says, drawn on a UTC scale, so that a chart shows the page's time zone
whatever the browser's is. Text in the rows is drawn as text by Vega; nothing of it is interpreted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from dashboard import figures
from dashboard.palette import OTHER, Palette

__all__ = [
    "COUNT",
    "PADDING",
    "PER_SECOND",
    "SECONDS",
    "SHARE",
    "Bar",
    "Chart",
    "Grid",
    "Line",
    "Spec",
    "Unit",
    "bars_over_time",
    "grouped",
    "key",
    "legend",
    "lines_over_time",
    "money_unit",
    "utc_moment",
]

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn."""

    spec: Spec
    rows: tuple[dict[str, Any], ...]
    alt: str
    """What it shows, for those who do not see it."""
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How the values of an axis are written; Vega expressions on `datum.value`."""

    label: str


_LABEL_WIDTH, _LETTER_WIDTH, _SYMBOL_WIDTH = 170, 6.2, 32
"""Of a legend's entries, in pixels."""
PADDING = {"left": 2, "right": 2, "top": 6, "bottom": 0}
COUNT = Unit(label="datum.value % 1 ? '' : format(datum.value, '~s')")
SECONDS = Unit(label="datum.value == 0 ? '0' : format(datum.value, '~s') + 's'")
SHARE = Unit(label="format(datum.value, '.0%')")
PER_SECOND = Unit(label="format(datum.value, datum.value < 1 ? '~r' : '~s') + '/s'")


def money_unit(currency: str, most: float) -> Unit:
    """Return the unit of an axis of money that reaches up to `most`."""
    symbol = figures.money_symbol(currency)
    form = "~s" if most >= 1_000 else ",.0f" if most >= 20 else ".2f" if most >= 0.05 else "~r"
    return Unit(label=f"'{symbol}' + (datum.value == 0 ? '0' : format(datum.value, '{form}'))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The spans that a chart over time is made of, on the clock of the page's time zone."""

    since: datetime
    until: datetime
    bucket_s: int
    zone: tzinfo

    @property
    def starts(self) -> list[datetime]:
        """The begin of each span, from the one that holds `since`: as the record cuts them."""
        ahead = (self.since.astimezone(self.zone).utcoffset() or timedelta()).total_seconds()
        start = self.since - timedelta(seconds=(self.since.timestamp() + ahead) % self.bucket_s)
        spans = max(1, -int(-(self.until - start).total_seconds() // self.bucket_s))
        return [start + timedelta(seconds=self.bucket_s * number) for number in range(spans)]

    @property
    def whole(self) -> list[datetime]:
        """The begin of each span that lies wholly within the time."""
        width = timedelta(seconds=self.bucket_s)
        return [start for start in self.starts if self.since <= start and start + width <= self.until]

    @property
    def words(self) -> str:
        """How long a span is."""
        return {60: "minute", 3_600: "hour", 86_400: "day", 604_800: "week"}.get(
            self.bucket_s, figures.duration(self.bucket_s * 1_000_000)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One group's value in one span of time."""

    at: datetime
    group: str
    value: float
    told: str
    """The value in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series' value in one span of time; None is drawn as a gap."""

    at: datetime
    group: str
    value: float | None
    told: str


def bars_over_time(
    bars: Sequence[Bar],
    grid: Grid,
    *,
    colours: Mapping[str, str],
    unit: Unit,
    alt: str,
    shares: bool = False,
    names: Mapping[str, str] | None = None,
    height: int = 290,
) -> Chart:
    """Return bars stacked in the order of `colours`; with `shares` every span adds up to 100 %."""
    told = names or {}
    axis = {"labelExpr": (SHARE if shares else unit).label, "tickCount": 4}
    stack = "normalize" if shares else "zero"
    spec: Spec = {
        "padding": PADDING,
        "mark": {"type": "bar", "binSpacing": 1},
        "params": [{"name": "pick", "select": {"type": "point", "fields": ["at", "key"]}}],
        "encoding": {
            "x": {"field": "from", "type": "temporal", "bin": "binned", **_time_axis(grid)},
            "x2": {"field": "to"},
            "y": {"field": "value", "type": "quantitative", "stack": stack, "title": None, "axis": axis},
            "color": _colour({told.get(group, group): colour for group, colour in colours.items()}),
            "order": {"field": "rank", "type": "ordinal"},
            "tooltip": _tooltip(when="When", group="Of", told="Value"),
        },
    }
    ranks = {group: rank for rank, group in enumerate(colours)}
    rows = tuple({**_bar(bar, grid), "group": told.get(bar.group, bar.group), "rank": ranks[bar.group]} for bar in bars)
    return Chart(spec=spec, rows=rows, alt=alt, height=height)


def lines_over_time(
    lines: Sequence[Line],
    grid: Grid,
    *,
    colours: Mapping[str, str],
    unit: Unit,
    alt: str,
    height: int = 290,
) -> Chart:
    """Return lines that break off where a value is missing; a value alone between gaps is a point."""
    axis = {"labelExpr": unit.label, "tickCount": 4}
    nearest = {"type": "point", "fields": ["at", "key"], "nearest": True}
    line = {"type": "line", "strokeWidth": 2, "invalid": "break-paths-show-path-domains"}
    spec: Spec = {
        "padding": PADDING,
        "params": [{"name": "pick", "select": nearest, "views": ["points"]}],
        "encoding": {
            "x": {"field": "from", "type": "temporal", **_time_axis(grid)},
            "y": {"field": "value", "type": "quantitative", "title": None, "scale": {"zero": True}, "axis": axis},
            "color": _colour(colours),
        },
        "layer": [
            {"mark": line},
            {
                "name": "points",
                "mark": {"type": "point", "size": 22, "filled": True, "opacity": 1},
                "encoding": {"tooltip": _tooltip(when="When", group="Figure", told="Value")},
            },
        ],
    }
    return Chart(spec=spec, rows=tuple(_point(line, grid) for line in lines), alt=alt, height=height)


def grouped(groups: Iterable[str], colours: Mapping[str, str]) -> dict[str, str]:
    """Return what each group is drawn as: itself, or `other` where it has no colour of its own."""
    return {group: group if group in colours else OTHER for group in groups}


def legend(colours: Mapping[str, str], palette: Palette, used: Iterable[str]) -> dict[str, str]:
    """Return the colours of what is drawn, `other` last."""
    shown = set(used)
    kept = {group: colour for group, colour in colours.items() if group in shown}
    return {**kept, **({OTHER: palette.other} if shown - kept.keys() else {})}


def _bar(bar: Bar, grid: Grid) -> dict[str, Any]:
    return {
        "from": _wall(bar.at, grid.zone),
        "to": _wall(bar.at + timedelta(seconds=grid.bucket_s), grid.zone),
        "at": bar.at.isoformat(),
        "when": _span(bar.at, grid),
        "key": bar.group,
        "value": bar.value,
        "told": bar.told,
    }


def _point(line: Line, grid: Grid) -> dict[str, Any]:
    return {
        "from": _wall(line.at + timedelta(seconds=grid.bucket_s / 2), grid.zone),
        "at": line.at.isoformat(),
        "key": line.group,
        "when": _span(line.at, grid),
        "group": line.group,
        "value": line.value,
        "told": line.told,
    }


def _time_axis(grid: Grid) -> Spec:
    if grid.until - grid.since > timedelta(days=300):
        label = "utcFormat(datum.value, '%b %Y')"
    elif grid.bucket_s >= 86_400:
        label = "utcFormat(datum.value, '%d %b')"
    else:
        midnight = "utchours(datum.value) == 0 && utcminutes(datum.value) == 0"
        label = f"{midnight} ? utcFormat(datum.value, '%d %b') : utcFormat(datum.value, '%H:%M')"
    starts = grid.starts
    ends = (starts[0], starts[-1] + timedelta(seconds=grid.bucket_s))
    domain = [utc_moment(at.astimezone(grid.zone)) for at in ends]
    axis = {"labelExpr": label, "tickCount": {"expr": "width > 700 ? 10 : 5"}, "grid": False, "labelOverlap": True}
    return {"title": None, "scale": {"type": "utc", "domain": domain, "nice": False}, "axis": axis}


def _colour(colours: Mapping[str, str]) -> Spec:
    return {
        "field": "group",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": key(colours) if len(colours) > 1 else None,
    }


def key(names: Iterable[str]) -> Spec:
    """Return a legend beneath the chart, in as many columns as the names leave room for."""
    longest = max(map(len, names), default=0)
    room = min(_LABEL_WIDTH, round(longest * _LETTER_WIDTH)) + _SYMBOL_WIDTH
    return {
        "orient": "bottom",
        "direction": "horizontal",
        "symbolType": "square",
        "offset": 4,
        "columns": {"expr": f"max(2, floor(width / {room}))"},
        "labelLimit": {"expr": f"min({_LABEL_WIDTH}, width / 2 - {_SYMBOL_WIDTH})"},
    }


def _tooltip(**titles: str) -> list[Spec]:
    return [{"field": field, "type": "nominal", "title": title} for field, title in titles.items()]


def utc_moment(wall: datetime) -> Spec:
    """Return what a clock shows as Vega-Lite's DateTime, the one form in which every scale takes a time for a bound."""
    return {
        "year": wall.year,
        "month": wall.month,
        "date": wall.day,
        "hours": wall.hour,
        "minutes": wall.minute,
        "seconds": wall.second,
        "utc": True,
    }


def _wall(at: datetime, zone: tzinfo) -> int:
    """The time on the wall as Vega takes it: milliseconds, as if the zone were UTC."""
    return int(at.astimezone(zone).replace(tzinfo=UTC).timestamp() * 1000)


def _span(at: datetime, grid: Grid) -> str:
    begin, end = (moment.astimezone(grid.zone) for moment in (at, at + timedelta(seconds=grid.bucket_s)))
    if grid.bucket_s < 86_400:
        return f"{begin:%a %d %b %H:%M}–{end:%H:%M}"
    if grid.bucket_s == 86_400:
        return f"{begin:%a %d %b %Y}"
    return f"{begin:%d %b}–{end - timedelta(days=1):%d %b %Y}"
