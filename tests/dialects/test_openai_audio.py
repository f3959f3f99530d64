"""Speech and its transcripts are read; sound is told by its size."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audit.call import Arrival, Ending, Message, Operation, Part, Usage
from audit.dialects import Fit
from audit.dialects.openai_audio import DIALECT
from tests.factories import a_transcript, event_stream

LISTEN, SPEAK = "/v1/audio/transcriptions", "/v1/audio/speech"
TOKENS = {
    "type": "tokens",
    "input_tokens": 14,
    "output_tokens": 5,
    "total_tokens": 19,
    "input_token_details": {"audio_tokens": 14},
}


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (
            {"text": "Hi", "usage": TOKENS},
            Usage(input_tokens=14, output_tokens=5, total_tokens=19, input_audio_tokens=14),
        ),
        ({"text": "Hi", "usage": {"type": "duration", "seconds": 9}}, Usage(audio_seconds=Decimal(9))),
        ({"text": "Hi", "duration": "8.47"}, Usage(audio_seconds=Decimal("8.47"))),
        ({"text": "Hi", "duration": 8, "usage": {"type": "duration", "seconds": 9}}, Usage(audio_seconds=Decimal(9))),
        ({"text": "Hi"}, None),
    ],
)
def test_a_transcript_is_charged_by_tokens_or_seconds(body: Any, usage: Usage | None) -> None:
    reading = DIALECT.read(a_transcript(LISTEN, response=body))

    assert (reading.operation, reading.complete) == (Operation.TRANSCRIPTION, True)
    assert reading.usage == usage
    assert [message.text for message in reading.output] == ["Hi"]


def test_a_transcript_may_be_bare_text() -> None:
    headers = (("content-type", "text/plain; charset=utf-8"),)
    bare = DIALECT.read(a_transcript(LISTEN, response=b"Hi there", response_headers=headers))
    cut = DIALECT.read(a_transcript(LISTEN, response=b"Hi", response_headers=headers, ending=Ending.FAILED))
    failed = DIALECT.read(a_transcript(LISTEN, response=b"Bad gateway", response_headers=headers, status=502))

    assert ([message.text for message in bare.output], bare.complete) == (["Hi there"], True)
    assert cut.complete is False
    assert (failed.output, failed.complete, failed.error is not None) == ((), None, True)


def test_a_streamed_transcript() -> None:
    events: list[Any] = [
        {"type": "transcript.text.delta", "delta": "Hi "},
        {"type": "transcript.text.delta", "delta": "there"},
        {"type": "transcript.text.done", "text": "Hi there", "usage": TOKENS},
    ]
    arrivals = (Arrival(len(event_stream(events[0])), 10), Arrival(10_000, 20))
    whole = DIALECT.read(a_transcript(LISTEN, events=events, arrivals=arrivals))
    cut = DIALECT.read(a_transcript(LISTEN, events=events[:1]))

    assert ([message.text for message in whole.output], whole.complete, whole.first_token_us) == (
        ["Hi there"],
        True,
        10,
    )
    assert whole.usage is not None
    assert whole.usage.total_tokens == 19
    assert ([message.text for message in cut.output], cut.usage) == (["Hi "], None)


def test_the_sound_to_write_down_is_told_by_its_size() -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\nRIFF\r\n--x--\r\n"
    )
    headers = (("content-type", "multipart/form-data; boundary=x"),)
    reading = DIALECT.read(a_transcript(LISTEN, request_body=body, request_headers=headers, response={"text": "Hi"}))

    assert reading.model_requested == "whisper-1"
    assert reading.input == (
        Message(role="user", parts=(Part(kind="audio", text="a.wav", media_type="audio/wav", size=4),)),
    )


def test_speech_is_bytes() -> None:
    request = {"model": "tts-1", "input": "Hi", "instructions": "softly"}
    headers = (("content-type", "audio/mpeg"),)
    reading = DIALECT.read(a_transcript(SPEAK, request=request, response=b"\xff\xfb\x90", response_headers=headers))
    cut = DIALECT.read(a_transcript(SPEAK, response=b"\xff", response_headers=headers, ending=Ending.CLOSED))

    assert (reading.operation, reading.complete, reading.usage) == (Operation.SPEECH, True, None)
    assert [part.text for part in reading.input[0].parts] == ["softly", "Hi"]
    assert reading.output == (Message(role="assistant", parts=(Part(kind="audio", media_type="audio/mpeg", size=3),)),)
    assert cut.complete is False


def test_streamed_speech_is_base64() -> None:
    events: list[Any] = [
        {"type": "speech.audio.delta", "audio": "AAAA"},
        {"type": "speech.audio.done", "usage": TOKENS},
    ]
    reading = DIALECT.read(a_transcript(SPEAK, events=events))

    assert reading.output == (Message(role="assistant", parts=(Part(kind="audio", size=3),)),)
    assert reading.usage is not None


def test_an_error_has_no_sound() -> None:
    error = {"error": {"code": "invalid_voice", "message": "no"}}
    reading = DIALECT.read(a_transcript(SPEAK, response=error, status=400))

    assert reading.error is not None
    assert (reading.error.code, reading.output, reading.complete) == ("invalid_voice", (), None)


@pytest.mark.parametrize(
    ("path", "reply", "fit"),
    [
        (LISTEN, {"response": {"text": "Hi"}}, Fit.PATH),
        ("/openai/deployments/whisper/audio/translations", {"response": None}, Fit.PATH),
        (SPEAK, {"events": [{"type": "speech.audio.delta"}]}, Fit.BOTH),
        ("/odd/route", {"events": [{"type": "transcript.text.delta"}]}, Fit.SHAPE),
        ("/odd/route", {"response": {"text": "Hi"}}, Fit.NO),
    ],
)
def test_what_fits(path: str, reply: Any, fit: Fit) -> None:
    assert DIALECT.fits(a_transcript(path, **reply)) is fit
