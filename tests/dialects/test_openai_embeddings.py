"""Embeddings are read without their vectors."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Ending, Operation, Source
from audit.dialects import Fit, Question
from audit.dialects.openai_embeddings import DIALECT
from tests.factories import a_transcript

REPLY = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1, 0.2]}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}


def test_a_reply() -> None:
    request = {"model": "text-embedding-3-small", "input": ["one", "two"]}
    reading = DIALECT.read(a_transcript("/v1/embeddings", request=request, response=REPLY))

    assert (reading.operation, reading.complete, reading.output) == (Operation.EMBEDDINGS, True, ())
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens) == (2, None)
    assert [part.text for part in reading.input[0].parts] == ["one", "two"]


def test_the_deployment_stands_in_for_the_model() -> None:
    path = "/openai/deployments/my-embedder/embeddings?api-version=2023-07-01-preview"
    error = {"error": {"code": "401", "message": "Access denied"}}
    reading = DIALECT.read(a_transcript(path, request={"input": "x"}, response=error, status=401))

    assert reading.model_requested == "my-embedder"
    assert reading.error is not None
    assert (reading.error.code, reading.complete, reading.usage) == ("401", None, None)


def test_a_filtered_prompt_is_blocked() -> None:
    error = {
        "code": "content_filter",
        "innererror": {"content_filter_result": {"hate": {"filtered": True, "severity": "high"}}},
    }
    reading = DIALECT.read(a_transcript("/v1/embeddings", response={"error": error}, status=400))

    assert reading.block_source is Source.PROMPT
    assert reading.block_reasons == ("error.code=content_filter", "prompt.hate.filtered")


@pytest.mark.parametrize(
    ("over", "complete"),
    [({"response": b'{"data": [', "ending": Ending.FAILED}, False), ({"response": {"data": []}}, None)],
)
def test_what_did_not_come_whole(over: Any, complete: bool | None) -> None:
    assert DIALECT.read(a_transcript("/v1/embeddings", **over)).complete is complete


@pytest.mark.parametrize(
    ("path", "reply", "fit"),
    [
        ("/v1/embeddings", REPLY, Fit.BOTH),
        ("/v1/embeddings", None, Fit.PATH),
        ("/api/v1/embeddings", REPLY, Fit.BOTH),
        ("/api/embeddings", {"embedding": [0.1]}, Fit.NO),
        ("/odd/route", REPLY, Fit.SHAPE),
        ("/odd/route", {"data": [{"id": "model"}]}, Fit.NO),
    ],
)
def test_what_fits(path: str, reply: Any, fit: Fit) -> None:
    assert DIALECT.fits(a_transcript(path, response=reply)) is fit


def test_a_question_becomes_a_request() -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(Question(model="m", prompt="Hi", parameters={"dimensions": 8}))

    assert (enquiry.path, enquiry.body) == ("/v1/embeddings", {"model": "m", "input": "Hi", "dimensions": 8})
