from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.cli._nothing import ALL, NOTHING_RECORDED, say_when, say_why_nothing
from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.scope import Canaries, Scope
from tests.dashboard.record import a_record

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def said(capsys: pytest.CaptureFixture[str], url: str, scope: Scope) -> list[str]:
    engine = open_engine(url, read_only=True)
    say_why_nothing(Reader(engine), scope)
    engine.dispose()
    out, err = capsys.readouterr()
    assert not out
    return err.splitlines()


def test_an_empty_record_tells_how_to_begin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert said(capsys, a_record(tmp_path), Scope()) == [NOTHING_RECORDED]


def test_a_record_tells_how_many_calls_it_has_that_do_not_fit(capsys: pytest.CaptureFixture[str], filled: str) -> None:
    (line,) = said(capsys, filled, Scope(outcomes=("masked",)))
    assert line.startswith("No call fits. The record has 9 calls, from 20")


def test_calls_that_lie_before_are_told_and_how_to_see_them(capsys: pytest.CaptureFixture[str], filled: str) -> None:
    _, line = said(capsys, filled, Scope(since=datetime.now(UTC) + timedelta(hours=1)))
    assert line.startswith("They lie before ")
    assert ": try --since 20" in line


def test_calls_that_fit_the_time_are_not_said_to_lie_before(capsys: pytest.CaptureFixture[str], filled: str) -> None:
    assert len(said(capsys, filled, Scope(since=NOON - timedelta(days=4000), outcomes=("masked",)))) == 1


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        (Scope(providers=("openia",)), "No call has the provider 'openia'; there are: openai"),
        (Scope(models=("gpt5",)), "No call has the model 'gpt5'; there are: gpt-5"),
        (Scope(projects=("serch",)), "No call has the project 'serch'; there are: search"),
        (Scope(users=("ad",)), "No call has the user 'ad'; there are: ada"),
        (Scope(canary="arithmetics", canaries=Canaries.ONLY), "No call has the canary 'arithmetics'; there are: arith"),
        (Scope(labels=(("team", "rad"),)), "No call has the label team 'rad'; there are: red"),
        (Scope(labels=(("squad", "red"),)), "No call has the label squad 'red'"),
    ],
)
def test_what_nobody_has_is_told_with_what_is_near(
    capsys: pytest.CaptureFixture[str], filled: str, scope: Scope, told: str
) -> None:
    assert any(line.startswith(told) for line in said(capsys, filled, scope))


def test_what_is_near_nothing_is_told_with_what_there_is(capsys: pytest.CaptureFixture[str], filled: str) -> None:
    assert set(said(capsys, filled, Scope(projects=("zzz",)))[1].partition("there are: ")[2].split(", ")) == {
        "search",
        "billing",
    }


def test_values_that_some_calls_have_are_not_complained_of(capsys: pytest.CaptureFixture[str], filled: str) -> None:
    assert len(said(capsys, filled, Scope(projects=("billing",), users=("ada", "")))) == 1


@pytest.mark.parametrize(
    ("scope", "line"),
    [
        (Scope(), ""),
        (Scope(since=NOON), "since 2026-07-01 13:00:00 (GMT/BST); --since and --until choose\n"),
        (
            Scope(since=NOON, until=NOON + timedelta(days=1)),
            "since 2026-07-01 13:00:00 until 2026-07-02 13:00:00 (GMT/BST); --since and --until choose\n",
        ),
    ],
)
def test_the_time_of_a_table_is_told(capsys: pytest.CaptureFixture[str], scope: Scope, line: str) -> None:
    say_when(scope)
    assert capsys.readouterr() == ("", line)


def test_all_leaves_no_call_out(filled: str) -> None:
    engine = open_engine(filled, read_only=True)
    assert Reader(engine).calls(ALL).total == 9
    engine.dispose()
