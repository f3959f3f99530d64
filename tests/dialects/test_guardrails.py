"""Bedrock's assessments, as three calls tell them."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Finding, Source
from audit.dialects._findings import Block
from audit.dialects._guardrails import applied_findings, guardrail_block, trace_findings

CONTENT = {"type": "HATE", "confidence": "HIGH", "filterStrength": "LOW", "action": "BLOCKED", "detected": True}


@pytest.mark.parametrize(
    ("policy", "group", "item", "category"),
    [
        ("contentPolicy", "filters", {"type": "SEXUAL"}, "contentPolicy:SEXUAL"),
        ("topicPolicy", "topics", {"name": "Investing"}, "topicPolicy:Investing"),
        ("wordPolicy", "managedWordLists", {"type": "PROFANITY", "match": "****"}, "wordPolicy:PROFANITY"),
        ("wordPolicy", "customWords", {"match": "secret"}, "wordPolicy:customWord"),
        ("sensitiveInformationPolicy", "piiEntities", {"type": "EMAIL"}, "pii:EMAIL"),
        ("sensitiveInformationPolicy", "regexes", {"name": "Account {Number}"}, "regex:Account {Number}"),
        ("contextualGroundingPolicy", "filters", {"type": "GROUNDING"}, "grounding:GROUNDING"),
    ],
)
def test_every_policy_has_its_category(policy: str, group: str, item: dict[str, str], category: str) -> None:
    (finding,) = applied_findings([{policy: {group: [item]}}], Source.PROMPT)

    assert (finding.category, finding.source) == (category, Source.PROMPT)
    assert finding.place == f"assessments[0].{policy}.{group}[0]"


def test_a_finding_tells_how_sure_and_what_was_done() -> None:
    (finding,) = applied_findings([{"contentPolicy": {"filters": [CONTENT]}}], Source.COMPLETION)

    assert finding == Finding(
        source=Source.COMPLETION,
        category="contentPolicy:HATE",
        severity="HIGH",
        detected=True,
        filtered=True,
        details={"action": "BLOCKED", "filterStrength": "LOW"},
        place="assessments[0].contentPolicy.filters[0]",
    )


def test_grounding_has_a_score() -> None:
    item = {"type": "GROUNDING", "score": 0.98, "threshold": 0.75, "action": "NONE"}
    (finding,) = applied_findings([{"contextualGroundingPolicy": {"filters": [item]}}], Source.COMPLETION)

    assert (finding.score, finding.filtered, finding.details["threshold"]) == (0.98, False, 0.75)


def test_what_was_found_is_not_repeated() -> None:
    item = {"type": "EMAIL", "match": "me@example.com", "action": "BLOCKED"}
    (finding,) = applied_findings([{"sensitiveInformationPolicy": {"piiEntities": [item]}}], Source.PROMPT)

    assert "me@example.com" not in str(finding)


@pytest.mark.parametrize(
    ("guardrail", "source", "place"),
    [
        ({"inputAssessment": {"g": {"contentPolicy": {"filters": [CONTENT]}}}}, Source.PROMPT, "t.inputAssessment.g."),
        (
            {"outputAssessments": {"g": [{"contentPolicy": {"filters": [CONTENT]}}]}},
            Source.COMPLETION,
            "t.outputAssessments.g[0].",
        ),
        ({"input": {"g": {"contentPolicy": {"filters": [CONTENT]}}}}, Source.PROMPT, "t.input.g."),
        ({"outputs": [{"g-2": {"contentPolicy": {"filters": [CONTENT]}}}]}, Source.COMPLETION, 't.outputs[0]["g-2"].'),
    ],
)
def test_a_trace_tells_both_sides_in_either_form(guardrail: Any, source: Source, place: str) -> None:
    (finding,) = trace_findings(guardrail, "t")

    assert (finding.source, finding.place) == (source, f"{place}contentPolicy.filters[0]")


@pytest.mark.parametrize("guardrail", [None, {}, "odd", {"inputAssessment": "odd", "outputs": [1, {"g": None}]}])
def test_a_trace_without_assessments_finds_nothing(guardrail: Any) -> None:
    assert trace_findings(guardrail, "t") == ()


def a_finding(source: Source, *, filtered: bool = False, masked: bool = False) -> Finding:
    return Finding(source=source, category="c", filtered=filtered, masked=masked)


@pytest.mark.parametrize(
    ("findings", "intervened", "silent", "block"),
    [
        ((), None, False, Block()),
        ((a_finding(Source.PROMPT),), None, False, Block()),
        ((a_finding(Source.PROMPT, masked=True),), "acted", False, Block()),
        ((), "acted", False, Block(reasons=("acted",), source=Source.COMPLETION)),
        ((), "acted", True, Block(reasons=("acted",), source=Source.PROMPT)),
        (
            (a_finding(Source.COMPLETION, filtered=True), a_finding(Source.COMPLETION, masked=True)),
            "acted",
            True,
            Block(reasons=("acted", "completion.c.filtered"), source=Source.COMPLETION),
        ),
        (
            (a_finding(Source.PROMPT, filtered=True), a_finding(Source.COMPLETION, filtered=True)),
            None,
            False,
            Block(reasons=("prompt.c.filtered", "completion.c.filtered"), source=Source.PROMPT),
        ),
    ],
)
def test_what_counts_as_a_block(
    findings: tuple[Finding, ...], intervened: str | None, silent: bool, block: Block
) -> None:
    assert guardrail_block(findings, intervened, silent=silent) == block
