"""What the pages know of the record besides its calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event, make_url

from dashboard import data


@pytest.fixture(autouse=True)
def fresh(shown: pytest.MonkeyPatch) -> None:
    """Settings that were looked at a moment ago are another test's."""
    data._settings.clear()


def test_the_journals_size_is_that_of_all_its_segments(tmp_path: Path) -> None:
    assert data.journal_bytes() == 0
    folder = data.settings().journal
    folder.mkdir(parents=True)
    (folder / "writer.lock").touch()
    for number in (1, 2):
        (folder / f"writer.{number}.journal").write_bytes(b"12345")
    (folder / "stranger.1.journal").write_bytes(b"1")
    assert data.journal_bytes() == 10


def test_a_segment_that_goes_away_meanwhile_has_no_size(tmp_path: Path) -> None:
    assert data._size(tmp_path / "gone") == 0


def test_the_place_of_the_record_is_told_without_its_password(shown: pytest.MonkeyPatch) -> None:
    shown.setenv("AUDIT_DATABASE_URL", "postgresql://ann:secret@db.example/audit")
    assert "secret" not in data.place()
    assert make_url(data.place()).host == "db.example"


def test_more_calls_than_a_page_shows_can_be_had(shown: pytest.MonkeyPatch, traffic: str) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    everything = data.every_call(data.Scope(), 300, "started_at", True)
    assert len(everything) == 300


def test_a_record_that_is_let_go_of_is_closed(tmp_path: Path) -> None:
    closed = []
    first, *_ = engines = [data._engine(f"sqlite:///{tmp_path / f'{n}.db'}") for n in range(data._MOST_RECORDS)]
    for engine in engines:
        event.listen(engine, "engine_disposed", closed.append)
    data._engine(f"sqlite:///{tmp_path / 'one more.db'}")
    assert closed == [first]
