"""Ollama's own format: JSON lines, nanoseconds, prompts that were cached."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from audit.call import Arrival, Ending, Message, Operation, Part, Reading
from audit.dialects._dialect import Fit, Question
from audit.dialects.ollama_chat import DIALECT
from tests.factories import a_transcript

FIGURES = {
    "done_reason": "stop",
    "done": True,
    "total_duration": 2_500_000_000,
    "prompt_eval_count": 21,
    "eval_count": 369,
}


def read(response: Any = None, *, path: str = "/api/chat", **over: Any) -> Reading:
    return DIALECT.read(a_transcript(path, response=response, **over))


def a_line(done: bool = False, **over: Any) -> dict[str, Any]:
    plain = {"model": "llama3", "created_at": "2026-01-02T03:04:05.5Z", "done": done}
    return {**plain, **(FIGURES if done else {}), **over}


def lines(*values: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def test_it_reads_a_reply() -> None:
    calls = [{"function": {"name": "f", "arguments": {"a": 1}}}]
    message = {"role": "assistant", "thinking": "hm", "content": "Hello", "tool_calls": calls}
    request = {"model": "llama3:latest", "messages": [{"role": "user", "content": "Hi", "images": ["AAAA"]}]}
    reading = read(a_line(True, message=message), request=request)

    assert (reading.operation, reading.model_requested, reading.model_served) == (
        Operation.CHAT,
        "llama3:latest",
        "llama3",
    )
    assert (reading.finish_reason, reading.complete, reading.streamed) == ("stop", True, False)
    assert reading.input[0].parts == (Part(kind="text", text="Hi"), Part(kind="image", size=3))
    assert reading.output[0].parts == (
        Part(kind="reasoning", text="hm"),
        Part(kind="text", text="Hello"),
        Part(kind="tool_call", name="f", text='{"a":1}'),
    )
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.usage.output_tokens) == (21, 369)


def test_the_work_began_its_duration_before_the_reply_was_made() -> None:
    reading = read(a_line(True))

    assert reading.provider_duration_us == 2_500_000
    assert reading.provider_created_at == datetime(2026, 1, 2, 3, 4, 3, tzinfo=UTC)
    assert read(a_line()).provider_created_at is None
    assert read(a_line(True, created_at="0001-01-01T00:00:00Z")).provider_created_at is None


def test_a_prompt_that_was_cached_has_no_count() -> None:
    usage = read(a_line(True, prompt_eval_count=None)).usage

    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (None, 369)
    assert read(a_line()).usage is None


def test_it_joins_the_lines_of_a_stream() -> None:
    body = lines(
        a_line(message={"role": "assistant", "content": ""}),
        a_line(message={"role": "assistant", "content": "Hel"}),
        a_line(message={"role": "assistant", "content": "lo"}),
        a_line(True, message={"role": "assistant", "content": ""}),
    )
    ends = [number for number, byte in enumerate(body) if byte == ord("\n")]
    arrivals = tuple(Arrival(end, 1000 * number) for number, end in enumerate(ends))
    reading = read(body, arrivals=arrivals)

    assert (reading.streamed, reading.complete, reading.first_token_us) == (True, True, 1000)
    assert reading.output == (Message(role="assistant", parts=(Part(kind="text", text="Hello"),)),)
    assert reading.usage is not None


def test_a_stream_cut_short_is_not_complete() -> None:
    piece = a_line(message={"role": "assistant", "content": "He"})

    assert read(lines(piece, piece), ending=Ending.CLOSED).complete is False
    assert read(lines(piece), ending=Ending.CLOSED).complete is False
    assert read(b'{"model', ending=Ending.FAILED).complete is False
    assert read({"odd": 1}).complete is None


def test_an_error_in_mid_stream_leaves_what_was_told_before() -> None:
    reading = read(lines(a_line(response="He"), {"error": "out of memory"}), path="/api/generate")

    assert reading.error is not None
    assert (reading.error.message, reading.model_served, reading.complete) == ("out of memory", "llama3", False)


def test_generate_is_a_completion() -> None:
    request = {"model": "llama3", "system": "Obey", "prompt": "Say", "images": ["AAAA"]}
    reading = read(a_line(True, response="Hi", thinking="hm"), path="/api/generate", request=request)

    assert reading.operation is Operation.TEXT_COMPLETION
    assert [(message.role, len(message.parts)) for message in reading.input] == [("system", 1), ("user", 2)]
    assert reading.output[0].parts == (Part(kind="reasoning", text="hm"), Part(kind="text", text="Hi"))


def test_embeddings_are_read() -> None:
    body = {"model": "nomic", "embeddings": [[0.5]], "total_duration": 1000, "prompt_eval_count": 2}
    reading = read(body, path="/api/embed", request={"model": "nomic", "input": ["one", "two"]})

    assert (reading.operation, reading.complete, reading.output) == (Operation.EMBEDDINGS, True, ())
    assert reading.input[0].text == "one\ntwo"
    assert read({"embedding": [0.5]}, path="/api/embeddings").complete is True


def test_a_tools_result_is_a_result() -> None:
    messages = [{"role": "tool", "tool_name": "f", "content": "18°"}]

    assert read(request={"messages": messages}).input[0].parts == (Part(kind="tool_result", name="f", text="18°"),)


def test_it_knows_its_paths_and_its_lines() -> None:
    assert DIALECT.fits(a_transcript("/api/chat", response=a_line(True))) is Fit.BOTH
    assert DIALECT.fits(a_transcript("/api/generate")) is Fit.PATH
    assert DIALECT.fits(a_transcript("/mine", response=lines(a_line(), a_line(True)))) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/api/tags", method="GET")) is Fit.NO


@pytest.mark.parametrize(("limit", "options"), [(5, {"num_predict": 5, "temperature": 0}), (None, {"temperature": 0})])
def test_a_question_becomes_a_request(limit: int | None, options: dict[str, Any]) -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(Question(model="llama3", prompt="p", system="s", max_output_tokens=limit, temperature=0))

    assert enquiry.path == "/api/chat"
    assert enquiry.body == {
        "model": "llama3",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "p"}],
        "stream": False,
        "options": options,
    }
    assert "options" not in DIALECT.ask(Question(model="m", prompt="p")).body
