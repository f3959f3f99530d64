"""How long calls are kept: nothing is ever removed by age unless a policy says so."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from audit.settings.fields import Outcomes, Section, Words

__all__ = ["PRESETS", "Bounds", "Keep", "PolicySettings", "PresetName", "RetentionSettings"]

PresetName = Literal["eu-ai-act", "cn-csl", "pci", "hipaa", "gdpr-min"]
_MOST_DAYS = 365_000


@dataclass(frozen=True, slots=True)
class Keep:
    """How long something is kept, by the calendar: six months are 181 to 184 days. Without any figure: for ever."""

    days: int | None = None
    months: int | None = None

    def before(self, now: datetime) -> datetime | None:
        """Return the time before which what began is no longer kept; None where all is."""
        if self.days is not None:
            return now - timedelta(days=self.days)
        return None if self.months is None else _months_before(now, self.months)

    def outlasts(self, other: Keep) -> bool:
        """Whether this is at least as long as the other, whenever one asks."""
        if self.months is not None and other.months is not None:
            return self.months >= other.months
        return self == Keep() or (other != Keep() and self._fewest_days() >= other._most_days())

    def __str__(self) -> str:
        number, unit = (self.months, "month") if self.days is None else (self.days, "day")
        return "forever" if number is None else f"{number} {unit}{'s' * (number != 1)}"

    def _fewest_days(self) -> int:
        return self.days if self.days is not None else min(_days_of(self.months or 0))

    def _most_days(self) -> int:
        return self.days if self.days is not None else max(_days_of(self.months or 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a rule of law or of a trade asks for: how long at least, or how long at most. None: it asks nothing."""

    bodies: Keep | None = None
    metadata: Keep | None = None
    most: bool = False
    """Whether it is how long at most; then there must be a policy for all calls."""

    def __str__(self) -> str:
        word = "at most" if self.most else "at least"
        both = (("bodies", self.bodies), ("metadata", self.metadata))
        return ", ".join(f"{what} {word} {kept}" for what, kept in both if kept is not None)


PRESETS: Mapping[PresetName, Bounds] = {
    "eu-ai-act": Bounds(bodies=Keep(months=6), metadata=Keep(months=6)),  # Regulation (EU) 2024/1689, Art. 19(1), 26(6)
    "cn-csl": Bounds(bodies=Keep(months=6), metadata=Keep(months=6)),  # Cybersecurity Law of China: network logs
    "pci": Bounds(metadata=Keep(months=12)),  # PCI DSS v4.0.1, 10.5.1
    "hipaa": Bounds(metadata=Keep(months=72)),  # 45 CFR 164.316(b)(2)(i)
    "gdpr-min": Bounds(bodies=Keep(days=30), metadata=Keep(months=12), most=True),  # Art. 5(1)(e) has no figure
}


def _keep(value: Any) -> Any:
    """Read `180d`, `6 months`, `2 years` and `forever`."""
    if isinstance(value, Keep) or value == "forever":
        return value if isinstance(value, Keep) else Keep()
    match = re.fullmatch(r"([1-9]\d{0,5}) ?(d|days?|months?|years?)", value) if isinstance(value, str) else None
    days_each = 0 if match is None else {"d": 1, "m": 30, "y": 365}[match[2][0]]
    if match is None or (number := int(match[1])) * days_each > _MOST_DAYS:
        raise ValueError('must be "180d", "6 months", "2 years" or "forever", a thousand years at most')
    if days_each == 1:
        return Keep(days=number)
    return Keep(months=number * 12 if days_each == 365 else number)


Kept = Annotated[Keep, BeforeValidator(_keep)]


class PolicySettings(Section):
    """How long those calls are kept that fit all selectors which are given, each by any of its words."""

    name: str = Field(min_length=1, max_length=64)
    """Stands in the ledger as the ground on which calls were removed."""
    bodies: Kept = Keep()
    """Requests and responses, and the words they can be found by."""
    metadata: Kept = Keep()
    """All else: tokens, cost, findings, tags. Bodies never outlast them."""
    outcomes: Outcomes = ()
    """`blocked` stands for both sides."""
    labels: Words = ()
    """As NAME=VALUE."""
    projects: Words = ()
    providers: Words = ()
    keys: Words = ()
    """Fingerprints of API keys, or the names given to them."""

    @property
    def for_all(self) -> bool:
        return not (self.outcomes or self.labels or self.projects or self.providers or self.keys)

    @field_validator("labels")
    @classmethod
    def _pairs(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        for label in labels:
            if not all(label.partition("=")):
                raise ValueError(f'must be labels as "NAME=VALUE", not {label!r}')
        return labels

    @model_validator(mode="after")
    def _metadata_last(self) -> PolicySettings:
        if not self.metadata.outlasts(self.bodies):
            raise ValueError(
                f"metadata ({self.metadata}) must be kept at least as long as bodies ({self.bodies}) in any month"
            )
        return self


class RetentionSettings(Section):
    """Of the policies that fit a call, the one that keeps it longest counts; a call that none fits is kept."""

    preset: PresetName | None = None
    """Bounds that no policy may leave. By itself it removes nothing."""
    policies: tuple[PolicySettings, ...] = ()
    whole_months: bool = False
    """Whether what is due stays until all that began in the same month (UTC) is, up to a month longer: then it goes at
    once where calls lie in partitions."""

    def before(self, kept: Keep, now: datetime) -> datetime | None:
        """Return the time before which what began goes; None where nothing does."""
        before = kept.before(now)
        if before is None or not self.whole_months:
            return before
        return before.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)

    @property
    def bounds(self) -> Bounds:
        return Bounds() if self.preset is None else PRESETS[self.preset]

    @model_validator(mode="after")
    def _within(self) -> RetentionSettings:
        names = Counter(policy.name for policy in self.policies)
        problems = [f"policies: {name!r} is there twice" for name, count in names.items() if count > 1]
        if self.preset is not None:
            problems += [told for policy in self.policies for told in _broken(policy, self.preset, self.bounds)]
            if self.bounds.most and not any(policy.for_all for policy in self.policies):
                problems.append(f"preset {self.preset!r} limits how long all calls are kept: add a policy for all")
            if self.bounds.most and self.whole_months:
                problems.append(f"whole_months keeps calls for longer than preset {self.preset!r} allows: take it out")
        if problems:
            raise ValueError("\n".join(problems))
        return self


def _broken(policy: PolicySettings, preset: PresetName, bounds: Bounds) -> list[str]:
    both = (("bodies", policy.bodies, bounds.bodies), ("metadata", policy.metadata, bounds.metadata))
    broken = [
        (what, kept, bound)
        for what, kept, bound in both
        if bound is not None and not (bound.outlasts(kept) if bounds.most else kept.outlasts(bound))
    ]
    word = "at most" if bounds.most else "at least"
    return [
        f"policy {policy.name!r} keeps {what} for {kept}, and preset {preset!r} wants {word} {bound}, in any month"
        for what, kept, bound in broken
    ]


def _months_before(now: datetime, months: int) -> datetime:
    """The same day and hour so many months before, or that month's last day."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


@cache
def _days_of(months: int) -> frozenset[int]:
    """How many days so many months can be, in the 400 years after which the calendar repeats."""
    ends = [date(2000 + number // 12, number % 12 + 1, 1).toordinal() for number in range(4800 + months)]
    return frozenset(ends[at + months] - ends[at] for at in range(4800))
