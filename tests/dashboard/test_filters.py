"""What the reader has chosen stands in the URL, and comes back from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.store.scope import Canaries, Scope, Standing
from dashboard.filters import CUSTOM, EVERYTHING, RANGES, Chosen, Window, bucket_s, chosen, window

NOW = datetime(2026, 3, 1, 12, 30, 45, 123, tzinfo=UTC)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
several = st.lists(words, max_size=3, unique=True).map(tuple)


def as_params(choice: Chosen) -> dict[str, list[str]]:
    """Return a choice's URL parameters as a browser hands them back."""
    return {name: [value] if isinstance(value, str) else value for name, value in choice.query().items()}


@given(
    st.builds(
        Chosen,
        range=st.sampled_from([*RANGES, EVERYTHING]),
        providers=several,
        models=several,
        keys=several,
        projects=several,
        users=several,
        labels=several,
        sessions=several,
        conversations=several,
        outcomes=several,
        operations=several,
        matches=several,
        requested=several,
        categories=several,
        sides=several,
        levels=several,
        lacking=several,
        canaries=st.sampled_from(Canaries),
        search=words.map(lambda text: text or None),
        sort=st.sampled_from(["newest", "longest", "dearest"]),
    )
)
def test_a_choice_comes_back_from_its_url(choice: Chosen) -> None:
    assert chosen(as_params(choice)) == choice


def test_a_chosen_time_comes_back_from_its_url() -> None:
    choice = Chosen(range=CUSTOM, since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2026, 1, 2, 3, tzinfo=UTC))
    assert choice.query()["from"] == "2026-01-01T00:00:00Z"
    assert chosen(as_params(choice)) == choice
    half = replace(choice, until=None)
    assert chosen(as_params(half)) == half


def test_results_come_back_in_their_own_order() -> None:
    assert chosen({"standing": ["error", "ok", "nonsense"]}).standings == (Standing.OK, Standing.ERROR)


@pytest.mark.parametrize(
    "params",
    [
        {"range": ["3 weeks"]},
        {"range": ["custom"]},
        {"range": ["custom"], "from": ["yesterday"]},
        {"canaries": ["maybe"]},
        {"q": [""]},
        {"unheard": ["of"]},
    ],
)
def test_what_cannot_be_understood_is_not_chosen(params: dict[str, list[str]]) -> None:
    assert chosen(params) == Chosen()


def test_a_time_without_a_zone_is_utc() -> None:
    assert chosen({"range": ["custom"], "from": ["2026-01-01T10:00"]}).since == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_windows_begin_on_whole_minutes() -> None:
    assert window(Chosen(range="24h"), NOW) == Window(since=datetime(2026, 2, 28, 12, 30, tzinfo=UTC))
    assert window(Chosen(range=EVERYTHING), NOW) == Window(since=None)


def test_the_period_before_is_as_long_and_asked_for_in_the_same_words_all_minute() -> None:
    span = window(Chosen(range="24h"), NOW)
    before = span.before(NOW)
    assert before == Window(since=datetime(2026, 2, 27, 12, 30, tzinfo=UTC), until=span.since)
    assert before == span.before(NOW + timedelta(seconds=10))
    assert Window(since=None).before(NOW) is None


def test_a_scope_is_what_was_chosen() -> None:
    choice = Chosen(range=EVERYTHING, models=("m",), labels=("team=a=b",), standings=(Standing.ERROR,), search="x y")
    assert choice.scope(NOW) == Scope(
        models=("m",), labels=(("team", "a=b"),), standings=(Standing.ERROR,), search="x y"
    )


def test_choosing_a_canary_counts_its_checks() -> None:
    assert Chosen(canary="default").scope(NOW).canaries is Canaries.WITH
    assert Chosen(canary="default", canaries=Canaries.ONLY).scope(NOW).canaries is Canaries.ONLY


def test_pages_share_only_what_the_bar_shows() -> None:
    choice = Chosen(models=("m",), outcomes=("clean",), sessions=("s",), conversations=("i",), search="x", canary="c")
    assert choice.shared() == Chosen(models=("m",), canary="c")
    assert choice.narrows == 2


@pytest.mark.parametrize(
    ("span", "seconds"),
    [
        (timedelta(hours=1), 60),
        (timedelta(days=1), 1_800),
        (timedelta(days=7), 10_800),
        (timedelta(days=30), 86_400),
        (timedelta(days=90), 86_400),
        (timedelta(days=400), 7 * 86_400),
        (timedelta(days=9_999), 28 * 86_400),
    ],
)
def test_charts_have_ninety_bars_at_most(span: timedelta, seconds: int) -> None:
    assert bucket_s(span) == seconds
