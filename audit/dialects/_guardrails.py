"""What Bedrock's guardrails found and did, in the three forms in which they tell it.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailAssessment.html
Converse: `trace.guardrail.inputAssessment{id}`, `.outputAssessments{id: []}` · InvokeModel:
`amazon-bedrock-trace.guardrail.input{id}`, `.outputs[{id}]` · ApplyGuardrail: `assessments[]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from audit.call import Finding, Source
from audit.dialects._fields import dig, flag, items, mapping, member, text
from audit.dialects._findings import Block, details_of, filtered_reasons, gathered, score_of

__all__ = ["applied_findings", "guardrail_block", "trace_findings"]


def trace_findings(guardrail: Any, place: str) -> tuple[Finding, ...]:
    """Return what a trace says of both sides; `place` is the trace's JSON path."""
    return gathered(
        finding
        for name, source in _SIDES
        for where, assessment in _assessments(dig(guardrail, name), f"{place}.{name}")
        for finding in _findings(assessment, source, where)
    )


def applied_findings(assessments: Any, source: Source) -> tuple[Finding, ...]:
    """Return what an application of a guardrail by itself says of one side."""
    told = _assessments(assessments, "assessments")
    return gathered(finding for where, assessment in told for finding in _findings(assessment, source, where))


def guardrail_block(
    findings: tuple[Finding, ...], intervened: str | None, *, silent: bool = False, source: Source | None = None
) -> Block:
    """Return what was withheld. `intervened` says in the reply's words that the guardrail acted; None if it did not.

    To mask is to act too, so acting is no block where masking explains it; without any explanation it counts as one.
    `silent` says that no tokens were generated, so that it was the prompt that was withheld.
    """
    filtered = filtered_reasons(findings, "filtered")
    if not filtered and (intervened is None or any(finding.masked for finding in findings)):
        return Block()
    sides = {finding.source for finding in findings if finding.filtered}
    prompt = Source.PROMPT in sides or (not sides and silent)
    reasons = (intervened, *filtered) if intervened else filtered
    return Block(reasons=reasons, source=source or (Source.PROMPT if prompt else Source.COMPLETION))


def _assessments(told: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Assessments stand by guardrail id, in lists, or both, either outside."""
    if isinstance(told, list):
        for number, one in enumerate(told):
            yield from _assessments(one, f"{place}[{number}]")
    elif isinstance(told, dict):
        if told.keys() & _POLICY_NAMES:
            yield place, told
        else:
            for key, one in told.items():
                yield from _assessments(one, member(place, key))


def _findings(assessment: dict[str, Any], source: Source, place: str) -> Iterable[Finding]:
    for policy, group, prefix, label in _POLICIES:
        for number, value in enumerate(items(dig(assessment, policy, group))):
            item = mapping(value)
            category = f"{prefix}:{text(item.get(label)) or label}"
            yield _finding(item, source, category=category, place=f"{place}.{policy}.{group}[{number}]")


def _finding(item: dict[str, Any], source: Source, *, category: str, place: str) -> Finding:
    action = text(item.get("action"))
    return Finding(
        source=source,
        category=category,
        severity=text(item.get("confidence")),
        score=score_of(item.get("score")),
        detected=flag(item.get("detected")),
        filtered=None if action is None else action == "BLOCKED",
        masked=action == "ANONYMIZED",
        details=details_of(item, _DETAILS),
        place=place,
    )


_SIDES = (
    ("inputAssessment", Source.PROMPT),
    ("outputAssessments", Source.COMPLETION),
    ("input", Source.PROMPT),
    ("outputs", Source.COMPLETION),
)
_POLICIES = (
    ("contentPolicy", "filters", "contentPolicy", "type"),
    ("topicPolicy", "topics", "topicPolicy", "name"),
    ("wordPolicy", "managedWordLists", "wordPolicy", "type"),
    # A custom word has no name but itself, which would put what is forbidden into every table and chart.
    ("wordPolicy", "customWords", "wordPolicy", "customWord"),
    ("sensitiveInformationPolicy", "piiEntities", "pii", "type"),
    ("sensitiveInformationPolicy", "regexes", "regex", "name"),
    ("contextualGroundingPolicy", "filters", "grounding", "type"),
)
_POLICY_NAMES = {policy for policy, _, _, _ in _POLICIES} | {"invocationMetrics"}
_DETAILS = ("action", "filterStrength", "threshold")
"""`match` is left out: it repeats what was found, such as somebody's address."""
