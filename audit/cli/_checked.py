"""What came of a canary's check, printed for people and told to programs."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import click

from audit.cli._figures import duration, money
from audit.cli._output import legible

if TYPE_CHECKING:
    from audit.call import Call
    from audit.canary.run import Checked

__all__ = ["print_checked", "told"]


def print_checked(checked: Checked) -> None:
    """Print what came of a check: its verdict, why, and what that changed."""
    target, call = checked.assignment.target, checked.call
    facts = [duration(call.exchange.duration_us), _cost(call)] if call else ["not asked"]
    verdict = checked.judgement.verdict.value
    line = f"{verdict:<13}{target.model} at {target.provider}, {checked.assignment.canary.name}: {', '.join(facts)}"
    click.echo(legible(line))
    for reason in checked.judgement.reasons:
        click.echo(legible(f"{'':<13}{reason}"))
    for flip in checked.flips:
        click.echo(legible(f"{'':<13}{flip.before.value} → {flip.state.value}: {flip.reason}"))


def _cost(call: Call) -> str:
    if call.price:
        return money(call.price.amount, call.price.currency)
    return "unpriced" if call.unpriced_reason else "no cost"


def told(checked: Checked) -> dict[str, object]:
    """Return what came of a check, for JSON."""
    target = checked.assignment.target
    return {
        "canary": checked.assignment.canary.name,
        "provider": target.provider,
        "model": target.model,
        "slot_at": checked.slot_at.astimezone(UTC),
        "verdict": checked.judgement.verdict,
        "reasons": checked.judgement.reasons,
        "call_id": checked.call.exchange.id if checked.call else None,
        "flips": checked.flips,
    }
