"""Reranking, in the formats that resemble Cohere's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.call import Ending, Operation, Part, Reading
from audit.dialects._dialect import Fit
from audit.dialects.rerank import DIALECT
from tests.factories import a_transcript


def read(response: Any = None, **over: Any) -> Reading:
    return DIALECT.read(a_transcript("/v2/rerank", response=response, **over))


def test_it_reads_what_was_compared_and_how_it_was_ranked() -> None:
    body = {
        "id": "r1",
        "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}],
        "meta": {"billed_units": {"search_units": 1}},
    }
    request = {"model": "rerank-v3.5", "query": "ruby", "documents": ["Paris", {"text": "Ruby"}]}
    reading = read(body, request=request)

    assert (reading.operation, reading.model_requested, reading.response_id) == (Operation.RERANK, "rerank-v3.5", "r1")
    assert [(message.role, [part.text for part in message.parts]) for message in reading.input] == [
        ("user", ["ruby"]),
        ("document", ["Paris", "Ruby"]),
    ]
    assert reading.output[0].parts == (Part(kind="ranking", text="1: 0.9"), Part(kind="ranking", text="0: 0.1"))
    assert (reading.usage, reading.complete) == (None, True)


@pytest.mark.parametrize(
    ("usage", "figures"),
    [
        ({"usage": {"total_tokens": 17, "cost": 3.4e-07}}, (None, 17, Decimal("3.4E-7"))),
        ({"usage": {"prompt_tokens": 16, "total_tokens": 17}}, (16, 17, None)),
        ({"meta": {"tokens": {"input_tokens": 5}}}, (5, None, None)),
    ],
)
def test_others_count_tokens_or_tell_the_cost(usage: Any, figures: tuple[Any, ...]) -> None:
    told = read({"model": "rerank-2.5", "data": [{"index": 0, "relevance_score": 0.5}], **usage})

    assert told.usage is not None
    assert (told.usage.input_tokens, told.usage.total_tokens, told.usage.reported_cost) == figures
    assert told.model_served == "rerank-2.5"


def test_bedrock_has_names_of_its_own() -> None:
    request = {
        "queries": [{"type": "TEXT", "textQuery": {"text": "ruby"}}],
        "sources": [{"inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": "Ruby"}}}],
        "rerankingConfiguration": {
            "bedrockRerankingConfiguration": {"modelConfiguration": {"modelArn": "arn:aws:bedrock:m"}}
        },
    }
    transcript = a_transcript("/rerank", request=request, response={"results": [{"index": 0, "relevanceScore": 0.5}]})
    reading = DIALECT.read(transcript)

    assert DIALECT.fits(transcript) is Fit.BOTH
    assert reading.model_requested == "arn:aws:bedrock:m"
    assert [message.text for message in reading.input] == ["ruby", "Ruby"]
    assert reading.output[0].text == "0: 0.5"


@pytest.mark.parametrize(
    ("over", "complete"),
    [({"response": b'{"res', "ending": Ending.FAILED}, False), ({"response": {"message": "No"}, "status": 401}, None)],
)
def test_it_says_whether_the_reply_came_whole(over: dict[str, Any], complete: bool | None) -> None:
    assert read(**over).complete is complete


def test_it_knows_its_path_and_its_results() -> None:
    assert DIALECT.fits(a_transcript("/api/v1/rerank")) is Fit.PATH
    assert DIALECT.fits(a_transcript("/mine", response={"results": [{"relevance_score": 1}]})) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/mine", response={"results": [{"flagged": False}]})) is Fit.NO
