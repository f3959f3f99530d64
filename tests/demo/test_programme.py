from __future__ import annotations

from audit.demo.acts import PROVIDERS
from audit.demo.programme import ACTS, SAMPLE
from audit.simulator.scenarios import SCENARIOS


def test_no_two_acts_are_alike() -> None:
    """That is how what was served is found in the record."""
    assert len({(act.provider, act.path, act.content) for act in ACTS}) == len(ACTS)


def test_the_documented_example_comes_first() -> None:
    assert ACTS[0] is SAMPLE


def test_every_provider_has_its_act() -> None:
    assert {act.provider for act in ACTS} == set(PROVIDERS)


def test_every_kind_of_verdict_and_failure_is_played() -> None:
    played = {word.partition("=")[0] for act in ACTS for word in act.scenario.split()}
    left_out = {"slow", "drip", "stall", "wrong", "echo", "bad_request", "too_large", "deflate"}
    assert set(SCENARIOS) - played == left_out


def test_both_streamed_and_unstreamed_replies_are_asked_for() -> None:
    assert {bool(act.body.get("stream")) for act in ACTS if act.path == "/v1/chat/completions"} == {True, False}
