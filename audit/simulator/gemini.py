"""Google's Gemini API and Vertex AI: generateContent whole, as events, as one JSON array; counts and embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.simulator.ask import Ask, Said, Tool
from audit.simulator.conversation import json_object, json_objects, said, whole
from audit.simulator.embeddings import vector
from audit.simulator.failures import breakage, broken_body
from audit.simulator.gemini_answer import Chunk, Generated
from audit.simulator.paths import Target
from audit.simulator.pictures import picture
from audit.simulator.reply import EVENT_STREAM, Frame, Piece, Reply, Tells, event, grouped, json_bytes, json_reply

__all__ = ["read", "respond"]


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a call to a Gemini model asks for."""
    config = json_object(body.get("generationConfig"))
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    wants_json = config.get("responseMimeType") == "application/json"
    declared = json_objects(body.get("tools"))
    functions = [one for tool in declared for one in json_objects(tool.get("functionDeclarations"))]
    return Ask(
        provider=target.provider,
        format=target.format,
        model=target.model,
        said=_said(body),
        body=body,
        verb=target.verb,
        stream=target.verb == "streamGenerateContent",
        array=target.verb == "streamGenerateContent" and not target.events,
        choices=min(whole(config.get("candidateCount")) or 1, 8),
        limit=whole(config.get("maxOutputTokens")),
        schema=json_object(schema) if wants_json else None,
        tools=tuple(_tool(one) for one in functions if one.get("name")),
    )


def respond(ask: Ask) -> Reply:
    """Return what the method in the path returns."""
    if ask.verb == "countTokens":
        return json_reply({"totalTokens": ask.said.tokens}, Tells(complete=True))
    if ask.verb in ("embedContent", "batchEmbedContents"):
        return _embedded(ask)
    if ask.verb == "predict":
        return _predicted(ask)
    generated = Generated.of(ask)
    if not ask.stream:
        whole = generated.whole()
        return json_reply(whole.body, whole.tells, tokens=generated.answer.tokens.output)
    chunks = [generated.whole()] if generated.block_reason else list(_chunks(generated))
    return _streamed(ask, chunks)


def _chunks(generated: Generated) -> Iterator[Chunk]:
    """Yield the chunks of each candidate, the last of them with its reason."""
    sent = 0
    if generated.thought:
        yield generated.chunk(generated.answer.first, generated.thought, tokens=0, sent=0)
    for choice in generated.answer.choices:
        for text, tokens in _batched(list(grouped(choice.pieces))):
            sent += tokens
            yield generated.chunk(choice, [{"text": text}], tokens=tokens, sent=sent)
        yield generated.ending(choice)


def _batched(parts: Sequence[Piece], size: int = 8) -> list[Piece]:
    """Gemini sends several tokens at a time."""
    batches = [parts[start : start + size] for start in range(0, len(parts), size)]
    return [Piece("".join(one.text for one in batch), sum(one.tokens for one in batch)) for batch in batches]


def _streamed(ask: Ask, chunks: Sequence[Chunk]) -> Reply:
    last = len(chunks) - 1
    frames = []
    for place, chunk in enumerate(chunks):
        array = _element(chunk.body, first=place == 0, last=place == last)
        data = array if ask.array else event(chunk.body, end="\r\n")
        frames.append(Frame(data=data, tells=chunk.tells, tokens=chunk.tokens, closing=place == last))
    broken = breakage(ask)
    if ask.array:
        error = broken_body(ask)
        broken = (Frame(data=b",\r\n" + json_bytes(error.body[0]) + b"]", tells=Tells(error=error.code)),)
    media_type = "application/json" if ask.array else EVENT_STREAM
    return Reply(media_type=media_type, frames=tuple(frames), streamed=True, breakage=broken)


def _element(body: Mapping[str, Any], *, first: bool, last: bool) -> bytes:
    return (b"[" if first else b",\r\n") + json_bytes(body) + (b"\n]" if last else b"\n")


def _embedded(ask: Ask) -> Reply:
    if ask.verb == "embedContent":
        body: dict[str, Any] = {"embedding": {"values": vector(ask.said.text, 768)}}
    else:
        requests = json_objects(ask.body.get("requests"))
        body = {"embeddings": [{"values": vector(f"{index}{ask.said.text}", 768)} for index, _ in enumerate(requests)]}
    tells = Tells(complete=True)
    if "no_usage" not in ask.script:
        body["usageMetadata"] = {"promptTokenCount": ask.said.tokens}
        tells = Tells(complete=True, usage={"input_tokens": ask.said.tokens})
    return json_reply(body, tells)


def _predicted(ask: Ask) -> Reply:
    if "prompt_blocked" in ask.script:
        message = (
            "The prompt could not be submitted: it may violate Google's Responsible AI practices. Support codes: 1"
        )
        error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
        return json_reply({"error": error}, Tells(error="INVALID_ARGUMENT", outcome="blocked_prompt"), status=400)
    if "completion_blocked" in ask.script:
        reason = {"raiFilteredReason": "Unable to show generated images. Support codes: 2"}
        return json_reply({"predictions": [reason]}, Tells(outcome="blocked_completion", complete=True))
    image = {"bytesBase64Encoded": picture(ask.prompt), "mimeType": "image/png"}
    return json_reply({"predictions": [image]}, Tells(complete=True))


def _said(body: Mapping[str, Any]) -> Said:
    given = body.get("contents") or [one.get("content") for one in json_objects(body.get("requests"))]
    contents = json_objects(given or [body.get("content")])
    messages = [{"content": one.get("parts")} for one in contents]
    if not messages:
        messages = [{"content": str(one.get("prompt", ""))} for one in json_objects(body.get("instances"))]
    return said(messages, json_object(body.get("systemInstruction")).get("parts"))


def _tool(declared: Mapping[str, Any]) -> Tool:
    schema = declared.get("parametersJsonSchema") or declared.get("parameters")
    return Tool(name=declared["name"], parameters=json_object(schema))
