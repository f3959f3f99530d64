"""How each process of an installation is started, and in which order they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from audit.supervision.child import Child

if TYPE_CHECKING:
    from audit.proxy.plan import Plan
    from audit.settings import Settings

__all__ = ["COLLECTOR", "children_of", "is_worker", "workers"]

COLLECTOR = "collector"
WORKER_PAUSE_S = 2.0
"""The longest that a worker is left dead: its share of the connections waits for it."""
MARGIN_S = 5.0
"""What a worker may take to end beyond the grace that it gives to calls under way."""
COLLECTOR_PATIENCE_S, SCHEDULER_PATIENCE_S, DASHBOARD_PATIENCE_S = 30.0, 35.0, 10.0
_WORKERS_END, _OTHERS_END, _COLLECTOR_ENDS = range(3)
"""The collector last, so that it takes in the last calls of all the others."""


def workers(plans: Sequence[Plan], keys: Callable[[], bytes]) -> Iterator[Child]:
    """Yield those that carry traffic, one for each plan; `keys` tells the line of issued keys as it is now."""
    for number, plan in enumerate(plans, start=1):
        yield Child(
            name=f"worker-{number}",
            argv=(sys.executable, "-m", "audit.proxy"),
            descriptors=tuple(one for one in (plan.listening_fd, plan.rates_fd) if one is not None),
            lines=partial(_first_lines, plan, keys),
            stage=_WORKERS_END,
            patience_s=plan.grace_s + MARGIN_S,
            longest_pause_s=WORKER_PAUSE_S,
        )


def _first_lines(plan: Plan, keys: Callable[[], bytes]) -> tuple[bytes, bytes]:
    return msgspec.json.encode(plan) + b"\n", keys()


def is_worker(name: str) -> bool:
    """Whether a child is one that carries traffic."""
    return name.startswith("worker-")


def children_of(
    settings: Settings, config: Path | None, *, scheduler: bool, dashboard: tuple[str, int] | None, allow_remote: bool
) -> Iterator[Child]:
    """Yield those that do all the rest, with the configuration file that the command line names."""
    without_keys = {name: value for name, value in os.environ.items() if name not in _keys(settings)}
    if settings.recording.enabled and settings.recording.drain:
        yield Child(
            name=COLLECTOR,
            argv=_audit(config, "collect", "--with-parent", "--standby", "--status-lines"),
            environ=without_keys,
            stage=_COLLECTOR_ENDS,
            patience_s=COLLECTOR_PATIENCE_S,
        )
    if scheduler:
        yield Child(
            name="scheduler",
            argv=_audit(config, "canary", "schedule", "--with-parent"),
            stage=_OTHERS_END,
            patience_s=SCHEDULER_PATIENCE_S,
        )
    if dashboard is not None:
        place = ("--host", dashboard[0], "--port", str(dashboard[1]))
        yield Child(
            name="dashboard",
            argv=_audit(config, "dashboard", "--with-parent", *place, *(["--allow-remote"] if allow_remote else [])),
            environ=without_keys,
            stage=_OTHERS_END,
            patience_s=DASHBOARD_PATIENCE_S,
        )


def _audit(config: Path | None, *words: str) -> tuple[str, ...]:
    named = () if config is None else ("--config", str(config))
    return (sys.executable, "-m", "audit", *named, *words)


def _keys(settings: Settings) -> set[str]:
    """The variables that hold providers' keys: for those who call providers, and nobody else."""
    return {provider.key_env for provider in settings.providers.values() if provider.key_env}
