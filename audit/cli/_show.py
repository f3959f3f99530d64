"""One call, printed for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from audit import wiring
from audit.call import Ending
from audit.cli._figures import ABSENT, duration, figure, money, when, zone
from audit.cli._output import coloured, hanging, legible
from audit.cli._reviews import cells, columns
from audit.cli._table import Column, left, print_table
from audit.store.scope import Standing

if TYPE_CHECKING:
    from audit.call import Finding, Message, Part
    from audit.settings import Settings
    from audit.store.rows import CallDetail, CallRow

__all__ = ["show_call", "show_facts"]

_MOST_SHOWN = 4_000
"""Characters of one message; --raw gives all."""


def show_call(detail: CallDetail, settings: Settings) -> None:
    """Print what is known of a call: facts, findings of content filters, what was decided about them, what was said."""
    show_facts(detail)
    if detail.findings:
        _head("findings")
        print_table(_FINDINGS, [_finding(one) for one in detail.findings])
    if detail.reviews:
        _head("review")
        print_table(columns(), [cells(one) for one in detail.reviews])
    if detail.gone is not None:
        return
    reading = wiring.interpreter(settings).read(detail.exchange)
    for message in (*reading.input, *reading.output):
        _head(message.role)
        click.echo(_indented(message))


def show_facts(detail: CallDetail) -> None:
    """Print the facts of a call alone."""
    for name, value in _facts(detail):
        click.echo(hanging(f"{name:<16}", legible(value), indent=16))


def _head(text: str) -> None:
    click.echo("\n" + coloured(legible(text), bold=True))


def _facts(detail: CallDetail) -> Iterator[tuple[str, str]]:
    row = detail.row
    yield "call", f"{row.id}" + (f" ({row.reference})" if row.reference else "")
    yield "time", f"{when(row.started_at)} ({zone()})"
    request = f"{detail.exchange.method} {detail.exchange.url}"
    yield "request", request if detail.gone is None else str(detail.gone)
    yield "provider", f"{row.provider} ({row.operation}, read as {row.dialect}{', streamed' if row.streamed else ''})"
    yield "model", _models(row)
    yield "status", f"{row.status or 'no response'}, {row.standing}" + _ending(row)
    if row.error_code or row.error_message:
        yield "error", ": ".join(filter(None, (row.error_code, row.error_message)))
    if row.finish_reason or row.refusal:
        yield "finish", ", ".join(filter(None, (row.finish_reason, "refused in words" if row.refusal else None)))
    yield "content filter", ", ".join((row.outcome.replace("_", " "), *detail.block_reasons))
    yield "tokens", _tokens(row)
    yield "provider's own", _native(detail)
    yield "cost", _cost(detail)
    yield "first token", _times(row.first_token_us, row.provider_first_token_us)
    yield "duration", _times(row.duration_us, row.provider_duration_us)
    yield "key", row.key_name or row.key_fingerprint or "none"
    tags = {"project": row.project, "user": row.user, "session": row.session, "canary": row.canary, **dict(row.labels)}
    if said := ", ".join(f"{name}={value}" for name, value in tags.items() if value is not None):
        yield "tags", said
    if row.conversation is not None:
        yield "conversation", f"{row.conversation}, goes on from {row.continues}"
    for note in detail.notes:
        yield "note", note


def _models(row: CallRow) -> str:
    asked, served = row.model_requested or "not known", row.model_served or "not known"
    return f"{asked} was asked for, {served} served ({row.model_match})"


def _ending(row: CallRow) -> str:
    complete = {True: "the answer is whole", False: "the answer is not whole", None: ""}[row.complete]
    ended = _ENDINGS.get(row.ending, "") if row.standing is not Standing.OK else ""
    return "".join(f", {text}" for text in (complete, ended) if text)


def _tokens(row: CallRow) -> str:
    if row.input_tokens is None and row.output_tokens is None:
        return "not told"
    partial = ", as far as the stream had told" if row.usage_partial else ""
    return (
        f"{figure(row.input_tokens)} in ({figure(row.cached_input_tokens)} cached), "
        f"{figure(row.output_tokens)} out ({figure(row.reasoning_tokens)} reasoning){partial}"
    )


def _native(detail: CallDetail) -> str:
    usage = detail.usage
    if usage.input_tokens is None and usage.output_tokens is None and usage.total_tokens is None:
        return "no figures"
    return f"{figure(usage.input_tokens)} in, {figure(usage.output_tokens)} out, {figure(usage.total_tokens)} in all"


def _cost(detail: CallDetail) -> str:
    if detail.price is None:
        return f"unpriced: {detail.row.unpriced_reason}" if detail.row.unpriced_reason else "none due"
    price = detail.price
    parts = [f"{part.unit} {part.quantity:,f} × {part.unit_price:f}" + _per(part.per) for part in price.parts]
    times = f", × {price.multiplier}" if price.multiplier != 1 else ""
    working = f": {' + '.join(parts)}{times}" if parts else ""
    return f"{money(price.amount, price.currency)} by {price.source} for {price.model}{working}"


def _per(number: int) -> str:
    return f"/{number:,}" if number != 1 else ""


def _times(measured: int | None, told: int | None) -> str:
    return duration(measured) + (f" (the provider says {duration(told)})" if told is not None else "")


def _finding(one: Finding) -> list[str]:
    offsets = ABSENT if one.start_offset is None else f"{one.start_offset} to {one.end_offset}"
    level = one.severity or one.probability or ABSENT
    return [one.source.value, one.category, level, one.error or _verdict(one), offsets, one.place]


def _verdict(one: Finding) -> str:
    said = [name for name in ("detected", "filtered", "masked") if getattr(one, name)]
    return ", ".join(said) or ("nothing" if one.detected is False or one.filtered is False else ABSENT)


def _indented(message: Message) -> str:
    text = "\n".join(_said(part) for part in message.parts)
    cut = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}… (of {figure(len(text))} characters)"
    return "\n".join(f"  {line}" for line in legible(cut, lines=True).splitlines())


def _said(part: Part) -> str:
    """A text as it is; of anything else also what it is."""
    if part.kind == "text":
        return part.text
    facts = (part.kind, part.name, part.media_type, f"{figure(part.size)} bytes" if part.size is not None else None)
    return f"[{', '.join(filter(None, facts))}]" + (f" {part.text}" if part.text else "")


_ENDINGS: dict[str, str] = {
    Ending.CLOSED: "the caller left early",
    Ending.FAILED: "the connection failed",
    Ending.CANCELLED: "the caller's task was cancelled",
    Ending.ABANDONED: "the caller dropped the response",
    Ending.UNKNOWN: "the process that made the call ended first",
}
_FINDINGS = (
    *left("source", "category", "level", "verdict"),
    Column(heading="offsets", spare=1),
    *left("place"),
)
