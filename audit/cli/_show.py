"""One call, printed for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.cli._options import settings
from audit.cli._output import duration, figure, money, print_table, when

if TYPE_CHECKING:
    from audit.call import Finding, Message
    from audit.store.rows import CallDetail

__all__ = ["show_call"]

_MOST_SHOWN = 4_000
"""Characters of one message; --json and --raw give all."""


def show_call(ctx: click.Context, detail: CallDetail) -> None:
    """Print what is known of a call."""
    for name, value in _facts(detail):
        click.echo(f"{name:<18}{value}")
    if detail.findings:
        click.echo("\nfindings")
        print_table(_FINDING_COLUMNS, [_finding(one) for one in detail.findings], empty="")
    reading = wiring.interpreter(settings(ctx)).read(detail.exchange)
    for message in (*reading.input, *reading.output):
        click.echo(f"\n{message.role}\n{_indented(message)}")


def _facts(detail: CallDetail) -> Iterator[tuple[str, str]]:
    row, usage = detail.row, detail.usage
    yield "call", str(row.id)
    yield "time", when(row.started_at)
    yield "request", f"{detail.exchange.method} {detail.exchange.url}"
    yield "provider", f"{row.provider} ({row.operation}, read as {row.dialect})"
    yield "model", f"asked {row.model_requested or '?'}, served {row.model_served or '?'} ({row.model_match})"
    yield "status", f"{row.status or 'no response'}, {row.standing.value}, ended by {row.ending}"
    if row.error_code or row.error_message:
        yield "error", " ".join(filter(None, (row.error_code, row.error_message)))
    yield "finish", f"{row.finish_reason or '–'}{', refused in words' if row.refusal else ''}"
    yield "content filter", ", ".join((row.outcome, *detail.block_reasons))
    yield (
        "tokens",
        f"{figure(row.input_tokens)} in ({figure(row.cached_input_tokens)} cached), "
        + (f"{figure(row.output_tokens)} out ({figure(row.reasoning_tokens)} reasoning)"),
    )
    yield (
        "provider's own",
        (
            f"{figure(usage.input_tokens)} in, {figure(usage.output_tokens)} out, {figure(usage.total_tokens)} in all"
            + (" (partial)" if usage.partial else "")
        ),
    )
    yield "cost", _cost(detail)
    yield "first token", f"{duration(row.first_token_us)} (provider says {duration(row.provider_first_token_us)})"
    yield "duration", f"{duration(row.duration_us)} (provider says {duration(row.provider_duration_us)})"
    yield "key", row.key_name or row.key_fingerprint or "–"
    tags = {"project": row.project, "user": row.user, "session": row.session, "canary": row.canary, **dict(row.labels)}
    yield "tags", ", ".join(f"{name}={value}" for name, value in tags.items() if value) or "–"
    for note in detail.notes:
        yield "note", note


def _cost(detail: CallDetail) -> str:
    if detail.price is None:
        return f"unpriced: {detail.row.unpriced_reason}" if detail.row.unpriced_reason else "none due"
    price = detail.price
    working = ", ".join(f"{part.unit} {part.unit_price}/{figure(part.per)}" for part in price.parts)
    return f"{money(price.amount, price.currency)} ({price.source}, {price.model}: {working})"


def _finding(one: Finding) -> list[str]:
    offsets = "–" if one.start_offset is None else f"{one.start_offset}–{one.end_offset}"
    level = one.severity or one.probability or "–"
    said = [name for name in ("detected", "filtered", "masked") if getattr(one, name)] or ["–"]
    return [one.source.value, one.category, level, one.error or ", ".join(said), offsets, one.place]


def _indented(message: Message) -> str:
    text = message.text or "(" + ", ".join(part.kind for part in message.parts) + ")"
    cut = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}… ({figure(len(text))} characters)"
    return "\n".join(f"  {line}" for line in cut.splitlines())


_FINDING_COLUMNS = dict.fromkeys(("source", "category", "level", "verdict", "offsets", "place"), "left")
