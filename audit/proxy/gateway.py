"""What all connections of one worker share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from audit.proxy.admission import Admission
from audit.proxy.outbound import Pool
from audit.proxy.plan import Plan
from audit.proxy.upstreams import Upstreams
from audit.recording.recorder import Recorder

__all__ = ["Gateway"]


@dataclass(kw_only=True)
class Gateway:
    """The worker's parts, and what it counts."""

    plan: Plan
    upstreams: Upstreams
    pool: Pool
    recorder: Recorder
    admission: Admission
    provider_keys: Mapping[str, str]
    """The operator's own keys, by provider."""
    now: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    served: int = 0
    """Exchanges that were forwarded and have ended."""
    refused: Counter[str] = field(default_factory=Counter)
    """Answers of our own, by reason."""
