"""What holds for every test."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.databases import KIND, KINDS

# A machine that is busy with something else is no failure of ours.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


_THRESHOLDS = gc.get_threshold()


@pytest.fixture(autouse=True)
def _garbage_as_usual() -> Iterator[None]:
    """Has garbage collected as ever again, whatever a test has run that is a process of its own else."""
    yield
    gc.unfreeze()
    gc.set_threshold(*_THRESHOLDS)


def pytest_configure() -> None:
    """Refuse a kind of database that there is not: its tests would run on another."""
    if KIND not in KINDS:
        raise pytest.UsageError(f"AUDIT_TEST_DATABASE must be one of {', '.join(KINDS)}, not {KIND!r}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is about SQLite alone where records are in another database, and say why."""
    for item in items:
        marker = item.get_closest_marker("sqlite_only")
        if marker is not None and KIND != "sqlite":
            item.add_marker(pytest.mark.skip(reason=f"about SQLite alone: {marker.kwargs['reason']}"))
