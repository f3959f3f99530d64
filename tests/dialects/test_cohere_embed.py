"""Cohere's embeddings."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Ending, Operation, Part
from audit.dialects._dialect import Fit
from audit.dialects.cohere_embed import DIALECT
from tests.factories import a_transcript

REPLY = {
    "id": "e1",
    "embeddings": {"float": [[0.5]]},
    "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 2}},
}


def test_it_reads_texts_and_images() -> None:
    request = {
        "model": "embed-v4.0",
        "texts": ["one"],
        "images": ["data:image/png;base64,AAAA"],
        "inputs": [{"content": [{"type": "text", "text": "two"}]}],
    }
    transcript = a_transcript("/v2/embed", request=request, response=REPLY)
    reading = DIALECT.read(transcript)

    assert DIALECT.fits(transcript) is Fit.BOTH
    assert (reading.operation, reading.model_requested, reading.response_id) == (
        Operation.EMBEDDINGS,
        "embed-v4.0",
        "e1",
    )
    assert reading.input[0].parts == (
        Part(kind="text", text="one"),
        Part(kind="image", media_type="image/png", size=3),
        Part(kind="text", text="two"),
    )
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens, reading.complete) == (2, None, True)


@pytest.mark.parametrize(
    ("over", "complete"),
    [({"response": b'{"id', "ending": Ending.FAILED}, False), ({"response": {"message": "No"}, "status": 401}, None)],
)
def test_it_says_whether_the_reply_came_whole(over: dict[str, Any], complete: bool | None) -> None:
    assert DIALECT.read(a_transcript("/v1/embed", **over)).complete is complete


def test_it_leaves_other_paths_alone() -> None:
    assert DIALECT.fits(a_transcript("/v1/embeddings", response={"embeddings": []})) is Fit.NO
    assert DIALECT.fits(a_transcript("/mine", response=REPLY)) is Fit.SHAPE
