"""Calls that make no model work: lists, files, batches, token counts, administration, logins, health.

They are told apart by method, host and path alone, and whatever figures they carry belong to other calls.
"""

from __future__ import annotations

import re

from audit.call import Operation, Reading
from audit.dialects._bedrock import bedrock_model
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import dig, text
from audit.dialects._google import google_target
from audit.dialects._reply import error_told
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the method, which may exclude any generation, or by the path."""
    if transcript.exchange.method in _ASKS_NOTHING:
        return Fit.BOTH
    return Fit.NO if _operation(transcript) is None or _answers(transcript) else Fit.PATH


def read(transcript: Transcript) -> Reading:
    """Return what kind of call it is, the model it names, and whether it failed."""
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=_operation(transcript) or Operation.OTHER,
        model_requested=_model(transcript),
        model_served=text(dig(transcript.response, "model")),
        response_id=text(dig(transcript.response, "id")),
        error=error_told(transcript),
    )


def _answers(transcript: Transcript) -> bool:
    """Mistral's conversations do make a model work, and so does a run of OpenAI's assistants that is streamed."""
    first = transcript.frames[0].data if transcript.frames else transcript.response
    kinds = [text(dig(first, "object")) or "", text(dig(first, "type")) or ""]
    streamed = transcript.frames is not None and kinds[0].startswith("thread")
    return streamed or any(kind.startswith("conversation.response") for kind in kinds)


def _operation(transcript: Transcript) -> Operation | None:
    line = f"{transcript.exchange.method} {transcript.host}{transcript.path}"
    return next((operation for pattern, operation in _KINDS if pattern.search(line)), None)


def _model(transcript: Transcript) -> str | None:
    path = transcript.path
    named = text(dig(transcript.request, "model")) or bedrock_model(path)
    if named:
        return named
    if transcript.exchange.method == "POST":
        target = google_target(path)
        return target.model if target else None
    listed = _LISTED_MODEL.search(path)
    return text(listed.group(1)) if listed else None


_ASKS_NOTHING = ("HEAD", "OPTIONS", "TRACE", "CONNECT")
_LISTED_MODEL = re.compile(r"/(?:models|foundation-models|inference-profiles)/([^/]+(?:/[^/]+)?)$")
_KINDS = tuple(
    (re.compile(pattern, re.VERBOSE), operation)
    for operation, pattern in (
        (
            Operation.COUNT_TOKENS,
            r"/(count[-_]tokens | input_tokens | tokenize | detokenize | count-tokens:rawPredict)$"
            r" | :(countTokens | computeTokens | countMessageTokens | countTextTokens)$",
        ),
        (
            Operation.BATCH,
            r":(batchGenerateContent | asyncBatchEmbedContent)$"
            r" | /(batches | batch/jobs | batchPredictionJobs | model-invocation-jobs?)(/ | : | $)",
        ),
        (Operation.RETRIEVE, r"^GET\ .*(/operations/ | /generation$ | /chat/completions/[^/]+$)"),
        (Operation.FILES, r"/(files | uploads | file_stores | fileSearchStores)(/ | : | $)"),
        (
            Operation.LIST_MODELS,
            r"^GET\ .*/(models | foundation-models | inference-profiles | tunedModels | deployments)(/[^:]*)?$"
            r" | ^GET\ .*/api/(tags | ps)$ | ^POST\ .*/api/show$",
        ),
        (
            Operation.OTHER,
            r"/(assistants | threads | vector_stores | containers | skills | evals | graders | sessions)(/ | $)"
            # Mistral's agents and conversations do make a model work; those of others are administration.
            r" | ^(?!.*mistral).*/(agents(?!/completions$) | conversations)(/ | $)"
            r" | /(fine_tuning | fine-tunes | tuningJobs | datasets | cachedContents)(/ | : | $)"
            r" | /(organizations? | usage)(/ | $)"
            r" | :(predictLongRunning | fetchPredictOperation | createTunedModel)$"
            r" | /v1/videos(/ | $) | /async-invoke(/ | $) | /ocr$"
            r" | /(client_secrets | realtime/sessions | realtime/transcription_sessions)$",
        ),
        (
            Operation.OTHER,
            r"\ (oauth2\.googleapis\.com | accounts\.google\.com | login\.microsoftonline\.com | auth\.openai\.com)/"
            r" | \ (iam\.cloud\.ibm\.com | sts\.([a-z0-9-]+\.)?amazonaws\.com | metadata\.google\.internal)/"
            r" | /oauth2?(/ | $) | /(token | check-api-key | credits | key | keys | me | user/info)$",
        ),
        (
            Operation.OTHER,
            r"^(DELETE | PATCH)\  | /api/(version | pull | push | create | copy | delete | blobs)(/ | $)"
            r" | ^GET\ [^/]*/(v\d+)?$"
            r" | ^GET\ .*/(healthz? | health/\w+ | livez | readyz | ping | status | metrics | favicon\.ico)$",
        ),
    )
)
"""By method, host and path, the first that fits."""

DIALECT = Dialect(name="not_generation", version=2, fits=fits, read=read)
