"""Images made, edited or varied: OpenAI's, Azure's, and those of others who took the format over.

https://platform.openai.com/docs/api-reference/images
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from audit.call import Message, Operation, Part, Reading, Usage
from audit.dialects._dialect import Dialect, Enquiry, Fit, Question
from audit.dialects._fields import dig, items, mapping, text, unix_time
from audit.dialects._openai_blocks import block_of
from audit.dialects._openai_reply import failed_piece, findings_of, first_content_us, whole
from audit.dialects._openai_request import model_requested
from audit.dialects._openai_usage import usage_of
from audit.dialects._parts import linked, media, said, spoken
from audit.dialects._reply import error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by data that are images or a stream of image events."""
    first = dig(transcript.response, "data", 0)
    events = [dig(frame.data, "type") for frame in (transcript.frames or ())[:1]]
    shape = any(dig(first, name) is not None for name in ("b64_json", "revised_prompt"))
    shape = shape or (text(dig(first, "url")) is not None and dig(transcript.response, "created") is not None)
    shape = shape or any(_EVENT.match(text(kind) or "") for kind in events)
    return fit(path=bool(_PATH.search(transcript.path)), shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; images are told by their size, or by their address."""
    ends = [frame.data for frame in transcript.frames or () if _ENDED.search(text(dig(frame.data, "type")) or "")]
    body = mapping(transcript.response) if transcript.frames is None else {**mapping(ends[-1] if ends else None)}
    pictures = items(body.get("data")) if transcript.frames is None else ends
    findings = findings_of(transcript)
    output = said("assistant", (part for picture in pictures for part in _picture(picture, body)))
    error = error_told(transcript)
    block = block_of(findings=findings, failure=failed_piece(transcript), error=error, begun=bool(output))
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.IMAGE_GENERATION,
        streamed=transcript.frames is not None,
        model_requested=model_requested(transcript),
        model_served=text(body.get("model")),
        response_id=text(body.get("id")),
        complete=whole(transcript, answered=bool(pictures)),
        error=error,
        usage=_usage(body.get("usage")),
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        provider_created_at=unix_time(body.get("created") or body.get("created_at")),
        first_token_us=first_content_us(transcript, lambda event: bool(dig(event, "b64_json"))),
        input=_asked(transcript.request),
        output=output,
    )


def ask(question: Question) -> Enquiry:
    """Return the prompt as a request for one image."""
    body = {"model": question.model, "prompt": question.prompt, "n": 1}
    return Enquiry(path="/v1/images/generations", body={**body, **question.parameters})


def _usage(figures: Any) -> Usage | None:
    """Without details, all that comes out is images: the details came later than the figures did."""
    usage = usage_of(figures)
    if usage is None or usage.output_image_tokens is not None:
        return usage
    return replace(usage, output_image_tokens=usage.output_tokens)


def _asked(request: Any) -> tuple[Message, ...]:
    """The prompt, and in a form the pictures to work on."""
    pictures = (one for name in ("image", "mask") for one in _listed(dig(request, name)))
    files = (_upload(one) for one in pictures if isinstance(one, dict))
    return said("user", (*spoken(dig(request, "prompt")), *files))


def _upload(file: dict[str, Any]) -> Part:
    size = file.get("size")
    return Part(
        kind="image",
        text=text(file.get("file")) or "",
        media_type=text(file.get("media_type")),
        size=size if isinstance(size, int) else None,
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _picture(picture: Any, body: dict[str, Any]) -> Iterator[Part]:
    yield from spoken(dig(picture, "revised_prompt"))
    if data := text(dig(picture, "b64_json")):
        yield media(f"image/{text(body.get('output_format')) or 'png'}", data, kind="image")
    elif address := text(dig(picture, "url")):
        yield linked(address, kind="image")


_PATH = re.compile(r"/images/(generations|edits|variations)$")
_EVENT = re.compile(r"image_(generation|edit)\.")
_ENDED = re.compile(r"^image_(generation|edit)\.completed$")

DIALECT = Dialect(name="openai_images", version=2, fits=fits, read=read, ask=ask)
