"""What is common to all that a reader answers."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from audit.errors import StoreError
from audit.store import tables
from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.scope import Scope
from tests.store.samples import NOON, an_id

ASKED: dict[str, Callable[[Reader], Any]] = {
    "after": lambda reader: reader.after(0),
    "call": lambda reader: reader.call(an_id(1)),
    "calls": lambda reader: reader.calls(Scope()),
    "categories": lambda reader: reader.categories(Scope()),
    "check_days": lambda reader: reader.check_days(),
    "checks": lambda reader: reader.checks(),
    "course": lambda reader: reader.course(Scope(), 60),
    "coverage": lambda reader: reader.coverage(Scope()),
    "facets": lambda reader: reader.facets(Scope()),
    "flips": lambda reader: reader.flips(),
    "health": lambda reader: reader.health(),
    "id_of": lambda reader: reader.id_of(an_id(1)),
    "is_encrypted": lambda reader: reader.is_encrypted(),
    "issued_keys": lambda reader: reader.issued_keys(NOON),
    "keys": lambda reader: reader.keys(),
    "latency": lambda reader: reader.latency(Scope(), 60),
    "latency_by_model": lambda reader: reader.latency_by_model(Scope()),
    "lost": lambda reader: reader.lost(NOON),
    "models": lambda reader: reader.models(),
    "newest": lambda reader: reader.newest(NOON),
    "outcomes": lambda reader: reader.outcomes(Scope()),
    "reviews": lambda reader: reader.reviews(),
    "series": lambda reader: reader.series(Scope(), 60),
    "slowest": lambda reader: reader.slowest(Scope()),
    "spending": lambda reader: reader.spending(NOON),
    "substitutions": lambda reader: reader.substitutions(Scope()),
    "totals": lambda reader: reader.totals(Scope()),
    "usage": lambda reader: reader.usage(Scope()),
}


def test_every_question_is_asked_here() -> None:
    assert {*ASKED, "close"} == {
        name for name, _ in inspect.getmembers(Reader, inspect.isfunction) if not name.startswith("_")
    }


@pytest.mark.parametrize("question", ASKED)
def test_a_database_out_of_reach_is_told(tmp_path: Path, question: str) -> None:
    reader = Reader(open_engine(f"sqlite:///{tmp_path / 'none.db'}", read_only=True))
    with pytest.raises(StoreError, match="out of reach"):
        ASKED[question](reader)


@pytest.mark.parametrize("question", ASKED)
def test_a_database_without_tables_is_told(tmp_path: Path, question: str) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StoreError, match="audit db upgrade"):
        ASKED[question](Reader(engine))
    engine.dispose()


@pytest.mark.parametrize("question", ASKED)
def test_reading_needs_no_right_to_write(url: str, question: str) -> None:
    engine = open_engine(url, read_only=True)
    assert ASKED[question](Reader(engine)) is not NotImplemented
    engine.dispose()


def test_reading_does_not_wait_for_a_writer(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(tables.losses.insert(), {"id": an_id(1), "at": NOON, "count": 1, "reason": "x"})
        assert Reader(engine).health(NOON).lost == 0


def test_threads_may_share_a_reader(reader: Reader) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(reader.totals(Scope()).calls)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [7] * 4


def test_a_closed_reader_has_let_go(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    reader = Reader(engine)
    assert reader.totals(Scope()).calls == 0
    kept = engine.pool
    reader.close()
    assert engine.pool is not kept
