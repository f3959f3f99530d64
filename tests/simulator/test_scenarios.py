from __future__ import annotations

import re

import pytest

from audit.simulator import scenarios
from audit.simulator.scenarios import SCENARIOS, ScenarioError, bare_model, bare_prompt, script


def test_the_docstring_names_every_scenario() -> None:
    listed = (scenarios.__doc__ or "").partition("    time ")[2].partition("`SCENARIOS`")[0]
    names = set(re.findall(r"[a-z][a-z0-9_]+(?==|\b)", listed)) - {"errors", "endings", "filters", "answers", "bytes"}

    assert names == set(SCENARIOS)


def test_a_value_in_the_docstring_is_a_value_in_the_list() -> None:
    listed = dict(re.findall(r"([a-z_]+)=([A-Z:]+)", (scenarios.__doc__ or "").partition("    time ")[2]))

    assert set(listed) == {name for name, text in SCENARIOS.items() if text.startswith("=")}


def test_the_models_name_the_prompt_and_others_are_played_together() -> None:
    played = script("gpt-4o+slow=300+gzip", "a [[sim:cut]] b [[sim:fail=2:k, crlf]]", "drip=1,length")

    assert str(played) == "slow=300 gzip cut fail=2:k crlf drip=1 length"
    assert played.number("slow", 1) == 300
    assert played.value("fail") == "2:k"
    assert played.value("cut", "half") == "half"
    assert played.number("absent", 7) == 7
    assert played.any_of(("absent", "crlf", "cut")) == "crlf"
    assert played.any_of(()) is None


@pytest.mark.parametrize("model", ["gpt-4o", "command-r+", "gpt-4o+Slow", "a+b c"])
def test_a_name_with_a_plus_need_not_be_a_scenario(model: str) -> None:
    assert not script(model, "no [[marker]]").scenes
    assert bare_model(model) == model


@pytest.mark.parametrize(
    "asked",
    ["nonsense", "slow=fast", "gzip=9", "annotated=safe", "fail=x", "cut=1.5", "rate_limit=-1", "odd_text=1"],
)
def test_what_is_not_understood_is_refused(asked: str) -> None:
    with pytest.raises(ScenarioError, match="simulator"):
        script("gpt-4o", f"[[sim:{asked}]]")


@pytest.mark.parametrize(
    "asked", ["slow=0.5", "annotated=high", "fail=3:some-key", "fail=3", "substituted=a/b:c", "cut"]
)
def test_values_that_fit_are_taken(asked: str) -> None:
    assert str(script("m", "", asked)) == asked


def test_bare_names_are_left() -> None:
    assert bare_model("openai/gpt-4o+slow=3+cut") == "openai/gpt-4o"
    assert bare_prompt("Hello [[sim:slow]]") == "Hello"
