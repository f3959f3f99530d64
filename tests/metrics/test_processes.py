from __future__ import annotations

import platform

import pytest

from audit import __version__
from audit.metrics.processes import Process, ProcessCounts
from tests.metrics.exposed import exposed

NAMES = ("worker-1", "worker-2")


def alive(starts: int = 1, *names: str) -> list[Process]:
    return [Process(name=name, up=not names or name in names, starts=starts) for name in NAMES]


def test_what_workers_tell_is_told_of_each() -> None:
    counts = ProcessCounts()
    counts.worker("worker-1", 1, {"pid": 7, "connections": 4, "active": 2, "served": 9, "refused": {"no_key": 1}})
    counts.worker("worker-2", 1, {"pid": 8, "connections": 1, "refused": {"no_key": 2, "too_large": 1}})
    assert exposed(counts.families(alive(), database=True)) == {
        "audit_up{worker-1}": 1,
        "audit_up{worker-2}": 1,
        "audit_restarts_total{worker-1}": 0,
        "audit_restarts_total{worker-2}": 0,
        "audit_proxy_connections{worker-1}": 4,
        "audit_proxy_connections{worker-2}": 1,
        "audit_proxy_active{worker-1}": 2,
        "audit_proxy_active{worker-2}": 0,
        "audit_proxy_served_total{worker-1}": 9,
        "audit_proxy_served_total{worker-2}": 0,
        "audit_proxy_refused_total{no_key}": 3,
        "audit_proxy_refused_total{too_large}": 1,
        "audit_lost_total": 0,
        "audit_database_up": 1,
        f"audit_build_info{{{platform.python_version()},{__version__}}}": 1,
    }


def test_sums_survive_a_worker() -> None:
    counts = ProcessCounts()
    counts.worker("worker-1", 1, {"pid": 7, "served": 5, "lost": 1, "refused": {"busy": 1}})
    counts.worker("worker-1", 1, {"pid": 7, "connections": 3, "served": 9, "lost": 3, "refused": {"busy": 2}})
    counts.worker("worker-2", 1, {"pid": 8, "lost": 4})
    dead = exposed(counts.families(alive(1, "worker-2"), database=True))
    assert dead["audit_up{worker-1}"] == 0
    assert "audit_proxy_connections{worker-1}" not in dead
    assert dead["audit_proxy_served_total{worker-1}"] == 9

    counts.worker("worker-1", 2, {"pid": 9, "served": 1, "refused": {"busy": 1}})
    counts.worker("worker-1", 3, {"pid": 10, "lost": 1})
    again = exposed(counts.families(alive(3), database=True))
    assert counts.lost == again["audit_lost_total"] == 8
    assert again["audit_proxy_served_total{worker-1}"] == 10
    assert again["audit_proxy_refused_total{busy}"] == 3
    assert again["audit_restarts_total{worker-1}"] == 2


def test_what_waits_in_the_journal_is_told() -> None:
    def found(*, up: bool = True) -> dict[str, float]:
        collector = Process(name="collector", up=up, starts=1)
        told = exposed(counts.families([collector], database=True))
        return {name: value for name, value in told.items() if name.startswith("audit_journal")}

    counts = ProcessCounts()
    assert found() == {}
    counts.collector("collector", {"depth_bytes": 1024, "oldest_s": 1.5})
    assert found() == {"audit_journal_bytes": 1024, "audit_journal_oldest_seconds": 1.5}
    assert found(up=False) == {}, "one that is dead knows nothing"
    counts.collector("collector", {"depth_bytes": 0, "oldest_s": None})
    assert found() == {"audit_journal_bytes": 0}


def test_a_status_that_is_none_is_told_and_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    counts = ProcessCounts()
    counts.worker("worker-1", 1, {"pid": "seven"})
    assert caplog.messages == ["worker-1 tells what is no status: Expected `int`, got `str` - at `$.pid`"]
    assert counts.lost == 0


def test_a_database_that_is_away_is_told() -> None:
    assert exposed(ProcessCounts().families([], database=False))["audit_database_up"] == 0
