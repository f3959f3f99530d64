"""Google's embeddings."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Ending, Operation
from audit.dialects._dialect import Fit
from audit.dialects.gemini_embed import DIALECT
from tests.factories import a_transcript

BATCH = "/v1beta/models/gemini-embedding-2:batchEmbedContents"


def test_it_reads_a_batch() -> None:
    request = {"requests": [{"content": {"parts": [{"text": "one"}]}}, {"content": {"parts": [{"text": "two"}]}}]}
    details = [{"modality": "IMAGE", "tokenCount": 258}]
    response = {"embeddings": [{}, {}], "usageMetadata": {"promptTokenCount": 261, "promptTokenDetails": details}}
    transcript = a_transcript(BATCH, request=request, response=response)
    reading = DIALECT.read(transcript)

    assert DIALECT.fits(transcript) is Fit.PATH
    assert (reading.operation, reading.model_requested) == (Operation.EMBEDDINGS, "gemini-embedding-2")
    assert [message.text for message in reading.input] == ["one", "two"]
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.input_image_tokens, reading.usage.total_tokens) == (
        261,
        258,
        None,
    )
    assert (reading.complete, reading.output) == (True, ())


def test_it_reads_a_single_content() -> None:
    path = "/v1beta1/projects/p/locations/l/publishers/google/models/gemini-embedding-2:embedContent"
    response = {"embedding": {"values": [0.5]}, "usageMetadata": {"promptTokenCount": 11, "totalTokenCount": 11}}
    reading = DIALECT.read(a_transcript(path, request={"content": {"parts": [{"text": "one"}]}}, response=response))

    assert reading.input[0].text == "one"
    assert reading.usage is not None
    assert reading.usage.total_tokens == 11


@pytest.mark.parametrize("response", [{"embedding": {"values": [0.5]}}, {"embeddings": [{"values": [0.5]}]}])
def test_it_knows_its_vectors_behind_any_path(response: Any) -> None:
    assert DIALECT.fits(a_transcript("/llm", response=response)) is Fit.SHAPE


def test_older_models_count_nothing() -> None:
    assert DIALECT.read(a_transcript(BATCH, response={"embeddings": [{"values": []}]})).usage is None


@pytest.mark.parametrize(
    ("over", "complete"),
    [({"response": b'{"embed', "ending": Ending.FAILED}, False), ({"response": {"error": {}}, "status": 404}, None)],
)
def test_it_says_whether_the_reply_came_whole(over: dict[str, Any], complete: bool | None) -> None:
    assert DIALECT.read(a_transcript(BATCH, **over)).complete is complete


def test_an_unknown_model_is_an_error() -> None:
    body = {"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND"}}
    error = DIALECT.read(a_transcript(BATCH, response=body, status=404)).error

    assert error is not None
    assert error.code == "NOT_FOUND"


def test_it_leaves_other_paths_alone() -> None:
    assert DIALECT.fits(a_transcript("/v1/embeddings")) is Fit.NO
