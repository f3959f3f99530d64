"""A reply says in many ways that content was withheld or stopped for safety."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Finding, Source
from audit.dialects._errors import error_info
from audit.dialects._openai_blocks import Block, block_of


def the_block(body: Any, *, status: int = 400, begun: bool = False) -> Block:
    return block_of(findings=(), failure=body, error=error_info(body, status), begun=begun)


@pytest.mark.parametrize(
    ("error", "reason", "source"),
    [
        ({"code": "content_filter", "param": "prompt"}, "error.code=content_filter", Source.PROMPT),
        ({"code": "content_policy_violation"}, "error.code=content_policy_violation", Source.PROMPT),
        ({"code": "moderation_blocked"}, "error.code=moderation_blocked", Source.PROMPT),
        (
            {"code": "moderation_blocked", "moderation_details": {"moderation_stage": "output"}},
            "error.code=moderation_blocked",
            Source.COMPLETION,
        ),
        ({"code": "invalid_prompt"}, "error.code=invalid_prompt", Source.PROMPT),
        ({"code": "bio_policy"}, "error.code=bio_policy", Source.PROMPT),
        ({"code": "421", "type": "content_filter"}, "error.code=421", Source.PROMPT),
        ({"code": "400", "innererror": {"code": "ResponsibleAIPolicyViolation"}}, "error.code=400", Source.PROMPT),
        ({"code": 403, "metadata": {"flagged_input": "…"}}, "error.code=403", Source.PROMPT),
        (
            {"code": "data_inspection_failed", "message": "Output data may be bad"},
            "error.code=data_inspection_failed",
            Source.COMPLETION,
        ),
        (
            {"type": "invalid_request_error", "message": "Content Exists Risk"},
            "error.message=Content Exists Risk",
            Source.PROMPT,
        ),
        (
            {"code": "Forbidden", "message": "Your resource has been temporarily blocked because"},
            "error.message=resource has been temporarily blocked",
            Source.PROMPT,
        ),
        (
            {"message": "Output blocked by content filtering policy"},
            "error.message=content filtering policy",
            Source.COMPLETION,
        ),
        (
            {"message": "Your request was rejected as a result of our safety system."},
            "error.message=rejected as a result of our safety system",
            Source.PROMPT,
        ),
        ({"code": "1301", "message": "unsafe or sensitive content"}, "error.code=1301", Source.PROMPT),
        (
            {"message": "This request has been blocked by our content filters. Please adjust your text prompt."},
            "error.message=blocked by our content filters",
            Source.PROMPT,
        ),
        (
            {"message": "All of the generated images have been blocked by our content filters."},
            "error.message=blocked by our content filters",
            Source.COMPLETION,
        ),
        (
            {"message": "The prompt contains words that violate Google's Responsible AI practices."},
            "error.message=Responsible AI practices",
            Source.PROMPT,
        ),
        ({"message": "It violates our usage policies."}, "error.message=violates our usage policies", Source.PROMPT),
    ],
)
def test_errors_of_content_filters(error: dict[str, Any], reason: str, source: Source) -> None:
    assert the_block({"error": error}) == Block(reasons=(reason,), source=source)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "model_not_found", "message": "The model does not exist"}},
        {"error": {"code": 404, "message": "No endpoints found matching your data policy"}},
        {"error": {"code": "rate_limit_exceeded", "type": "tokens", "message": "Limit on output tokens"}},
        {"error": {"code": "invalid_prompt", "message": "Invalid Responses API request"}},
        {"error": "bad key"},
        None,
    ],
)
def test_other_errors_are_no_blocks(body: Any) -> None:
    assert the_block(body) == Block()


def test_flat_errors_count_too() -> None:
    assert the_block({"code": "DataInspectionFailed", "message": "Input data"}).source is Source.PROMPT
    assert the_block({"type": "error", "code": "content_filter"}, status=200).source is Source.PROMPT


def test_an_answer_that_had_begun_was_blocked_on_its_own_side() -> None:
    error = {"error": {"code": "content_filter", "message": "stopped"}}
    about_the_prompt = {"error": {"code": "content_filter", "param": "prompt"}}

    assert the_block(error, status=200, begun=True).source is Source.COMPLETION
    assert the_block(about_the_prompt, status=200, begun=True).source is Source.PROMPT


@pytest.mark.parametrize("word", ["content_filter", "content-filter", "sensitive", "SAFETY", "refusal"])
def test_a_finish_reason_blocks_the_completion(word: str) -> None:
    block = block_of(findings=(), finishes=[("choices[0].finish_reason", "stop"), ("choices[1].finish_reason", word)])

    assert block == Block(reasons=(f"choices[1].finish_reason={word}",), source=Source.COMPLETION)


@pytest.mark.parametrize("word", ["stop", "length", "tool_calls", None, "content"])
def test_other_finish_reasons_do_not(word: str | None) -> None:
    assert block_of(findings=(), finishes=[("choices[0].finish_reason", word)]) == Block()


def test_what_a_filter_filtered_is_blocked_although_the_answer_finished() -> None:
    finding = Finding(source=Source.COMPLETION, category="custom_blocklists", filtered=True, choice=0)

    block = block_of(findings=[finding], finishes=[("choices[0].finish_reason", "stop")])

    assert block == Block(reasons=("completion.custom_blocklists.filtered[0]",), source=Source.COMPLETION)


def test_the_prompts_side_is_graver() -> None:
    findings = [
        Finding(source=Source.COMPLETION, category="hate", filtered=True),
        Finding(source=Source.PROMPT, category="jailbreak", filtered=True),
        Finding(source=Source.PROMPT, category="sexual", detected=True, filtered=False),
    ]

    block = block_of(findings=findings, blocked=[Source.COMPLETION])

    assert block.source is Source.PROMPT
    assert block.reasons == (
        "content_filters.blocked:completion",
        "completion.hate.filtered",
        "prompt.jailbreak.filtered",
    )
