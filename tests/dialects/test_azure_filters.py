"""Azure's verdicts are found in every place and spelling."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Finding, Source
from audit.dialects._azure_filters import blocked_sources, filter_statements, side
from audit.dialects._findings import gathered

SAFE = {"hate": {"filtered": False, "severity": "safe"}}


def the_finding(body: Any) -> Finding:
    findings = list(filter_statements(body))
    assert len(findings) == 1
    return findings[0]


@pytest.mark.parametrize(
    ("body", "source", "choice", "place"),
    [
        (
            {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}]},
            Source.PROMPT,
            None,
            "prompt_filter_results[0].content_filter_results.hate",
        ),
        (
            {"prompt_annotations": [{"content_filter_result": SAFE}]},
            Source.PROMPT,
            None,
            "prompt_annotations[0].content_filter_result.hate",
        ),
        (
            {"choices": [{"index": 2, "content_filter_results": SAFE}]},
            Source.COMPLETION,
            2,
            "choices[0].content_filter_results.hate",
        ),
        (
            {"choices": [{"content_filter_result": SAFE}]},
            Source.COMPLETION,
            0,
            "choices[0].content_filter_result.hate",
        ),
        (
            {"content_filters": [{"source_type": "completion", "content_filter_results": SAFE}]},
            Source.COMPLETION,
            None,
            "content_filters[0].content_filter_results.hate",
        ),
        (
            {"content_filters ": [{"source_type": "prompt", "content_filter_results": SAFE}]},
            Source.PROMPT,
            None,
            '["content_filters "][0].content_filter_results.hate',
        ),
        (
            {"response": {"content_filters": [{"source_type": "prompt", "content_filter_results": SAFE}]}},
            Source.PROMPT,
            None,
            "response.content_filters[0].content_filter_results.hate",
        ),
        (
            {"error": {"innererror": {"content_filter_result": SAFE}}},
            Source.PROMPT,
            None,
            "error.innererror.content_filter_result.hate",
        ),
        (
            {"error": {"inner_error": {"content_filter_results": SAFE}}},
            Source.PROMPT,
            None,
            "error.inner_error.content_filter_results.hate",
        ),
        (
            {"error": {"content_filters": [{"source_type": "prompt", "content_filter_results": SAFE}]}},
            Source.PROMPT,
            None,
            "error.content_filters[0].content_filter_results.hate",
        ),
        (
            {"error": {"param": "completion", "content_filter_results": SAFE}},
            Source.COMPLETION,
            None,
            "error.content_filter_results.hate",
        ),
        ({"data": [{"prompt_filter_results": SAFE}]}, Source.PROMPT, None, "data[0].prompt_filter_results.hate"),
        ({"data": [{"content_filter_results": SAFE}]}, Source.COMPLETION, 0, "data[0].content_filter_results.hate"),
    ],
)
def test_every_place(body: Any, source: Source, choice: int | None, place: str) -> None:
    assert the_finding(body) == Finding(
        source=source, category="hate", severity="safe", filtered=False, choice=choice, place=place
    )


@pytest.mark.parametrize(
    "body",
    [
        {"prompt_filter_results": None, "choices": None, "content_filters": None, "data": None, "error": None},
        {"prompt_filter_results": [{"content_filter_results": {}}]},
        {"choices": [{"content_filter_results": {}}, {"content_filter_results": None}, None]},
        {"choices": [{"content_filter_results": {"hate": None, "jailbreak": {}, "profanity": "no"}}]},
        {"choices": [{"content_filter_results": {"error": None}}]},
        {"content_filters": [{"blocked": False, "source_type": "completion", "content_filter_results": {}}]},
        {"data": ["x"], "error": "text"},
        None,
    ],
)
def test_what_was_not_assessed_yields_nothing(body: Any) -> None:
    assert list(filter_statements(body)) == []


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ({"filtered": False, "severity": "low"}, {"severity": "low", "filtered": False}),
        ({"filtered": True, "detected": True}, {"detected": True, "filtered": True}),
        ({"detected": True, "filtered": False}, {"detected": True, "filtered": False}),
        (
            {"filtered": True, "details": [{"id": "fruit", "filtered": True}]},
            {"filtered": True, "details": {"details": [{"id": "fruit", "filtered": True}]}},
        ),
        (
            [{"id": "fruit", "filtered": True}],
            {"filtered": True, "details": {"details": [{"id": "fruit", "filtered": True}]}},
        ),
        ([], {"filtered": False, "details": {"details": []}}),
        (
            {"filtered": False, "details": [{"id": "topic", "detected": True}]},
            {"detected": True, "filtered": False, "details": {"details": [{"id": "topic", "detected": True}]}},
        ),
        (
            {"detected": True, "filtered": False, "citation": {"URL": "https://e.org", "license": "MIT"}},
            {"detected": True, "filtered": False, "details": {"citation": {"URL": "https://e.org", "license": "MIT"}}},
        ),
        (
            {"detected": False, "filtered": False, "details": {"error": {"code": "400", "message": "x"}}},
            {
                "detected": False,
                "filtered": False,
                "error": "400",
                "details": {"details": {"error": {"code": "400", "message": "x"}}},
            },
        ),
    ],
)
def test_every_kind_of_verdict(verdict: Any, expected: dict[str, Any]) -> None:
    finding = the_finding({"choices": [{"content_filter_results": {"category": verdict}}]})

    assert finding == Finding(
        source=Source.COMPLETION,
        category="category",
        choice=0,
        place="choices[0].content_filter_results.category",
        **expected,
    )


@pytest.mark.parametrize(
    ("error", "word"),
    [
        ({"code": "content_filter_error", "message": "not filtered"}, "content_filter_error"),
        ({"message": "not filtered"}, "not filtered"),
        ("down", "down"),
        ([1], "error"),
    ],
)
def test_a_filter_that_did_not_run_is_neither_safe_nor_blocked(error: Any, word: str) -> None:
    finding = the_finding({"choices": [{"content_filter_results": {"error": error}}]})

    assert (finding.category, finding.error, finding.filtered, finding.detected) == ("error", word, None, None)


def test_hyphens_and_blanks_in_categories_are_folded() -> None:
    finding = the_finding(
        {"choices": [{"content_filter_results": {" self-harm": {"filtered": False, "severity": "safe"}}}]}
    )

    assert finding.category == "self_harm"
    assert finding.place == 'choices[0].content_filter_results[" self-harm"]'


def test_the_gravest_of_several_statements_counts_and_keeps_its_span() -> None:
    """Asynchronous filters look at spans of a stream, one after the other."""

    def annotation(severity: str, start: int, end: int) -> dict[str, Any]:
        offsets = {"start_offset": start, "end_offset": end, "check_offset": start}
        verdict = {"violence": {"filtered": severity == "high", "severity": severity}}
        return {"choices": [{"index": 0, "content_filter_results": verdict, "content_filter_offsets": offsets}]}

    safe, high = annotation("safe", 0, 50), annotation("high", 50, 90)
    alarming = gathered([*filter_statements(safe), *filter_statements(high)])
    clean = gathered([*filter_statements(safe), *filter_statements(annotation("safe", 50, 90))])

    assert [(one.severity, one.filtered, one.start_offset, one.end_offset) for one in alarming] == [
        ("high", True, 50, 90)
    ]
    assert [(one.severity, one.start_offset, one.end_offset, one.check_offset) for one in clean] == [
        ("safe", 0, 90, 50)
    ]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([{"blocked": True, "source_type": "completion", "content_filter_results": {}}], (Source.COMPLETION,)),
        ([{"blocked": True, "source_type": "prompt"}, {"blocked": True, "source_type": "prompt"}], (Source.PROMPT,)),
        ([{"blocked": False, "source_type": "prompt"}, {"blocked": "yes"}, None], ()),
        (None, ()),
    ],
)
def test_blocked_counts_on_its_own(entries: Any, expected: tuple[Source, ...]) -> None:
    assert blocked_sources({"content_filters": entries, "id": "resp_1"}) == expected


def test_sides_have_several_words() -> None:
    assert [side(word) for word in ("completion", "output", "prompt", "input", None)] == [
        Source.COMPLETION,
        Source.COMPLETION,
        Source.PROMPT,
        Source.PROMPT,
        Source.PROMPT,
    ]
