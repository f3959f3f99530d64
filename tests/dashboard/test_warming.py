"""What is slow the first time is done before the first visit."""

from __future__ import annotations

import gc
import logging
from pathlib import Path

import pytest

from audit.store.engine import opened
from dashboard import data
from dashboard.warming import warm
from tests.dashboard.record import a_chat, a_record


@pytest.fixture(autouse=True)
def told_all(caplog: pytest.LogCaptureFixture) -> None:
    """Has what is told kept, notes too."""
    caplog.set_level(logging.INFO, "audit.dashboard")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "audit.dashboard"]


def test_what_is_asked_of_every_record_is_known_already(
    shown: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = a_record(tmp_path, [a_chat(1)])
    shown.setenv("AUDIT_DATABASE_URL", url)
    warm()
    assert told(caplog) == []
    with opened(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("alter table calls rename to gone")
    assert data.foremost_models() == ("gpt-4o",)


def test_what_is_there_by_then_is_not_looked_through_for_garbage(shown: pytest.MonkeyPatch, traffic: str) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    assert gc.get_freeze_count() == 0
    warm()
    assert gc.get_freeze_count() > 100_000


def test_a_record_that_cannot_be_looked_at_is_told(
    shown: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = a_record(tmp_path)
    with opened(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("alter table calls rename to gone")
    shown.setenv("AUDIT_DATABASE_URL", url)
    warm()
    assert told(caplog) == ["the record could not be looked at before the first visit"]
