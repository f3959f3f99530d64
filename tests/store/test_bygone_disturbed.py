"""Whatever happens while a month of PostgreSQL goes at once: it goes as a whole, or the next time."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text

from audit.store import bygone, retaining
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.erasing import What
from audit.store.holds import place_hold
from audit.store.loading import APPENDS, PARTITIONED
from audit.store.retaining import Removed
from audit.store.rows.verified import Verdict
from tests.store.two_months import (
    ALL,
    NEW_ONES,
    apply,
    at_once,
    call_by_call,
    filled,
    numbers,
    of_month,
    read,
    verified,
)

ROOT = Path(__file__).parents[2]
_PROGRAM = """
import os, signal, sys
from audit.store import bygone
from audit.store.engine import open_engine
from tests.store.two_months import ALL, apply

empty = bygone.empty_month

def killed(*args):
    empty(*args)
    os.kill(os.getpid(), signal.SIGKILL)

bygone.empty_month = killed
apply(open_engine(sys.argv[1]), ALL)
"""


pytestmark = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A record of two months."""
    return filled(engine)


def test_what_is_held_meanwhile_stays(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month is looked at before the turn to write, and again in it."""
    looked = bygone._may_go

    def held_meanwhile(*asked: Any) -> bool:
        may = looked(*asked)
        if may:
            place_hold(engine, By.USER, "bob", reason="a claim", actor="root")
        return may

    monkeypatch.setattr(bygone, "_may_go", held_meanwhile)
    with call_by_call("empty_month"):
        assert apply(engine, ALL).calls[What.ALL] == 5
    assert numbers(engine) == sorted([12, *NEW_ONES])
    assert verified(engine).entries == {Verdict.ERASED: 5, Verdict.OK: 9}


@pytest.mark.parametrize("step", ["record_acts", "remove_parts", "empty_month"])
def test_what_breaks_off_leaves_all_there_and_is_done_the_next_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = read(engine)
    with monkeypatch.context() as dies:
        dies.setattr(bygone, step, then_interrupted(getattr(bygone, step)))
        with pytest.raises(KeyboardInterrupt):
            apply(engine, ALL)
    assert read(engine) == before
    assert verified(engine).entries == {Verdict.OK: 12}
    with at_once(engine):
        assert apply(engine, ALL).months == ["2022_01"]
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def then_interrupted(act: Any) -> Any:
    def acts(*args: Any, **more: Any) -> None:
        act(*args, **more)
        raise KeyboardInterrupt

    return acts


def test_who_dies_before_the_partitions_are_dropped_has_them_dropped_the_next_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dies:
        dies.setattr(retaining, "drop_empty_months", then_interrupted(lambda *_asked: None))
        with pytest.raises(KeyboardInterrupt):
            apply(engine, ALL)
    assert (numbers(engine), len(of_month(engine, "2022_01"))) == (NEW_ONES, len(PARTITIONED))
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}
    removed = apply(engine, ALL)
    assert (removed.acts, removed.months) == ([], ["2022_01"])


def test_who_is_killed_leaves_all_there(engine: Engine, url: str) -> None:
    program = [sys.executable, "-c", _PROGRAM, url]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert verified(engine).entries == {Verdict.OK: 12}
    with at_once(engine):
        apply(engine, ALL)
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def test_it_goes_in_ones_turn_to_write(engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody places a hold, or refers to a part that goes, meanwhile."""
    emptied, others, free = bygone.empty_month, open_engine(url), list[bool]()

    def asked(*args: Any) -> None:
        with others.connect() as other:
            free.append(other.execute(select(func.pg_try_advisory_xact_lock(APPENDS))).scalar_one())
        emptied(*args)

    monkeypatch.setattr(bygone, "empty_month", asked)
    apply(engine, ALL)
    others.dispose()
    assert free == [False]


def test_what_another_has_removed_meanwhile_is_gone(engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, others = bygone._may_go, list[Removed]()

    def overtaken(*asked: Any) -> bool:
        may = looked(*asked)
        monkeypatch.setattr(bygone, "_may_go", looked)
        other = open_engine(url)
        others.append(apply(other, ALL))
        other.dispose()
        return may

    monkeypatch.setattr(bygone, "_may_go", overtaken)
    assert apply(engine, ALL) == Removed()
    assert [(one.calls[What.ALL], one.months) for one in others] == [(6, ["2022_01"])]
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def test_of_two_at_once_one_removes_a_month(engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, both, removed = bygone._may_go, threading.Barrier(2, timeout=30), list[Removed]()

    def together(*asked: Any) -> bool:
        may = looked(*asked)
        both.wait()
        return may

    def work() -> None:
        other = open_engine(url)
        removed.append(apply(other, ALL))
        other.dispose()

    with monkeypatch.context() as patched:
        patched.setattr(bygone, "_may_go", together)
        patched.setattr(retaining, "past_months", lambda *_asked: [(2022 - 1970) * 12])
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(one.calls[What.ALL] for one in removed) == [0, 6]
    assert sorted(one.months for one in removed) == [[], ["2022_01"]]
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}


def test_a_month_that_others_read_goes_call_by_call_and_its_partitions_later(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.partitions._PATIENCE", text("SET LOCAL lock_timeout = '20ms'"))
    other = open_engine(url)
    with other.connect() as reading:
        reading.execute(text("SELECT * FROM exchanges_2022_01"))
        removed = apply(engine, ALL)
        assert (removed.calls[What.ALL], removed.months) == (6, [])
    other.dispose()
    assert apply(engine, ALL).months == ["2022_01"]
    assert verified(engine).entries == {Verdict.ERASED: 6, Verdict.OK: 7}
