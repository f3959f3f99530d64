"""What all connections of one worker share."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

from audit.proxy.admission import Admission
from audit.proxy.outbound import Pool
from audit.proxy.plan import Plan
from audit.proxy.upstreams import Upstreams
from audit.recording.recorder import Recorder
from audit.recording.settling import Settling

__all__ = ["Gateway"]

SETTLERS = 32


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
    settlers: Executor = field(default_factory=lambda: ThreadPoolExecutor(SETTLERS, "settling"))
    """Threads that wait for stable storage where that is to be waited for; one fdatasync serves all that do."""

    async def settled(self, settling: Settling) -> bool:
        """Wait until what was written is on stable storage; return whether it is kept."""
        return await asyncio.get_running_loop().run_in_executor(self.settlers, settling)
