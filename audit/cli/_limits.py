"""What an issued key is for and how far, as it is written on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import click

from audit.store.periods import Period
from audit.store.rows import Budget

__all__ = ["budget", "budget_usd", "called", "expiry", "label", "pattern", "said"]

MOST_MONEY = Decimal(9_000_000)
"""What the database's column holds."""
_PERIODS = "|".join(Period)
_AMOUNT = r"(\d{1,7}(?:\.\d{1,12})?)"
_DAYS = {"h": 1 / 24, "d": 1, "w": 7}
_MOST_DAYS = 36_500
_CHARACTERS = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""What goes into headers and tables as it stands."""


def called(text: str) -> str:
    """Return a key's name; raise `click.BadParameter` for what could not be written again."""
    return _short(text.strip(), "a name")


def said(text: str) -> str:
    """Return a project's or a user's name, which calls will be tagged with."""
    return _short(text.strip(), "a tag")


def label(text: str) -> tuple[str, str]:
    """Return `team=a` as name and value: a name is part of a header's."""
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE")
    if name in ("project", "user", "session"):
        raise click.BadParameter(f"{name!r} is no tag of your own: there is an option for project and user")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?", name):
        raise click.BadParameter(f"{name!r} is no name for a tag: small letters, digits, - and _, up to 64")
    return name, said(value)


def pattern(text: str) -> str:
    """Return a pattern for names of providers or models, in which `*` is any text."""
    if "," in text or any(character.isspace() for character in text):
        raise click.BadParameter(f"{text!r} has blanks or commas; give the option again for each pattern")
    return _short(text, "a pattern")


def budget(text: str) -> Budget:
    """Return `20 USD/month` as a budget."""
    found = re.fullmatch(rf"{_AMOUNT} ?([A-Z]{{3}})/({_PERIODS})", text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is not AMOUNT CURRENCY/PERIOD, such as 20 USD/month or 0.5 EUR/day")
    return _budget(found[1], found[2], found[3])


def budget_usd(text: str) -> Budget:
    """Return `20/month` as a budget in US dollars."""
    found = re.fullmatch(rf"{_AMOUNT}/({_PERIODS})", text.strip())
    if not found:
        raise click.BadParameter(f"{text!r} is not AMOUNT/PERIOD, such as 20/month, 5/week or 0.5/day")
    return _budget(found[1], "USD", found[2])


def expiry(text: str) -> datetime:
    """Return `12h`, `90d`, `4w` from now, or an ISO date or time, as aware UTC; it has to lie ahead."""
    now = datetime.now(UTC)
    try:
        if span := re.fullmatch(r"(\d{1,6})([hdw])", text):
            at = now + timedelta(days=min(int(span[1]) * _DAYS[span[2]], _MOST_DAYS))
        else:
            at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise click.BadParameter(f"{text!r} is no span (12h, 90d, 4w), day (2027-01-31) or time") from exc
    if at <= now:
        raise click.BadParameter(f"{text!r} is over already")
    return at


def _budget(amount: str, currency: str, period: str) -> Budget:
    if not 0 < Decimal(amount) <= MOST_MONEY:
        raise click.BadParameter(f"a budget is more than nothing and at most {MOST_MONEY:,}")
    return Budget(amount=Decimal(amount), currency=currency, period=Period(period))


def _short(text: str, what: str) -> str:
    if len(text) > 200 or not _CHARACTERS.fullmatch(text):
        raise click.BadParameter(f"{text[:50]!r} is not {what}: 1 to 200 characters of plain ASCII")
    return text
