"""What a list of calls says of each. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal

from audit.call import ModelMatch
from audit.store.rows import CallRow
from audit.store.scope import Standing
from dashboard import figures
from dashboard.palette import word
from dashboard.tables import Column

__all__ = ["columns", "names", "standing_word"]


def columns(zone: tzinfo, now: datetime) -> list[Column[CallRow]]:
    """Return the columns of a list of calls, times on the clock of `zone`."""
    return [
        Column(
            title="Time",
            value=lambda row: figures.short_moment(row.started_at, zone, now),
            opens=True,
            width=116,
            help="Opens the call",
            exported=lambda row: row.started_at,
        ),
        Column(title="Model", value=_short_names, width=214, help="Asked for → served", exported=names),
        Column(title="Provider", value=lambda row: row.provider, width=104),
        Column(title="Filters", value=lambda row: word(row.outcome), pills=True, width=128),
        Column(title="Result", value=standing_word, pills=True, width=80),
        Column(title="Input", value=lambda row: row.input_tokens, written=figures.tokens, figure=True, width=56),
        Column(title="Output", value=lambda row: row.output_tokens, written=figures.tokens, figure=True, width=60),
        Column(title="Cost", value=_cost, figure=True, width=82, exported=lambda row: row.cost),
        Column(
            title="First token", value=lambda row: row.first_token_us, written=figures.duration, figure=True, width=80
        ),
        Column(title="Whole", value=lambda row: row.duration_us, written=figures.duration, figure=True, width=76),
        Column(title="Tags", value=_tags, width=170, help="Canary, project, user, API key, labels"),
        Column(title="Ended", value=_ended, width=170, help="The error, else why the model stopped"),
        Column(title="Id", value=lambda row: str(row.id), width=100),
    ]


def names(row: CallRow) -> str:
    """Return which model was asked for, and which served where that is another name."""
    asked, served = row.model_requested, row.model_served
    if not asked or not served or row.model_match == ModelMatch.SAME:
        return served or asked or "unknown"
    return f"{asked} {'⇒' if row.model_match == ModelMatch.DIFFERENT else '→'} {served}"


def _short_names(row: CallRow) -> str:
    """Like `names`, without what a dated name repeats: `gpt-4o → …-2024-08-06`."""
    asked, served = row.model_requested or "", row.model_served or ""
    if row.model_match == ModelMatch.ALIAS and asked and served.startswith(f"{asked}-"):
        return f"{asked} → …{served.removeprefix(asked)}"
    return names(row)


def standing_word(row: CallRow) -> str:
    """Return how a call fared, with its HTTP status where that is the news."""
    if row.standing is Standing.OK:
        return "ok"
    if row.standing is Standing.ERROR and row.status is not None and row.status >= 400:
        return f"error {row.status}"
    return row.standing.value


def _cost(row: CallRow) -> str | None:
    return None if row.cost is None else figures.money(Decimal(row.cost), row.currency)


def _ended(row: CallRow) -> str | None:
    told = [text for text in (row.error_code, row.error_message) if text]
    return ": ".join(told) or row.finish_reason


def _tags(row: CallRow) -> str | None:
    told = [
        f"canary {row.canary}" if row.canary else "",
        row.project or "",
        row.user or "",
        row.key_name or row.key_fingerprint or "",
        *(f"{name}={value}" for name, value in row.labels),
    ]
    return " · ".join(text for text in told if text) or None
