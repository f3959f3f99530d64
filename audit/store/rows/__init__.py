"""What the record answers with: frozen values, absent ones None, every sum beside the number of calls without it."""

from __future__ import annotations

from audit.store.rows.calls import CallDetail, CallPage, CallRow, Gone, NativeUsage
from audit.store.rows.checks import CheckDay, CheckRow, FlipRow, ModelRow
from audit.store.rows.facets import Facet, Facets, KeyRow, SubstitutionRow
from audit.store.rows.filters import CategoryRow, CoverageRow, OutcomeRow
from audit.store.rows.health import Health
from audit.store.rows.issued import Budget, IssuedKeyRow, KeyState, KeyTerms, NewKey, Spending
from audit.store.rows.reviews import Review, ReviewRow, ReviewVerdict
from audit.store.rows.sums import (
    Cost,
    Course,
    CoursePoint,
    LatencyPoint,
    LatencyRow,
    Point,
    Speed,
    Spread,
    Tally,
    Totals,
    UsageRow,
)

__all__ = [
    "Budget",
    "CallDetail",
    "CallPage",
    "CallRow",
    "CategoryRow",
    "CheckDay",
    "CheckRow",
    "Cost",
    "Course",
    "CoursePoint",
    "CoverageRow",
    "Facet",
    "Facets",
    "FlipRow",
    "Gone",
    "Health",
    "IssuedKeyRow",
    "KeyRow",
    "KeyState",
    "KeyTerms",
    "LatencyPoint",
    "LatencyRow",
    "ModelRow",
    "NativeUsage",
    "NewKey",
    "OutcomeRow",
    "Point",
    "Review",
    "ReviewRow",
    "ReviewVerdict",
    "Speed",
    "Spending",
    "Spread",
    "SubstitutionRow",
    "Tally",
    "Totals",
    "UsageRow",
]
