"""The record's values: what follows from what they hold, absent never turning into zero."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass
from decimal import Decimal
from typing import Any

import pytest

from audit import call
from audit.call import Finding, Message, Operation, Outcome, Part, PricePart, Reading, Source, Tags, Usage
from tests.factories import an_exchange


def a_finding(**over: Any) -> Finding:
    return Finding(**{"source": Source.PROMPT, "category": "hate", **over})


def test_usage_and_price_are_due_where_a_model_is_made_to_work() -> None:
    assert {operation for operation in Operation if operation.generates} == {
        Operation.CHAT,
        Operation.TEXT_COMPLETION,
        Operation.EMBEDDINGS,
        Operation.IMAGE_GENERATION,
        Operation.SPEECH,
        Operation.TRANSCRIPTION,
        Operation.RERANK,
    }


def test_two_outcomes_are_blocks() -> None:
    assert [outcome for outcome in Outcome if outcome.blocked] == [Outcome.BLOCKED_PROMPT, Outcome.BLOCKED_COMPLETION]


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param(Usage(), None, id="not told"),
        pytest.param(Usage(cached_input_tokens=5, tool_use_input_tokens=3), None, id="only parts of it told"),
        pytest.param(Usage(input_tokens=0), 0, id="zero"),
        pytest.param(Usage(input_tokens=10, cached_input_tokens=4, cache_write_tokens=3), 10, id="cache within"),
        pytest.param(
            Usage(input_tokens=10, cached_input_tokens=4, cache_write_tokens=3, input_includes_cached=False),
            17,
            id="cache beside",
        ),
        pytest.param(Usage(input_tokens=10, input_includes_cached=False), 10, id="cache beside, none told"),
        pytest.param(
            Usage(input_tokens=10, cache_write_tokens=3, cache_write_1h_tokens=2, input_includes_cached=False),
            13,
            id="what is kept an hour is part of what is written",
        ),
        pytest.param(Usage(input_tokens=10, tool_use_input_tokens=6), 16, id="results of tools"),
    ],
)
def test_input_means_the_same_for_every_provider(usage: Usage, tokens: int | None) -> None:
    assert usage.all_input_tokens == tokens


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param(Usage(), None, id="not told"),
        pytest.param(Usage(reasoning_tokens=7), None, id="reasoning within what is not told"),
        pytest.param(Usage(output_tokens=20, reasoning_tokens=7), 20, id="reasoning within"),
        pytest.param(Usage(output_tokens=20, reasoning_tokens=7, output_includes_reasoning=False), 27, id="beside"),
        pytest.param(Usage(output_tokens=20, output_includes_reasoning=False), 20, id="beside, none told"),
        pytest.param(Usage(reasoning_tokens=7, output_includes_reasoning=False), 7, id="beside, and nothing else"),
        pytest.param(Usage(output_includes_reasoning=False), None, id="beside, neither told"),
    ],
)
def test_output_includes_reasoning_for_every_provider(usage: Usage, tokens: int | None) -> None:
    assert usage.all_output_tokens == tokens


@pytest.mark.parametrize(
    ("finding", "alarming"),
    [
        (a_finding(), False),
        (a_finding(severity="safe", filtered=False), False),
        (a_finding(severity="low", filtered=False), True),
        (a_finding(severity="HARM_SEVERITY_NEGLIGIBLE", probability="NEGLIGIBLE"), False),
        (a_finding(severity="HARM_SEVERITY_NEGLIGIBLE", probability="LOW"), True),
        (a_finding(probability="HARM_PROBABILITY_UNSPECIFIED"), False),
        (a_finding(severity="NONE"), False),
        (a_finding(filtered=True), True),
        (a_finding(severity="safe", filtered=True), True),
        (a_finding(detected=True, filtered=False), True),
        (a_finding(detected=False, filtered=False), False),
        (a_finding(detected=False, severity="high"), False),
        (a_finding(detected=False, filtered=True), True),
    ],
)
def test_a_finding_is_alarming_if_something_was_found_whatever_was_done_about_it(
    finding: Finding, alarming: bool
) -> None:
    assert finding.alarming is alarming


def test_the_text_of_a_message_is_that_of_its_parts() -> None:
    image = Part(kind="image", media_type="image/png", size=7)
    message = Message(role="user", parts=(Part(kind="text", text="Look:"), image, Part(kind="text", text="A cat?")))
    assert message.text == "Look:\nA cat?"
    assert Message(role="user", parts=(image,)).text == ""


def test_amounts_are_exact() -> None:
    part = PricePart(unit="input", quantity=Decimal(3), unit_price=Decimal("0.1"))
    assert part.amount == Decimal("0.0000003")
    assert PricePart(unit="request", quantity=Decimal(3), unit_price=Decimal("0.1"), per=1).amount == Decimal("0.3")


def test_a_fact_cannot_be_changed() -> None:
    exchange = an_exchange()
    for field in fields(exchange):
        with pytest.raises(FrozenInstanceError):
            setattr(exchange, field.name, None)


def test_nor_can_anything_that_the_record_is_made_of() -> None:
    values = [thing for name in call.__all__ if is_dataclass(thing := getattr(call, name))]
    assert len(values) == 12
    assert all(value.__dataclass_params__.frozen for value in values)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "value", [Usage(), Tags(), a_finding(), Reading(dialect="d", dialect_version=1, provider="p")], ids=type
)
def test_nothing_is_claimed_of_what_was_not_told(value: Any) -> None:
    given = {"source", "category", "dialect", "dialect_version", "provider"}
    meanings = {"operation", "model_match", "input_includes_cached", "output_includes_reasoning"}
    told = {field.name: getattr(value, field.name) for field in fields(value)}
    claims = {name: claim for name, claim in told.items() if name not in given | meanings and claim}
    assert claims == {}
    assert 0 not in {claim for claim in told.values() if type(claim) is int}


def test_whatever_the_record_is_made_of_is_listed() -> None:
    made_here = {name for name, thing in vars(call).items() if getattr(thing, "__module__", "") == call.__name__}
    assert {name for name in made_here if not name.startswith("_")} <= set(call.__all__)
