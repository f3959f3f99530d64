"""The overview's six figures, each with its course and a way to the calls behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from audit.call import Outcome
from audit.store.rows import CoursePoint, Tally, Totals
from audit.store.scope import Standing
from dashboard import cards, data, figures
from dashboard.cards import Lead
from dashboard.charts import Grid
from dashboard.filters import PRICE, USAGE
from dashboard.frame import View

__all__ = ["draw"]

_BLOCKED = tuple(outcome.value for outcome in Outcome if outcome.blocked)


def draw(here: View, totals: Totals, past: Totals | None, grid: Grid) -> None:
    """Draw the figures of the chosen time."""
    course = _course(here, grid)
    choice = here.choice.shared()
    unfinished = cards.leads_to(choice, ("Unfinished", totals.unfinished, {"standings": (Standing.UNFINISHED,)}))
    unpriced = cards.leads_to(choice, ("Unpriced", totals.unpriced, {"lacking": (PRICE,)}))
    untold = cards.leads_to(choice, ("No usage", totals.without_usage, {"lacking": (USAGE,)}))
    with st.grid(6, min_column_width=150):
        cards.figure_card(
            "Calls",
            figures.count(totals.calls),
            delta=cards.compared(totals.calls, past, lambda before: before.calls),
            spark=[point.calls if point else 0 for point in course],
            notes=[f"{figures.count(totals.unfinished)} unfinished"],
            help="Calls for which a model was made to work.",
            leads=[Lead("Newest", choice), *unfinished],
        )
        cards.cost_card(totals, past, course, [Lead("Dearest", replace(choice, sort="dearest")), *unpriced])
        _token_card(totals, past, course, [Lead("Most output", replace(choice, sort="output")), *untold])
        cards.share_card(
            "Error rate",
            lambda tally: tally.errors,
            totals,
            past,
            course,
            worse_when="up",
            help="Transport failures, HTTP status from 400 that is no block, errors in a reply, answers cut short.",
            leads=Lead("Failed", replace(choice, standings=(Standing.ERROR,))),
        )
        _first_token_card(totals, past, course, Lead("Latest", replace(choice, sort="first-token")))
        cards.share_card(
            "Blocked",
            lambda tally: tally.blocked,
            totals,
            past,
            course,
            help="Calls whose prompt or completion a content filter withheld or stopped.",
            leads=Lead("Blocked", replace(choice, outcomes=_BLOCKED)),
        )


def _token_card(
    totals: Totals, past: Totals | None, course: Sequence[CoursePoint | None], leads: Sequence[Lead]
) -> None:
    cards.figure_card(
        "Tokens",
        figures.tokens(_tokens(totals)),
        delta=cards.compared(_tokens(totals) or 0, past, lambda before: _tokens(before) or 0),
        spark=[(_tokens(point) or 0) if point else 0 for point in course],
        notes=[
            f"{figures.tokens(totals.input_tokens)} in · {figures.tokens(totals.output_tokens)} out",
            f"{figures.count(totals.without_usage)} calls without usage",
        ],
        help="All input and output, cache reads and reasoning too, of the calls whose replies tell.",
        leads=leads,
    )


def _first_token_card(totals: Totals, past: Totals | None, course: Sequence[CoursePoint | None], leads: Lead) -> None:
    first = totals.first_token
    cards.figure_card(
        "First token, p95",
        figures.duration(first.p95_us),
        delta=cards.compared(first.p95_us, past, lambda before: before.first_token.p95_us or 0)
        if first.p95_us
        else None,
        worse_when="up",
        spark=[point.first_token.p95_us if point else None for point in course] if first.n else (),
        notes=[f"p50 {figures.duration(first.p50_us)} · n {figures.count(first.n)}" if first.n else "not measured"],
        help="From sending a request to the first piece of content; streamed answers only.",
        leads=[leads] if first.n else [],
    )


def _tokens(sums: Tally) -> int | None:
    if sums.input_tokens is None and sums.output_tokens is None:
        return None
    return (sums.input_tokens or 0) + (sums.output_tokens or 0)


def _course(here: View, grid: Grid) -> list[CoursePoint | None]:
    """In each whole span of the time: what is only begun would look like a fall. None where there were no calls."""
    points = {point.at: point for point in data.course(here.scope, grid.bucket_s, offset_s=here.offset_s).points}
    return [points.get(at) for at in grid.whole]
