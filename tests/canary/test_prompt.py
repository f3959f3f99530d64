from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from audit.canary import prompt
from audit.canary.prompt import MOST_OUTPUT_TOKENS, enquire, filled, fits
from audit.canary.template import values_at
from audit.dialects import Dialect, Enquiry, Fit, Question, dialects
from audit.errors import PromptError
from tests.canary.canaries import NOON, a_canary, a_target


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know two dialects: one that puts a question as it is, and one that cannot be asked."""

    def ask(question: Question) -> Enquiry:
        told = {name: getattr(question, name) for name in Question.__slots__}
        return Enquiry(path="/v1/ask", body=told, headers={"x-version": "1"}, key_header="x-key")

    known = {
        name: Dialect(name=name, version=1, fits=lambda _: Fit.NO, read=dialects()["unknown"].read, ask=how)
        for name, how in (("plain", ask), ("mute", None))
    }
    monkeypatch.setattr(prompt, "dialects", lambda: known)


@pytest.mark.usefixtures("plain")
def test_a_question_goes_below_the_base_url_with_all_its_settings() -> None:
    canary = a_canary(
        prompt="Say hello.", system="Be kind.", stream=True, temperature=0.5, max_output_tokens=99, parameters={"x": 1}
    )
    request = enquire(canary, a_target(dialect="plain", base_url="https://example.com/v1"), NOON, None)
    assert (request.method, request.url) == ("POST", "https://example.com/v1/ask")
    assert request.headers == {"content-type": "application/json", "x-version": "1"}
    assert json.loads(request.body) == {
        "model": "claude-opus-5",
        "prompt": "Say hello.",
        "system": "Be kind.",
        "max_output_tokens": 99,
        "temperature": 0.5,
        "stream": True,
        "parameters": {"x": 1},
    }


@pytest.mark.usefixtures("plain")
def test_a_canarys_parameters_go_before_the_models() -> None:
    canary = a_canary(parameters={"effort": "low", "deep": {"b": 2}})
    target = a_target(dialect="plain", parameters={"effort": "high", "deep": {"a": 1}, "seed": 7})
    body = json.loads(enquire(canary, target, NOON, None).body)
    assert body["parameters"] == {"effort": "low", "deep": {"a": 1, "b": 2}, "seed": 7}


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    ("key_header", "told"),
    [
        (None, {"x-key": "secret"}),
        ("api-key", {"api-key": "secret"}),
        ("Authorization", {"authorization": "Bearer secret"}),
    ],
)
def test_the_key_goes_where_it_belongs(key_header: str | None, told: dict[str, str]) -> None:
    request = enquire(a_canary(), a_target(dialect="plain", key_header=key_header), NOON, "secret")
    assert request.headers.items() - {"content-type": "application/json", "x-version": "1"}.items() == told.items()
    assert "secret" not in repr(request)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("dialect", ["mute", "no such"])
def test_it_says_which_dialects_can_be_asked_in(dialect: str) -> None:
    with pytest.raises(PromptError) as raised:
        enquire(a_canary(), a_target(dialect=dialect), NOON, None)
    assert str(raised.value) == (
        f"model 'claude-opus-5' at 'anthropic': a canary cannot be asked in dialect {dialect!r}; set one of: plain"
    )


@pytest.mark.usefixtures("plain")
def test_it_names_the_provider_whose_base_url_is_none() -> None:
    with pytest.raises(PromptError, match=r"provider 'anthropic': base_url 'example.com' is no address"):
        enquire(a_canary(), a_target(dialect="plain", base_url="example.com"), NOON, None)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("value", [date(2026, 1, 2), float("inf")])
def test_it_refuses_parameters_that_json_does_not_know(value: Any) -> None:
    with pytest.raises(PromptError, match="canary 'hello' for model 'claude-opus-5': the parameters cannot be written"):
        enquire(a_canary(parameters={"x": value}), a_target(dialect="plain"), NOON, None)


@pytest.mark.parametrize("name", [name for name, dialect in dialects().items() if dialect.ask])
@pytest.mark.parametrize("stream", [False, True])
def test_every_dialect_that_can_be_asked_asks_the_filled_in_prompt(name: str, stream: bool) -> None:
    request = enquire(a_canary(prompt="{a} × {b}?", stream=stream), a_target(dialect=name), NOON, "secret")
    values = values_at("hello", NOON)
    assert f"{values['a']} × {values['b']}?" in request.body.decode()
    assert request.url.startswith("https://api.anthropic.com/")
    assert {"secret", "Bearer secret"} & set(request.headers.values())


@pytest.mark.parametrize("name", ["anthropic_messages", "gemini_generate", "openai_chat", "openai_responses"])
def test_what_an_answer_may_cost_is_bounded(name: str) -> None:
    request = enquire(a_canary(), a_target(dialect=name), NOON, None)
    assert f": {MOST_OUTPUT_TOKENS}".encode() in request.body


def test_variables_are_filled_in_wherever_they_may_stand() -> None:
    asked = filled(
        a_canary(prompt="{a}·{b}", system="{date}", text=("{product}", "{ok}"), regex=r"^{sum}\d{2}$", status=200), NOON
    )
    values = values_at("hello", NOON)
    assert (asked.prompt, asked.system) == (f"{values['a']}·{values['b']}", "2026-01-02")
    assert (asked.expect.text, asked.expect.regex) == ((values["product"], "{ok}"), rf"^{values['sum']}\d{{2}}$")
    assert asked.expect.status == 200


def test_a_canary_without_variables_stays_as_it_is() -> None:
    canary = a_canary(prompt="Say hello.", text=("hello",), every=timedelta(hours=1))
    assert filled(canary, NOON) == canary


@pytest.mark.parametrize(
    ("name", "pattern", "fit"),
    [
        ("gpt-5", "gpt-5", True),
        ("GPT-5", "gpt-5", True),
        ("gpt-5-mini", "gpt-5", False),
        ("gpt-5-mini", "gpt-5*", True),
        ("openai/gpt-5", "*/gpt-*", True),
        ("gpt-4.1", "gpt-4_1", False),
        ("gpt-4x1", "gpt-4.1", False),
        ("model[a]", "model[a]", True),
        ("", "*", True),
        ("a\nb", "a*", False),
    ],
)
def test_a_star_stands_for_anything(name: str, pattern: str, fit: bool) -> None:
    assert fits(name, pattern) is fit
