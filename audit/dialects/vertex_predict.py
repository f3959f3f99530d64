"""Vertex's `:predict`: Imagen, embeddings, the older text models.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audit.call import Finding, Message, Operation, Part, Reading, Source, Usage
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import count, dig, flag, items, mapping, text
from audit.dialects._findings import Block, filtered_reasons, score_of
from audit.dialects._google import google_target
from audit.dialects._parts import linked, media, said, spoken
from audit.dialects._reply import broke_off, error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the URL's method, and by a body with predictions."""
    target = google_target(transcript.path)
    shape = isinstance(dig(transcript.response, "predictions"), list)
    return fit(path=target is not None and target.method == "predict", shape=shape)


def read(transcript: Transcript) -> Reading:
    """Return what is asked and answered; which kind of model it is shows in the predictions."""
    target = google_target(transcript.path)
    predictions = [mapping(one) or {"content": one} for one in items(dig(transcript.response, "predictions"))]
    error = error_told(transcript)
    findings = tuple(_findings(predictions))
    block = _block(predictions, findings, error.message if error else "")
    asked = items(dig(transcript.request, "instances"))
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=_operation(transcript, predictions, block),
        model_requested=target.model if target else None,
        complete=True if predictions else (False if broke_off(transcript) else None),
        error=error,
        usage=_usage(transcript.response, predictions),
        findings=findings,
        block_reasons=block.reasons,
        block_source=block.source,
        input=tuple(message for instance in asked for message in _asked(instance)),
        output=tuple(message for one in predictions for message in said("model", _parts(one))),
    )


def _operation(transcript: Transcript, predictions: list[dict[str, Any]], block: Block) -> Operation:
    model = transcript.path.rpartition("/")[2]
    if any("embeddings" in one for one in predictions) or "embed" in model:
        return Operation.EMBEDDINGS
    drawn = any(_DRAWN & one.keys() for one in predictions)
    return Operation.IMAGE_GENERATION if drawn or block.reasons or "imag" in model else Operation.CHAT


def _block(predictions: list[dict[str, Any]], findings: tuple[Finding, ...], error: str) -> Block:
    if "Responsible AI practices" in error:
        return Block(reasons=("error.message=Responsible AI practices",), source=Source.PROMPT)
    withheld = [f"predictions[{number}].raiFilteredReason" for number, one in enumerate(predictions) if _RAI in one]
    reasons = (*withheld, *filtered_reasons(findings, "blocked"))
    return Block(reasons=reasons, source=Source.COMPLETION if reasons else None)


def _findings(predictions: list[dict[str, Any]]) -> Iterator[Finding]:
    """`safetyAttributes`: names and scores side by side; `blocked` is for all of them."""
    for choice, prediction in enumerate(predictions):
        attributes = mapping(prediction.get("safetyAttributes"))
        scores = items(attributes.get("scores"))
        for number, category in enumerate(items(attributes.get("categories"))):
            score = scores[number] if number < len(scores) else None
            yield Finding(
                source=Source.COMPLETION,
                category=text(category) or "",
                score=score_of(score),
                filtered=flag(attributes.get("blocked")),
                choice=choice,
                place=f"predictions[{choice}].safetyAttributes.categories[{number}]",
            )


def _usage(response: Any, predictions: list[dict[str, Any]]) -> Usage | None:
    """Embeddings are counted text by text, so the call's input is their sum; text models count the call."""
    told = mapping(dig(response, "metadata", "tokenMetadata"))
    taken = count(dig(told, "inputTokenCount", "totalTokens"))
    made = count(dig(told, "outputTokenCount", "totalTokens"))
    texts = [count(dig(one, "embeddings", "statistics", "token_count")) for one in predictions]
    counted = [number for number in texts if number is not None]
    if taken is None and counted:
        taken = sum(counted)
    return None if taken is None and made is None else Usage(input_tokens=taken, output_tokens=made)


def _asked(instance: Any) -> tuple[Message, ...]:
    words = (part for name in _TEXTS for part in spoken(dig(instance, name)))
    return said("user", (*words, *_image(mapping(dig(instance, "image")))))


def _parts(prediction: dict[str, Any]) -> tuple[Part, ...]:
    return (*spoken(prediction.get("content")), *_image(prediction), *spoken(prediction.get(_RAI), "refusal"))


def _image(image: dict[str, Any]) -> tuple[Part, ...]:
    if "bytesBase64Encoded" in image:
        return (media(image.get("mimeType"), image["bytesBase64Encoded"], kind="image"),)
    return (linked(image["gcsUri"], image.get("mimeType"), kind="image"),) if "gcsUri" in image else ()


_RAI = "raiFilteredReason"
_DRAWN = {"bytesBase64Encoded", "gcsUri", _RAI}
_TEXTS = ("prompt", "content", "text", "context")

DIALECT = Dialect(name="vertex_predict", version=1, fits=fits, read=read)
