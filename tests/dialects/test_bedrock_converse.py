"""Bedrock's Converse: binary streams, what comes after the stop, guardrails that mask and that block."""

from __future__ import annotations

from typing import Any

import pytest

from audit.call import Arrival, Ending, Message, Operation, Part, Reading, Source
from audit.dialects._dialect import Fit, Question
from audit.dialects.bedrock_converse import DIALECT
from tests.dialects.aws_events import AWS_STREAM, aws_events
from tests.factories import a_transcript

PATH = "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"
STREAM = PATH + "-stream"
USAGE = {
    "inputTokens": 10,
    "outputTokens": 4,
    "totalTokens": 7365,
    "cacheReadInputTokens": 0,
    "cacheWriteInputTokens": 7351,
    "cacheDetails": [{"ttl": "5m", "inputTokens": 7000}, {"ttl": "1h", "inputTokens": 351}],
}
ADDRESS = {"type": "ADDRESS", "action": "ANONYMIZED", "match": "12 Elm Street"}
TOPIC = {"name": "Investing", "type": "DENY", "action": "BLOCKED"}


def a_reply(*content: dict[str, Any], stop: str | None = "end_turn", **over: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": list(content or ({"text": "Hello"},))}
    return {"output": {"message": message}, "stopReason": stop, "metrics": {"latencyMs": 951}, "usage": USAGE, **over}


def read(response: Any = None, *, path: str = PATH, **over: Any) -> Reading:
    return DIALECT.read(a_transcript(path, response=response, **over))


def streamed(*events: tuple[str, Any], header: str = ":event-type", **over: Any) -> Reading:
    body = aws_events(*events, header=header)
    return read(path=STREAM, response_body=body, response_headers=AWS_STREAM, **over)


def a_trace(*, before: Any = None, after: Any = None) -> dict[str, Any]:
    sides = {
        "inputAssessment": {"g-1": before} if before else None,
        "outputAssessments": {"g-1": [after]} if after else {},
    }
    return {"trace": {"guardrail": sides}}


def grown(index: int, **delta: Any) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}


def test_it_reads_a_reply() -> None:
    reading = read(a_reply(), request={"system": [{"text": "Obey"}], "messages": [{"role": "user", "content": "Hi"}]})

    assert reading.operation is Operation.CHAT
    assert reading.model_requested == "us.anthropic.claude-haiku-4-5-20251001-v1:0"
    assert (reading.model_served, reading.finish_reason, reading.complete) == (None, "end_turn", True)
    assert reading.provider_duration_us == 951_000
    assert [(message.role, message.text) for message in reading.input] == [("system", "Obey"), ("user", "Hi")]
    assert reading.output == (Message(role="assistant", parts=(Part(kind="text", text="Hello"),)),)


def test_its_input_leaves_out_what_was_cached() -> None:
    usage = read(a_reply(serviceTier={"type": "priority"})).usage

    assert usage is not None
    assert (usage.input_tokens, usage.all_input_tokens, usage.output_tokens, usage.total_tokens) == (10, 7361, 4, 7365)
    assert (usage.cached_input_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens) == (0, 7351, 351)
    assert usage.service_tier == "priority"
    assert read(a_reply(usage=None)).usage is None


def test_a_router_tells_which_model_it_took() -> None:
    trace = {"promptRouter": {"invokedModelId": "arn:aws:bedrock:us-east-1::foundation-model/m"}}

    assert read(a_reply(trace=trace)).model_served == "arn:aws:bedrock:us-east-1::foundation-model/m"


def test_an_arn_in_the_url_is_a_model() -> None:
    arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x"
    path = f"/model/{arn.replace(':', '%3A').replace('/', '%2F')}/converse"

    assert read(a_reply(), path=path).model_requested == arn


def test_the_figures_of_a_stream_come_after_its_stop() -> None:
    reading = streamed(
        ("messageStart", {"role": "assistant"}),
        grown(0, reasoningContent={"text": "h"}),
        grown(0, reasoningContent={"text": "m"}),
        grown(0, reasoningContent={"signature": "AA"}),
        grown(1, text="Hel"),
        grown(1, text="lo"),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("contentBlockStart", {"contentBlockIndex": 2, "start": {"toolUse": {"name": "f", "toolUseId": "t"}}}),
        grown(2, toolUse={"input": '{"a":'}),
        grown(2, toolUse={"input": "1}"}),
        grown(3, image={"format": "png", "source": {"bytes": "AAAA"}}),
        ("messageStop", {"stopReason": "tool_use"}),
        ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}}),
    )

    assert (reading.streamed, reading.complete, reading.finish_reason) == (True, True, "tool_use")
    assert reading.usage is not None
    assert (reading.usage.input_tokens, reading.provider_duration_us) == (10, 5000)
    assert reading.output[0].parts == (
        Part(kind="reasoning", text="hm"),
        Part(kind="text", text="Hello"),
        Part(kind="tool_call", name="f", text='{"a":1}'),
        Part(kind="image", media_type="image/png", size=3),
    )


def test_a_stream_cut_before_its_stop_is_not_complete() -> None:
    reading = streamed(("messageStart", {"role": "assistant"}), grown(0, text="He"), ending=Ending.FAILED)

    assert (reading.complete, reading.usage, reading.finish_reasons) == (False, None, ())
    assert reading.output[0].text == "He"


def test_an_exception_in_mid_stream_is_an_error_under_status_200() -> None:
    reading = streamed(("throttlingException", {"message": "Slow down"}), header=":exception-type")

    assert reading.error is not None
    assert (reading.error.code, reading.error.message) == ("throttlingException", "Slow down")


def test_an_error_is_named_by_its_header() -> None:
    name = (
        ("x-amzn-errortype", "ValidationException:http://internal.amazon.com/"),
        ("content-type", "application/json"),
    )
    reading = read({"message": "The model identifier is invalid."}, status=400, response_headers=name)
    bare = read({"message": "No"}, status=400)

    assert reading.error is not None
    assert (reading.error.code, reading.error.message) == ("ValidationException", "The model identifier is invalid.")
    assert bare.error is not None
    assert bare.error.code == "400"


def test_masking_is_no_block() -> None:
    trace = a_trace(after={"sensitiveInformationPolicy": {"piiEntities": [ADDRESS, ADDRESS]}})
    reading = streamed(
        ("messageStart", {"role": "assistant"}),
        ("messageStop", {"stopReason": "guardrail_intervened"}),
        ("metadata", {"usage": USAGE, **trace}),
    )
    (finding,) = reading.findings

    assert (finding.category, finding.masked, finding.filtered) == ("pii:ADDRESS", True, False)
    assert finding.place == (
        'events[2].trace.guardrail.outputAssessments["g-1"][0].sensitiveInformationPolicy.piiEntities[0]'
    )
    assert finding.details == {"action": "ANONYMIZED"}
    assert (reading.block_reasons, reading.block_source) == ((), None)


def test_a_topic_in_the_prompt_blocks_it() -> None:
    reading = read(a_reply(stop="guardrail_intervened", **a_trace(before={"topicPolicy": {"topics": [TOPIC]}})))

    assert reading.block_source is Source.PROMPT
    assert reading.block_reasons == ("stopReason=guardrail_intervened", "prompt.topicPolicy:Investing.filtered")


@pytest.mark.parametrize(("output_tokens", "source"), [(0, Source.PROMPT), (9, Source.COMPLETION)])
def test_an_intervention_without_a_trace_counts_as_a_block(output_tokens: int, source: Source) -> None:
    usage = {"inputTokens": output_tokens, "outputTokens": output_tokens}

    assert read(a_reply(stop="guardrail_intervened", usage=usage)).block_source is source
    assert read(a_reply(stop="guardrail_intervened", usage=None)).block_source is Source.COMPLETION


def test_the_models_own_filter_is_a_block() -> None:
    reading = read(a_reply(stop="content_filtered"))

    assert (reading.block_reasons, reading.block_source) == (("stopReason=content_filtered",), Source.COMPLETION)


def test_an_error_of_the_models_own_filter_is_a_block() -> None:
    error = {"message": "Output blocked by content filtering policy"}
    reading = read(error, status=400)

    assert reading.block_reasons == ("error.message=content filtering policy",)
    assert reading.block_source is Source.COMPLETION


def test_the_first_token_is_the_first_event_with_content() -> None:
    events = [("messageStart", {"role": "assistant"}), grown(0, text=""), grown(0, text="x")]
    ends = [len(aws_events(*events[: number + 1])) for number in range(3)]
    arrivals = tuple(Arrival(end, 1000 * number) for number, end in enumerate(ends))

    assert streamed(*events, arrivals=arrivals).first_token_us == 2000


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        ({"text": "words"}, (Part(kind="text", text="words"),)),
        ({"cachePoint": {"type": "default"}}, ()),
        ({"reasoningContent": {"reasoningText": {"text": "hm"}}}, (Part(kind="reasoning", text="hm"),)),
        ({"toolUse": {"name": "f", "input": {}}}, (Part(kind="tool_call", name="f", text="{}"),)),
        (
            {"toolResult": {"content": [{"text": "a"}, {"json": {"b": 1}}, {"image": {"format": "png"}}]}},
            (Part(kind="tool_result", text='a\n{"b":1}'), Part(kind="image", media_type="image/png")),
        ),
        (
            {"document": {"name": "D", "format": "txt", "source": {"bytes": "AAAA"}}},
            (Part(kind="file", media_type="text/plain", size=3),),
        ),
        (
            {"video": {"format": "mp4", "source": {"s3Location": {"uri": "s3://b/v"}}}},
            (Part(kind="video", media_type="video/mp4", text="s3://b/v"),),
        ),
        ({"document": {"name": "D"}}, (Part(kind="file", text="D"),)),
        ({"guardContent": {"text": {"text": "guarded"}}}, (Part(kind="text", text="guarded"),)),
        (
            {"guardContent": {"image": {"format": "png", "source": {"bytes": "AAAA"}}}},
            (Part(kind="image", media_type="image/png", size=3),),
        ),
        ({"newThing": 1}, (Part(kind="newThing", text="1"),)),
        ({}, ()),
    ],
)
def test_it_reads_every_kind_of_block(block: Any, parts: tuple[Part, ...]) -> None:
    messages = read(request={"messages": [{"role": "user", "content": [block]}]}).input

    assert messages == ((Message(role="user", parts=parts),) if parts else ())


@pytest.mark.parametrize(("over", "complete"), [({"status": None, "ending": Ending.FAILED}, False), ({}, None)])
def test_without_a_stop_reason_it_does_not_say_whether_it_is_complete(over: Any, complete: bool | None) -> None:
    assert read(**over).complete is complete


def test_it_knows_its_paths_and_its_shape() -> None:
    start = aws_events(("messageStart", {}))

    assert DIALECT.fits(a_transcript(PATH, response=a_reply())) is Fit.BOTH
    assert DIALECT.fits(a_transcript(STREAM, response_body=start, response_headers=AWS_STREAM)) is Fit.BOTH
    assert DIALECT.fits(a_transcript(PATH)) is Fit.PATH
    assert DIALECT.fits(a_transcript("/mine", response=a_reply())) is Fit.SHAPE
    assert DIALECT.fits(a_transcript("/model/m/invoke", response={"output": {}})) is Fit.NO


def test_a_question_becomes_a_request() -> None:
    assert DIALECT.ask is not None
    enquiry = DIALECT.ask(
        Question(model="amazon.nova-lite-v1:0", prompt="p", system="s", max_output_tokens=5, temperature=1, stream=True)
    )

    assert (enquiry.path, enquiry.key_header) == ("/model/amazon.nova-lite-v1%3A0/converse-stream", "authorization")
    assert enquiry.body == {
        "messages": [{"role": "user", "content": [{"text": "p"}]}],
        "system": [{"text": "s"}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 1},
    }
    assert DIALECT.ask(Question(model="m", prompt="p")).path == "/model/m/converse"
