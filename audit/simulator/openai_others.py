"""OpenAI's smaller operations: moderations, images, lists of models."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

from audit.simulator.answer import served_model
from audit.simulator.ask import Ask
from audit.simulator.azure_filters import azure_outcome, azure_verdict
from audit.simulator.conversation import said, whole
from audit.simulator.failures import breakage
from audit.simulator.filters import moderation_result
from audit.simulator.openai_blocks import blocked_prompt
from audit.simulator.paths import Target
from audit.simulator.pictures import picture
from audit.simulator.prose import count_tokens
from audit.simulator.reply import EVENT_STREAM, Frame, Reply, Tells, event, json_reply

__all__ = [
    "form_fields",
    "read_images",
    "read_models",
    "read_moderations",
    "respond_images",
    "respond_models",
    "respond_moderations",
]

_IMAGE_TOKENS = 272


def read_moderations(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return what is to be moderated."""
    model = str(body.get("model") or "")
    texts = [{"content": [one] if isinstance(one, dict) else one} for one in _inputs(body)]
    return Ask(provider=target.provider, format=target.format, model=model, said=said(texts), body=body)


def respond_moderations(ask: Ask) -> Reply:
    """Return one result for each input: flagged if the scenario says so, or if it speaks of killing or hating."""
    results = []
    for one in _inputs(ask.body):
        text = str(one.get("text", "")) if isinstance(one, dict) else str(one)
        flagged = "flagged" in ask.script or re.search(r"\b(kill|hate)\b", text, re.IGNORECASE) is not None
        kind = "image" if isinstance(one, dict) and one.get("type") == "image_url" else "text"
        results.append(moderation_result(text, flagged=flagged, kinds=kind))
    model = served_model(ask) or "omni-moderation-latest"
    outcome = "annotated" if any(result["flagged"] for result in results) else "clean"
    number = f"modr-{uuid4().hex}"
    body = {"id": number, "model": model, "results": results}
    return json_reply(body, Tells(model=model, response_id=number, outcome=outcome, complete=True))


def read_images(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return which picture is wanted; `body` may be the fields of a form."""
    return Ask(
        provider=target.provider,
        format=target.format,
        model=str(body.get("model") or target.model),
        said=said([{"content": str(body.get("prompt", ""))}]),
        body=body,
        stream=str(body.get("stream")).lower() == "true",
        choices=min(whole(_number(body.get("n"))) or 1, 10),
    )


def respond_images(ask: Ask) -> Reply:
    """Return pictures: gpt-image with usage, DALL·E with the prompt it made of yours; or the refusal."""
    if ask.script.any_of(("prompt_blocked", "completion_blocked")):
        return blocked_prompt(ask)
    body: dict[str, Any] = {"created": int(time.time())}
    usage = None if "dall-e" in ask.model or "no_usage" in ask.script else _image_usage(ask)
    told = {name: usage[name] for name in ("input_tokens", "output_tokens", "total_tokens")} if usage else {}
    if ask.stream:
        frames = tuple(_image_events(ask, usage, Tells(usage=told, complete=True)))
        return Reply(media_type=EVENT_STREAM, frames=frames, streamed=True, breakage=breakage(ask))
    outcome = _image_outcome(ask)
    body["data"] = [_image(ask, index) for index in range(ask.choices)]
    body |= {"usage": usage} if usage else {}
    return json_reply(body, Tells(usage=told, outcome=outcome, complete=True))


def read_models(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return which models are asked after."""
    return Ask(provider=target.provider, format=target.format, model=target.item, body=body)


def respond_models(ask: Ask) -> Reply:
    """Return the models, or the one that is named, as the provider lists them."""
    names = [ask.model] if ask.model else _MODELS.get(ask.provider, _MODELS["openai"])
    listed = [_listing(ask.provider, name) for name in names]
    if ask.model:
        return json_reply(listed[0], Tells(complete=True))
    return json_reply(_catalogue(ask.provider, listed), Tells(complete=True))


def form_fields(body: bytes, content_type: str) -> dict[str, str]:
    """Return the text fields of a multipart form."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    fields = {}
    for part in body.split(b"--" + boundary.group(1).encode()) if boundary else ():
        head, _, value = part.partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name and b"filename=" not in head:
            fields[name.group(1).decode()] = value.removesuffix(b"\r\n").decode("utf-8", "replace")
    return fields


def _image(ask: Ask, index: int) -> dict[str, Any]:
    side = 400 if "huge" in ask.script else 16
    drawn: dict[str, Any] = {"b64_json": picture(f"{ask.prompt}{index}", side=side)}
    if "dall-e" in ask.model:
        drawn["revised_prompt"] = f"A bright picture of {ask.prompt}, in the manner of a poster."
    if ask.provider == "azure":
        verdict = azure_verdict(ask.script)
        drawn |= {"content_filter_results": verdict.completion, "prompt_filter_results": verdict.prompt}
    return drawn


def _image_outcome(ask: Ask) -> str | None:
    if ask.provider != "azure":
        return None
    verdict = azure_verdict(ask.script)
    return azure_outcome(verdict.prompt | verdict.completion)


def _image_usage(ask: Ask) -> dict[str, Any]:
    text, output = count_tokens(ask.said.text), _IMAGE_TOKENS * ask.choices
    details = {"text_tokens": text, "image_tokens": 0}
    return {
        "input_tokens": text,
        "input_tokens_details": details,
        "output_tokens": output,
        "total_tokens": text + output,
    }


def _image_events(ask: Ask, usage: Mapping[str, Any] | None, tells: Tells) -> Iterator[Frame]:
    partial = {"partial_image_index": 0, "b64_json": picture("half")}
    for kind, body, told in (("partial_image", partial, None), ("completed", {"b64_json": picture(ask.prompt)}, tells)):
        name = f"image_generation.{kind}"
        extra = {"usage": usage} if told else {}
        data = event({"type": name, **body, **extra}, name=name)
        yield Frame(data=data, tokens=0 if told else 1, closing=told is not None, tells=told or Tells())


def _inputs(body: Mapping[str, Any]) -> Sequence[Any]:
    given = body.get("input", "")
    return given if isinstance(given, list) else [given]


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _listing(provider: str, name: str) -> dict[str, Any]:
    if provider in ("gemini", "vertex"):
        actions = ["generateContent", "countTokens"]
        return {"name": f"models/{name}", "displayName": name, "supportedGenerationMethods": actions}
    if provider == "anthropic":
        return {"type": "model", "id": name, "display_name": name, "created_at": "2025-01-01T00:00:00Z"}
    return {"id": name, "object": "model", "created": 1_735_689_600, "owned_by": "simulator"}


def _catalogue(provider: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    if provider in ("gemini", "vertex"):
        return {"models": listed}
    if provider == "anthropic":
        return {"data": listed, "has_more": False, "first_id": listed[0]["id"], "last_id": listed[-1]["id"]}
    return {"object": "list", "data": listed}


_MODELS: Mapping[str, Sequence[str]] = {
    "openai": ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-5", "gpt-5-mini", "o3", "o4-mini", "text-embedding-3-small"),
    "anthropic": ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"),
    "gemini": ("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-image", "gemini-flash-latest"),
    "vertex": ("gemini-2.5-pro", "gemini-2.5-flash"),
}
