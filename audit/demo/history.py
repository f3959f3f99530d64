"""A past for the demo: what was just recorded, retold over some weeks, so that charts have something to show.

Every such call is marked: origin `import`, label `source=made-up`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from audit.call import Arrival, Exchange, Origin, Tags
from audit.demo.acts import PEOPLE
from audit.recording.identity import uuid7

__all__ = ["made_up"]

_SLOWER = 8
"""The fake provider is in a hurry when it is asked for the patterns."""
_PLAIN, _STAGED, _FAILED = 30, 3, 1
"""How often calls are told that went as usual, those of a scenario, and those that failed."""


def made_up(patterns: Sequence[Exchange], *, until: datetime, days: int, count: int, seed: int) -> Iterator[Exchange]:
    """Yield `count` exchanges like `patterns`, spread over the `days` before `until`, busier on working days."""
    chance = random.Random(seed)  # noqa: S311  # to look plausible, not to keep secrets
    weights = [_weight(pattern) for pattern in patterns]
    for _ in range(count):
        at = until - timedelta(days=days * chance.random())
        while chance.random() > _busyness(at):
            at = until - timedelta(days=days * chance.random())
        yield _retold(chance.choices(patterns, weights)[0], at, chance)


def _weight(pattern: Exchange) -> int:
    if pattern.status != 200:
        return _FAILED
    return _STAGED if "x-sim-scenario" in dict(pattern.request_headers) else _PLAIN


def _busyness(at: datetime) -> float:
    """How much of the traffic of the busiest hour there is at a time, from 0 to 1."""
    by_hour = 0.55 + 0.45 * math.sin((at.hour - 8) / 24 * 2 * math.pi)
    return by_hour * (0.35 if at.weekday() >= 5 else 1)


def _retold(pattern: Exchange, at: datetime, chance: random.Random) -> Exchange:
    project, user, _ = chance.choice(PEOPLE)
    slower = _SLOWER * chance.lognormvariate(0, 0.45)
    tags = Tags(project=project, user=user, session=f"past-{at:%j%H}", labels=(("source", "made-up"),))
    return replace(
        pattern,
        id=UUID(int=uuid7(int(at.timestamp() * 1000)).int),
        started_at=at,
        origin=Origin.IMPORT,
        first_byte_us=_scaled(pattern.first_byte_us, slower),
        duration_us=_scaled(pattern.duration_us, slower),
        arrivals=tuple(Arrival(mark.received, int(mark.at_us * slower)) for mark in pattern.arrivals),
        tags=tags,
    )


def _scaled(microseconds: int | None, factor: float) -> int | None:
    return None if microseconds is None else int(microseconds * factor)
