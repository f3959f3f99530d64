"""Google's Gemini API and Vertex AI: generateContent whole, as events, as one JSON array; counts and embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.simulator.ask import Ask, Said, Tool
from audit.simulator.conversation import json_object, said, whole
from audit.simulator.embeddings import vector
from audit.simulator.failures import breakage, broken_body
from audit.simulator.gemini_answer import Generated
from audit.simulator.paths import Target
from audit.simulator.pictures import picture
from audit.simulator.reply import EVENT_STREAM, Frame, Reply, Tells, event, grouped, json_bytes, json_reply

__all__ = ["read", "respond"]


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what a call to a Gemini model asks for."""
    config = json_object(body.get("generationConfig"))
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    wants_json = config.get("responseMimeType") == "application/json"
    declared = [tool for tool in body.get("tools") or [] if isinstance(tool, dict)]
    functions = [one for tool in declared for one in tool.get("functionDeclarations") or []]
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
        body, tells = generated.whole()
        return json_reply(body, tells, tokens=generated.answer.tokens.output)
    chunks = [] if generated.block_reason else list(_chunks(generated))
    return _streamed(ask, chunks or [(*generated.whole(), 0)])


def _chunks(generated: Generated) -> Iterator[tuple[dict[str, Any], Tells, int]]:
    """Yield each chunk with what it tells and its tokens: one or more for each candidate, the last with its reason."""
    sent = 0
    if generated.thought:
        yield (*generated.chunk(generated.answer.first, generated.thought, sent=0), 0)
    for choice in generated.answer.choices:
        parts = _batched(list(grouped(choice.pieces)))
        for text, tokens in parts:
            sent += tokens
            yield (*generated.chunk(choice, [{"text": text}], sent=sent), tokens)
        yield (*generated.ending(choice), 0)


def _batched(parts: Sequence[tuple[str, int]], size: int = 8) -> list[tuple[str, int]]:
    """Gemini sends several tokens at a time."""
    batches = [parts[start : start + size] for start in range(0, len(parts), size)]
    return [("".join(text for text, _ in batch), sum(tokens for _, tokens in batch)) for batch in batches]


def _streamed(ask: Ask, chunks: Sequence[tuple[dict[str, Any], Tells, int]]) -> Reply:
    last = len(chunks) - 1
    frames = []
    for place, (body, tells, tokens) in enumerate(chunks):
        data = _element(body, first=place == 0, last=place == last) if ask.array else event(body, end="\r\n")
        frames.append(Frame(data=data, tells=tells, tokens=tokens, closing=place == last))
    broken = breakage(ask)
    if ask.array:
        [body], code = broken_body(ask)
        broken = (Frame(data=b",\r\n" + json_bytes(body) + b"]", tells=Tells(error=code)),)
    media_type = "application/json" if ask.array else EVENT_STREAM
    return Reply(media_type=media_type, frames=tuple(frames), streamed=True, breakage=broken)


def _element(body: Mapping[str, Any], *, first: bool, last: bool) -> bytes:
    return (b"[" if first else b",\r\n") + json_bytes(body) + (b"\n]" if last else b"\n")


def _embedded(ask: Ask) -> Reply:
    if ask.verb == "embedContent":
        body: dict[str, Any] = {"embedding": {"values": vector(ask.said.text, 768)}}
    else:
        requests = ask.body.get("requests") or []
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
    contents = body.get("contents") or [one.get("content") for one in body.get("requests") or []] or body.get("content")
    if not contents:
        contents = [{"parts": [{"text": one.get("prompt", "")}]} for one in body.get("instances") or []]
    listed = contents if isinstance(contents, list) else [contents]
    messages = [{"content": one.get("parts")} for one in listed if isinstance(one, dict)]
    return said(messages, json_object(body.get("systemInstruction")).get("parts"))


def _tool(declared: Mapping[str, Any]) -> Tool:
    schema = declared.get("parametersJsonSchema") or declared.get("parameters")
    return Tool(name=declared["name"], parameters=json_object(schema))
