"""The rules that can be switched on by name."""

from __future__ import annotations

from collections.abc import Sequence

from audit.redaction._card import find_cards
from audit.redaction._email import find_emails
from audit.redaction._iban import find_ibans
from audit.redaction._ip import find_addresses
from audit.redaction._persons import find_chinese, find_european, find_us
from audit.redaction._phone import phones_of
from audit.redaction.hit import Rule

__all__ = ["NAMES", "rules_of"]


def rules_of(names: Sequence[str], regions: tuple[str, ...] = ()) -> tuple[Rule, ...]:
    """Return the rules with these names, the surest first; `regions` are those whose telephone numbers are known."""
    return tuple(rule for rule in _all(regions) if rule.name in names)


def _all(regions: tuple[str, ...]) -> tuple[Rule, ...]:
    return (
        Rule(name="email", find=find_emails),
        Rule(name="iban", find=find_ibans, figures=10),
        Rule(name="cn_id", find=find_chinese, figures=17),
        Rule(name="us_ssn", find=find_us, figures=9),
        Rule(name="eu_id", find=find_european, figures=7),
        Rule(name="card", find=find_cards, figures=12),
        Rule(name="phone", find=phones_of(regions), figures=7),
        Rule(name="ip", find=find_addresses),
    )


NAMES = tuple(rule.name for rule in _all(()))
"""Every rule's name."""
