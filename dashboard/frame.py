"""What all pages share: the row of pages, the filter bar, the page's time zone and colours, and the live refresh."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from audit.errors import AuditError
from audit.store.rows import Facet, Facets, Health, Totals
from audit.store.scope import By, Canaries, Scope
from dashboard import data, figures
from dashboard.charts import Grid
from dashboard.filters import CUSTOM, EVERYTHING, RANGES, Chosen, Window, bucket_s, chosen, window
from dashboard.palette import DARK, LIGHT, Palette, model_colours

__all__ = [
    "PAGES",
    "View",
    "colours",
    "filter_bar",
    "go",
    "link",
    "live",
    "loss_banner",
    "names",
    "narrowed",
    "navigation_row",
    "view",
]

_VIEWS = Path(__file__).parent / "views"
_REFRESH_S = 5
_MOST_OF_REASON = 200
"""Characters of what an operating system says: it does not go over several lines."""
_LEAST_MISSED = 0.1
"""How much of a period may have passed before the record began, for it to be compared with."""
PAGES = {
    "overview": "Overview",
    "usage": "Usage and cost",
    "latency": "Latency",
    "filters": "Content filter",
    "models": "Models",
    "calls": "Calls",
}
"""File and URL of each page, and what it is called."""
_WHOSE = {Canaries.WITHOUT: "Users", Canaries.WITH: "Users and canaries", Canaries.ONLY: "Canaries"}
_MANY = ("providers", "models", "keys", "projects", "users", "labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """For whom and for what a page is drawn."""

    choice: Chosen
    zone: tzinfo
    zone_name: str
    palette: Palette
    now: datetime
    begin: datetime | None = None
    """When the record begins; None when it is empty."""

    @property
    def scope(self) -> Scope:
        return self.choice.shared().scope(self.now)

    @property
    def past(self) -> Scope | None:
        """The calls of the period before; None when there is none, or the record holds only part of it."""
        before = window(self.choice, self.now).before(self.now)
        if before is None or before.since is None or before.until is None or self.begin is None:
            return None
        late = before.since + (before.until - before.since) * _LEAST_MISSED
        return None if self.begin > late else self.choice.shared().scope_in(before)

    def grid(self, totals: Totals) -> Grid:
        """Return the spans for charts over time; an open range reaches as far as its calls do."""
        span = window(self.choice, self.now)
        since = span.since or totals.first_at or self.now
        until = span.until or max(self.now, totals.last_at or self.now)
        if self.choice.range == EVERYTHING and totals.last_at is not None:
            until = totals.last_at + timedelta(seconds=1)
        return Grid(since=since, until=until, bucket_s=bucket_s(until - since), zone=self.zone)

    def bucket_s(self) -> int:
        """Return the length of those spans as it will be unless filters leave out the record's first or last calls."""
        known = data.health()
        return self.grid(Totals(first_at=known.first_at, last_at=known.last_at)).bucket_s

    @property
    def offset_s(self) -> int:
        """How far the page's clock is ahead of UTC."""
        return int((self.now.astimezone(self.zone).utcoffset() or timedelta()).total_seconds())


def view() -> View:
    """Return what the page is drawn for, by the URL and the browser."""
    name = st.context.timezone or "UTC"
    try:
        zone: tzinfo = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        name, zone = "UTC", UTC
    dark = st.context.theme.type == "dark"
    return View(
        choice=_choice(),
        zone=zone,
        zone_name=name,
        palette=DARK if dark else LIGHT,
        now=datetime.now(UTC),
        begin=data.health().first_at,
    )


def path(page: str) -> str:
    """Return the file of a page, as Streamlit wants it named."""
    return str(_VIEWS / f"{page}_page.py")


def go(page: str, choice: Chosen, /, **further: str) -> None:
    """Open a page with a choice in its URL."""
    st.switch_page(path(page), query_params={**choice.query(), **further})


def link(page: str, label: str, choice: Chosen, /, *, icon: str | None = None, **further: str) -> None:
    """Draw a link to a page with a choice in its URL; `label` must be our own words, for it is Markdown."""
    st.page_link(path(page), label=label, icon=icon, query_params={**choice.query(), **further})


def narrowed(choice: Chosen, **fields: Sequence[str]) -> Chosen:
    """Return a choice with some of its lists replaced."""
    changes: Any = {name: tuple(values) for name, values in fields.items()}
    return replace(choice, **changes)


def navigation_row() -> None:
    """Draw the row of pages. Unlike Streamlit's own it carries the choices of the filter bar along."""
    choice = _choice().shared()
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center", key="pages"):
        for page, title in PAGES.items():
            link(page, title, choice)


def loss_banner() -> None:
    """Draw, above every page, what could not be recorded in the last day or in the time that is looked at."""
    live(_draw_losses)


def filter_bar() -> None:
    """Draw the filters that all pages share; what is chosen goes into the URL, and comes from there."""
    here = view()
    choice = here.choice
    _put(choice, here.zone)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="filter-bar"):
        st.segmented_control(
            "Time range",
            [*RANGES, EVERYTHING, CUSTOM],
            key="range",
            required=True,
            format_func=lambda name: {EVERYTHING: "All", CUSTOM: "Custom"}.get(name, name),
            label_visibility="collapsed",
            on_change=_write,
        )
        label = f"Filters ({choice.narrows})" if choice.narrows else "Filters"
        popover = st.popover(label, icon=":material/filter_list:", on_change="rerun", key="filters")
        if popover.open:  # what there is to choose from costs a scan of the calls
            with popover:
                _narrowing(data.choices(), choice)
        if choice.narrows:
            st.button("Clear", type="tertiary", icon=":material/close:", on_click=_clear)
        st.text(f"Times in {here.zone_name}")
    if choice.range == CUSTOM:
        with st.container(horizontal=True, gap="small", key="custom-range"):
            st.datetime_input("From", value=None, key="from", on_change=_write, width=240)
            st.datetime_input("To", value=None, key="to", on_change=_write, width=240)
    if told := _told(choice):
        st.text(told)


def colours(here: View, by: By, groups: Sequence[str]) -> dict[str, str]:
    """Return the colours of groups, given with the greatest first; a model has the same one on every page."""
    if by is By.MODEL:
        groups = data.foremost_models()
    return model_colours(groups, here.palette)


def names(by: By) -> dict[str, str]:
    """Return how groups are called where that is not their value: API keys have names."""
    return {facet.value: facet.name for facet in data.choices().keys if facet.name} if by is By.KEY else {}


def live(body: Callable[[View], None]) -> None:
    """Draw a page and draw it again every few seconds; what has not changed stays as it is."""

    def draw() -> None:
        try:
            body(view())
        except AuditError as exc:
            st.error("The record did not answer; other pages may still work.")
            st.code(str(exc), language=None, wrap_lines=True)

    st.fragment(draw, run_every=_REFRESH_S)()


def _draw_losses(here: View) -> None:
    if told := _losses(data.health(), window(here.choice, here.now)):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="losses"):
            st.badge("lost", icon=":material/warning:", color="red")
            st.text(told, width="content")


def _losses(known: Health, span: Window) -> str:
    """Return what was lost in words; nothing where nothing was, as far as is known."""
    if known.lost_last_day:
        told = f"{figures.plural(known.lost_last_day, 'call')} could not be recorded in the last 24 hours"
        return f"{told}: {known.last_loss[:_MOST_OF_REASON]}" if known.last_loss else told
    missing = known.lost if span.since is None else data.lost(span.since)
    missing -= 0 if span.until is None else data.lost(span.until)
    return f"{figures.plural(missing, 'call')} could not be recorded in this time" if missing else ""


def _choice() -> Chosen:
    return chosen({name: st.query_params.get_all(name) for name in st.query_params})


def _narrowing(facets: Facets, choice: Chosen) -> None:
    _pick("Provider", "providers", facets.providers, choice.providers)
    _pick("Model", "models", facets.models, choice.models)
    _pick("API key", "keys", facets.keys, choice.keys)
    _pick("Project", "projects", facets.projects, choice.projects)
    _pick("User", "users", facets.users, choice.users)
    labels = [
        Facet(value=f"{name}={facet.value}", calls=facet.calls) for name, values in facets.labels for facet in values
    ]
    _pick("Label", "labels", labels, choice.labels)
    st.segmented_control(
        "Whose calls",
        list(Canaries),
        key="canaries",
        required=True,
        format_func=_WHOSE.__getitem__,
        on_change=_write,
    )
    names = [facet.value for facet in facets.canaries]
    options = [None, *dict.fromkeys([*names, *filter(None, [choice.canary])])]
    st.selectbox("Canary", options, key="canary", format_func=lambda name: name or "any", on_change=_write)


def _pick(label: str, key: str, facets: Sequence[Facet], taken: Sequence[str]) -> None:
    told = {facet.value: _facet(facet) for facet in facets}
    options = list(dict.fromkeys([*told, *taken]))
    if options:
        st.multiselect(
            label, options, key=key, format_func=lambda value: told.get(value, value or "(none)"), on_change=_write
        )


def _facet(facet: Facet) -> str:
    return f"{facet.name or facet.value or '(none)'} · {figures.count(facet.calls)}"


def _put(choice: Chosen, zone: tzinfo) -> None:
    """Set the bar's widgets to what the URL says: it alone decides."""
    for field in ("range", "canaries", "canary"):
        st.session_state[field] = getattr(choice, field)
    for field in _MANY:
        st.session_state[field] = list(getattr(choice, field))
    for name, at in (("from", choice.since), ("to", choice.until)):
        st.session_state[name] = at.astimezone(zone).replace(tzinfo=None) if at else None


def _write() -> None:
    """Put what the bar's widgets say into the URL."""
    state = st.session_state
    here = view()
    many: dict[str, Any] = {field: tuple(state.get(field, getattr(here.choice, field))) for field in _MANY}
    span = state.get("range", here.choice.range)
    since, until = (_instant(state.get(name), here.zone) for name in ("from", "to"))
    if span == CUSTOM and since is None and until is None:
        since = (window(here.choice, here.now).since or here.now - timedelta(days=7)).replace(second=0, microsecond=0)
    changed = replace(
        here.choice,
        range=span,
        since=since,
        until=until,
        canaries=state.get("canaries", here.choice.canaries),
        canary=state.get("canary", here.choice.canary),
        **many,
    )
    st.query_params.from_dict(changed.query())


def _clear() -> None:
    kept = _choice()
    st.query_params.from_dict(Chosen(range=kept.range, since=kept.since, until=kept.until).query())


def _instant(wall: Any, zone: tzinfo) -> datetime | None:
    return wall.replace(tzinfo=zone).astimezone(UTC) if isinstance(wall, datetime) else None


def _told(choice: Chosen) -> str:
    """Return the chosen filters in words."""
    parts = [
        f"{word} {' or '.join(value or '(none)' for value in values)}"
        for word, values in (
            ("provider", choice.providers),
            ("model", choice.models),
            ("key", choice.keys),
            ("project", choice.projects),
            ("user", choice.users),
            ("label", choice.labels),
        )
        if values
    ]
    if choice.canary:
        parts.append(f"canary {choice.canary}")
    elif choice.canaries is not Canaries.WITHOUT:
        parts.append("canaries only" if choice.canaries is Canaries.ONLY else "users and canaries")
    return "Only " + " · ".join(parts) if parts else ""
