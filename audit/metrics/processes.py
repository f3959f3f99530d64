"""What workers and the collector tell of themselves, and what their supervisor knows of them."""

from __future__ import annotations

import logging
import platform
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from audit.proxy.plan import Status

__all__ = ["Process", "ProcessCounts"]

_JOURNAL = (
    ("depth_bytes", "audit_journal_bytes", "What waits in the journal."),
    ("oldest_s", "audit_journal_oldest_seconds", "How long ago the first call has ended that waits there."),
)
_log = logging.getLogger("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process as its supervisor knows it."""

    name: str
    up: bool
    starts: int


class ProcessCounts:
    """What processes have told since the beginning, those included that have died since. For one thread."""

    def __init__(self) -> None:
        self._now: dict[str, tuple[int, Status]] = {}
        self._served: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._lost = 0
        self._journal: tuple[str, Mapping[str, Any]] = "", {}

    @property
    def lost(self) -> int:
        """Exchanges that no worker could record, of all their lives."""
        return self._lost + sum(status.lost for _, status in self._now.values())

    def worker(self, name: str, life: int, told: Mapping[str, Any]) -> None:
        """Take the status that a worker tells in its so-many-th life."""
        try:
            status = msgspec.convert(told, Status)
        except msgspec.ValidationError as exc:
            _log.error("%s tells what is no status: %s", name, exc)
            return
        if name in self._now and self._now[name][0] != life:
            self._bury(name)
        self._now[name] = life, status

    def collector(self, name: str, told: Mapping[str, Any]) -> None:
        """Take the status that the collector tells."""
        self._journal = name, told

    def families(self, processes: Sequence[Process], *, database: bool) -> Iterable[Metric]:
        """Return all families as they are now, for the processes that there are, and whether the database answers."""
        up = {process.name for process in processes if process.up}
        workers = {name: status for name, (_, status) in self._now.items() if name in up}
        yield _gauge("audit_up", "Whether a process runs.", {one.name: float(one.up) for one in processes}, "child")
        starts = {one.name: max(one.starts - 1, 0) for one in processes}
        yield _counter("audit_restarts", "How often a process had to be started again.", starts, "child")
        connections = {name: status.connections for name, status in workers.items()}
        yield _gauge("audit_proxy_connections", "Connections of clients.", connections, "child")
        active = {name: status.active for name, status in workers.items()}
        yield _gauge("audit_proxy_active", "Calls under way.", active, "child")
        served, refused = Counter(self._served), Counter(self._refused)
        for name, (_, status) in self._now.items():
            served[name] += status.served
            refused.update(status.refused)
        yield _counter("audit_proxy_served", "Calls that were forwarded and have ended.", served, "child")
        yield _counter("audit_proxy_refused", "Requests that the proxy has answered itself.", refused, "reason")
        yield CounterMetricFamily("audit_lost", "Calls that no worker could record.", value=self.lost)
        yield GaugeMetricFamily("audit_database_up", "Whether the database answers.", value=float(database))
        yield from self._of_the_journal(up)
        build = GaugeMetricFamily("audit_build_info", "What runs here.", labels=("version", "python"))
        build.add_metric((version("audit"), platform.python_version()), 1)
        yield build

    def _of_the_journal(self, up: Collection[str]) -> Iterable[Metric]:
        """Yield what the collector tells; one that is dead knows nothing."""
        name, told = self._journal
        if name in up:
            for key, metric, text in _JOURNAL:
                if isinstance(figure := told.get(key), int | float):
                    yield GaugeMetricFamily(metric, text, value=figure)

    def _bury(self, name: str) -> None:
        """Keep the sums of a worker's life that is over."""
        _, status = self._now.pop(name)
        self._served[name] += status.served
        self._refused.update(status.refused)
        self._lost += status.lost


def _gauge(name: str, text: str, values: Mapping[str, float], label: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _counter(name: str, text: str, values: Mapping[str, float], label: str) -> Metric:
    family = CounterMetricFamily(name, text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
