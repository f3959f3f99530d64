"""What could not be recorded stands above every page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from audit.store.engine import open_engine
from audit.store.write import Writer
from dashboard import frame
from tests.dashboard.record import HOSTILE, a_chat, a_record

APP = str(Path(frame.__file__).parent / "streamlit_app.py")
Lost = tuple[float, int, str]
"""Hours ago, how many, why."""


@pytest.fixture
def banner(shown: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """Returns the banner's lines above a page of a record from which calls were lost."""

    def lines(*losses: Lost, page: str = "overview", calls: bool = True, **params: str) -> list[str]:
        folder = tmp_path / uuid4().hex
        folder.mkdir()
        url = a_record(folder, [a_chat(1)] if calls else [])
        engine = open_engine(url)
        for hours, count, reason in losses:
            Writer(engine).lost(uuid4(), datetime.now(UTC) - timedelta(hours=hours), count, reason)
        engine.dispose()
        shown.setenv("AUDIT_DATABASE_URL", url)
        app = AppTest.from_file(APP, default_timeout=60)
        if page != "overview":
            app.run()
            app.switch_page(f"views/{page}_page.py")
        app.query_params.update(params)
        app.run()
        assert not app.exception
        shutil.rmtree(folder)
        return [text.value for text in app.get("text") if "could not be recorded" in text.value]

    return lines


@pytest.mark.parametrize("page", frame.PAGES)
def test_losses_of_the_last_day_stand_on_every_page(banner: Callable[..., list[str]], page: str) -> None:
    told = banner((1, 30, "OSError: disk full"), (23, 1_007, "older"), page=page)
    assert told[0] == "1,037 calls could not be recorded in the last 24 hours: OSError: disk full"


def test_they_stand_above_an_empty_record_too(banner: Callable[..., list[str]]) -> None:
    assert banner((1, 1, "disk full"), calls=False) == ["1 call could not be recorded in the last 24 hours: disk full"]


def test_where_nothing_was_lost_nothing_is_said(banner: Callable[..., list[str]]) -> None:
    assert banner() == []


def test_earlier_losses_stand_there_when_their_time_is_looked_at(banner: Callable[..., list[str]]) -> None:
    losses = ((50, 3, "disk full"), (24 * 60, 4, "disk full"))
    assert banner(*losses, page="calls", range="24h") == []
    assert banner(*losses, page="calls", range="7d") == ["3 calls could not be recorded in this time"]
    assert banner(*losses, page="calls", range="all") == ["7 calls could not be recorded in this time"]


def test_a_time_of_ones_own_ends_where_it_ends(banner: Callable[..., list[str]]) -> None:
    losses = ((50, 3, "disk full"), (100, 4, "disk full"))
    since, until = ((datetime.now(UTC) - timedelta(hours=hours)).isoformat() for hours in (150, 75))
    told = banner(*losses, page="calls", range="custom", **{"from": since, "to": until})
    assert told == ["4 calls could not be recorded in this time"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_reason_is_shown_as_it_stands_and_never_rendered(banner: Callable[..., list[str]], hostile: str) -> None:
    assert banner((1, 2, hostile), page="calls") == [f"2 calls could not be recorded in the last 24 hours: {hostile}"]


def test_without_a_reason_none_is_told(banner: Callable[..., list[str]]) -> None:
    assert banner((1, 2, ""), page="calls") == ["2 calls could not be recorded in the last 24 hours"]
