"""Images are told by their size or address, and what filters said of them is kept."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Arrival, Message, Operation, Part, Source
from audit.dialects import Fit, Question
from audit.dialects.openai_images import DIALECT
from tests.factories import a_transcript, event_stream

PATH = "/v1/images/generations"
REQUEST = {"model": "gpt-image-1", "prompt": "a cat"}
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"text_tokens": 9, "image_tokens": 0},
    "output_tokens": 1056,
    "total_tokens": 1065,
}


def test_a_reply_in_one_piece() -> None:
    data = [{"b64_json": "AAAA", "revised_prompt": "a black cat"}, {"url": "https://e.org/a.png"}, {}]
    body = {"created": 1_700_000_000, "data": data, "output_format": "webp", "usage": USAGE}
    reading = DIALECT.read(a_transcript(PATH, request=REQUEST, response=body))

    assert (reading.operation, reading.complete, reading.streamed) == (Operation.IMAGE_GENERATION, True, False)
    assert reading.provider_created_at is not None
    assert reading.usage is not None
    assert (reading.usage.input_image_tokens, reading.usage.output_tokens, reading.usage.output_image_tokens) == (
        0,
        1056,
        1056,
    )
    assert [message.text for message in reading.input] == ["a cat"]
    assert reading.output == (
        Message(
            role="assistant",
            parts=(
                Part(kind="text", text="a black cat"),
                Part(kind="image", media_type="image/webp", size=3),
                Part(kind="image", text="https://e.org/a.png"),
            ),
        ),
    )


def test_newer_replies_tell_text_and_image_tokens_apart() -> None:
    usage = {**USAGE, "output_tokens_details": {"image_tokens": 1000, "text_tokens": 56}}
    reading = DIALECT.read(a_transcript(PATH, response={"data": [{"b64_json": "AAAA"}], "usage": usage}))

    assert reading.usage is not None
    assert reading.usage.output_image_tokens == 1000


def test_dalle_tells_no_usage() -> None:
    assert DIALECT.read(a_transcript(PATH, response={"data": [{"url": "https://e.org/a"}]})).usage is None


@pytest.mark.parametrize("kind", ["image_generation", "image_edit"])
def test_a_stream_ends_with_the_image_and_its_usage(kind: str) -> None:
    events: list[Any] = [
        {"type": f"{kind}.partial_image", "b64_json": "AA==", "partial_image_index": 0},
        {
            "type": f"{kind}.completed",
            "b64_json": "AAAA",
            "created_at": 1_700_000_000,
            "output_format": "png",
            "usage": USAGE,
        },
    ]
    arrivals = (Arrival(len(event_stream(events[0])), 10), Arrival(len(event_stream(*events)), 20))
    whole = DIALECT.read(a_transcript(PATH, request=REQUEST, events=events, arrivals=arrivals))
    cut = DIALECT.read(a_transcript(PATH, request=REQUEST, events=events[:1]))

    assert (whole.complete, whole.streamed, whole.first_token_us) == (True, True, 10)
    assert whole.usage is not None
    assert whole.usage.total_tokens == 1065
    assert whole.output[0].parts == (Part(kind="image", media_type="image/png", size=3),)
    assert (cut.complete, cut.usage, cut.output) == (False, None, ())


def test_a_form_has_its_pictures_told_by_size() -> None:
    boundary = "xyz"
    files = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="image[]"; filename="{name}"\r\n'
        "Content-Type: image/png\r\n\r\nPNG\r\n"
        for name in ("a.png", "b.png")
    )
    prompt = f'--{boundary}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na hat\r\n--{boundary}--\r\n'
    headers = (("content-type", f"multipart/form-data; boundary={boundary}"),)
    transcript = a_transcript("/v1/images/edits", request_body=(files + prompt).encode(), request_headers=headers)

    assert DIALECT.read(transcript).input[0].parts == (
        Part(kind="text", text="a hat"),
        Part(kind="image", text="a.png", media_type="image/png", size=3),
        Part(kind="image", text="b.png", media_type="image/png", size=3),
    )


def test_a_picture_by_address_in_a_request_is_left_out() -> None:
    reading = DIALECT.read(a_transcript(PATH, request={"prompt": "a hat", "image": "https://e.org/a.png"}))

    assert [part.kind for part in reading.input[0].parts] == ["text"]


def test_azure_refuses_a_prompt() -> None:
    results = {"jailbreak": {"detected": False, "filtered": False}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_results": results}
    error = {"code": "content_policy_violation", "inner_error": inner, "message": "rejected"}
    path = "/openai/deployments/dalle3/images/generations?api-version=2024-02-01"
    reading = DIALECT.read(a_transcript(path, request={"prompt": "x"}, response={"error": error}, status=400))

    assert reading.model_requested == "dalle3"
    assert reading.block_reasons == ("error.code=content_policy_violation",)
    assert (reading.block_source, reading.complete, len(reading.findings)) == (Source.PROMPT, None, 1)


def test_azures_images_have_verdicts_of_both_sides() -> None:
    safe = {"hate": {"filtered": False, "severity": "safe"}}
    data = [{"url": "https://e.org/a.png", "content_filter_results": safe, "prompt_filter_results": safe}]
    reading = DIALECT.read(a_transcript(PATH, response={"data": data}))

    assert {(one.source, one.choice) for one in reading.findings} == {(Source.PROMPT, None), (Source.COMPLETION, 0)}


def test_openai_refuses_an_image_that_was_made() -> None:
    details = {"moderation_stage": "output", "categories": ["sexual"]}
    error = {"code": "moderation_blocked", "message": "rejected", "moderation_details": details}
    reading = DIALECT.read(a_transcript(PATH, request=REQUEST, response={"error": error}, status=400))

    assert reading.block_source is Source.COMPLETION
    assert reading.block_reasons == ("error.code=moderation_blocked", "completion.sexual.filtered")


@pytest.mark.parametrize(
    ("path", "reply", "fit"),
    [
        (PATH, {"response": {"data": [{"b64_json": "AAAA"}]}}, Fit.BOTH),
        (PATH, {"response": {"data": [{"url": "https://e.org"}]}}, Fit.PATH),
        ("/v1/images/variations", {"response": None}, Fit.PATH),
        ("/odd/route", {"events": [{"type": "image_edit.partial_image"}]}, Fit.SHAPE),
        ("/odd/route", {"response": {"data": [{"url": "https://e.org"}]}}, Fit.NO),
        ("/odd/route", {"response": {"created": 1, "data": [{"url": "https://e.org"}]}}, Fit.SHAPE),
    ],
)
def test_what_fits(path: str, reply: Any, fit: Fit) -> None:
    assert DIALECT.fits(a_transcript(path, **reply)) is fit


def test_a_question_becomes_a_request() -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(Question(model="m", prompt="a cat", parameters={"size": "256x256"}))

    assert (enquiry.path, enquiry.body) == (PATH, {"model": "m", "prompt": "a cat", "n": 1, "size": "256x256"})
