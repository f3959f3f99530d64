"""Vertex's predict: images and their filters, embeddings, older text models."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Ending, Finding, Operation, Part, Reading, Source
from audit.dialects._dialect import Fit
from audit.dialects.vertex_predict import DIALECT
from tests.factories import a_transcript


def path(model: str = "imagen-4.0") -> str:
    return f"/v1/projects/p/locations/l/publishers/google/models/{model}:predict"


def read(response: Any = None, *, model: str = "imagen-4.0", **over: Any) -> Reading:
    return DIALECT.read(a_transcript(path(model), response=response, **over))


def test_it_reads_images() -> None:
    predictions = [{"bytesBase64Encoded": "AAAA", "mimeType": "image/png"}, {"gcsUri": "gs://b/i.png"}]
    request = {"instances": [{"prompt": "A cat", "image": {"bytesBase64Encoded": "AAAA"}}]}
    reading = read({"predictions": predictions}, request=request)

    assert (reading.operation, reading.model_requested) == (Operation.IMAGE_GENERATION, "imagen-4.0")
    assert (reading.complete, reading.usage, reading.block_source) == (True, None, None)
    assert reading.input[0].parts == (Part(kind="text", text="A cat"), Part(kind="image", size=3))
    assert [message.parts for message in reading.output] == [
        (Part(kind="image", media_type="image/png", size=3),),
        (Part(kind="image", text="gs://b/i.png"),),
    ]


def test_an_image_that_was_filtered_is_a_block() -> None:
    reading = read({"predictions": [{"bytesBase64Encoded": "AAAA"}, {"raiFilteredReason": "Filtered. Code 1"}]})

    assert reading.block_source is Source.COMPLETION
    assert reading.block_reasons == ("predictions[1].raiFilteredReason",)
    assert reading.output[1].parts == (Part(kind="refusal", text="Filtered. Code 1"),)


def test_a_prompt_against_the_practices_is_a_block() -> None:
    message = "The prompt contains words that violate Google's Responsible AI practices. Support codes: 1"
    reading = read(
        {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}, model="UNKNOWN", status=400
    )

    assert (reading.block_source, reading.operation) == (Source.PROMPT, Operation.IMAGE_GENERATION)
    assert reading.block_reasons == ("error.message=Responsible AI practices",)
    assert reading.model_requested is None


def test_safety_attributes_are_findings() -> None:
    attributes = {"categories": ["Violence", "Health"], "scores": [0.3], "blocked": True}
    reading = read({"predictions": [{"content": "words", "safetyAttributes": attributes}]}, model="text-bison")

    assert reading.findings[0] == Finding(
        source=Source.COMPLETION,
        category="Violence",
        score=0.3,
        filtered=True,
        choice=0,
        place="predictions[0].safetyAttributes.categories[0]",
    )
    assert reading.findings[1].score is None
    assert reading.block_reasons == ("completion.Violence.blocked", "completion.Health.blocked")


def test_embeddings_count_each_text() -> None:
    def embedded(tokens: Any) -> dict[str, Any]:
        return {"embeddings": {"values": [0.5], "statistics": {"token_count": tokens}}}

    request = {"instances": [{"content": "one"}, {"content": "two"}]}
    reading = read({"predictions": [embedded(3), embedded(4)]}, model="text-embedding-004", request=request)

    assert reading.operation is Operation.EMBEDDINGS
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens) == (7, None)
    assert [message.text for message in reading.input] == ["one", "two"]
    assert reading.output == ()
    assert read({"predictions": [embedded(None)]}).usage is None


def test_text_models_count_the_call() -> None:
    tokens = {"inputTokenCount": {"totalTokens": 5}, "outputTokenCount": {"totalTokens": 6}}
    reading = read({"predictions": ["plain"], "metadata": {"tokenMetadata": tokens}}, model="text-bison")

    assert reading.operation is Operation.CHAT
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens) == (5, 6)
    assert reading.output[0].text == "plain"


@pytest.mark.parametrize(
    ("over", "complete"),
    [({"response": b'{"predi', "ending": Ending.FAILED}, False), ({"response": {"predictions": []}}, None)],
)
def test_it_says_whether_the_reply_came_whole(over: dict[str, Any], complete: bool | None) -> None:
    assert DIALECT.read(a_transcript(path(), **over)).complete is complete


def test_it_knows_its_path_and_its_predictions() -> None:
    assert DIALECT.fits(a_transcript(path(), response={"predictions": []})) is Fit.BOTH
    assert DIALECT.fits(a_transcript(path())) is Fit.PATH
    assert DIALECT.fits(a_transcript("/mine", response={"predictions": []})) is Fit.SHAPE
    assert DIALECT.fits(a_transcript(path() + "LongRunning")) is Fit.NO
