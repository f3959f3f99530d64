"""Which model a request asks for, told so surely that it can be allowed or refused by it.

An upstream may read a request otherwise than we do, and whoever wants a forbidden model will look for where. So a
model is told only when the request can be read in one way: every place that can name one, in the address and in the
body, names the same, and none is there twice, in odd letters, or beside another that might count instead. All else
is not tellable. What headers of a gateway's own may order (Portkey's, Helicone's) is not looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote_to_bytes

from audit.proxy._asked_in_body import NotTellable, models_in_body, selects

__all__ = ["model_asked"]


def model_asked(path: str, content_type: str, body: bytes) -> str | None:
    """Return the model, or None: none is named, or which one cannot be told.

    `path` is as it came, still percent-encoded, with its query; `body` without its content encoding. A leading
    `models/` is dropped, as Google's formats have it or not; a tuned model keeps its `tunedModels/`.
    """
    try:
        address, _, query = path.partition("?")
        segments = _segments(address)
        found = {*_in_path(segments), *_in_query(query), *models_in_body(content_type, body)}
    except NotTellable:
        return None
    models = {model.removeprefix("models/") for model in found}
    if len(models) != 1:
        return None
    (model,) = models
    return model if _is_plain(model) else None


def _segments(address: str) -> list[str]:
    """Return a path's segments, decoded, without empty ones; `NotTellable` for what servers read differently."""
    segments = []
    for raw in address.split("/"):
        try:
            segment = unquote_to_bytes(raw).decode()
        except UnicodeDecodeError:
            raise NotTellable from None
        if _ODD.search(segment) or segment.partition(";")[0] in (".", "..") or not _is_normal(segment):
            raise NotTellable
        segments.append(segment)
    return [segment for segment in segments if segment]


def _in_path(segments: list[str]) -> Iterator[str]:
    """Yield the models that a path names; `NotTellable` if neither it nor, by its kind, the body names one."""
    words = [segment.casefold() for segment in segments]
    bedrock = [*_of_bedrock(segments, words)]
    named = [*_deployments(segments, words), *_of_google(segments, words), *bedrock]
    if not named and not (words and _TAKES_MODEL.fullmatch(words[-1])):
        raise NotTellable
    if any("/" in segment for segment in segments if segment not in bedrock):
        raise NotTellable
    yield from named


def _deployments(segments: list[str], words: list[str]) -> Iterator[str]:
    for number, word in enumerate(words[:-2]):
        if word in _CONTAINERS:
            yield segments[number + 1]
        elif word == "endpoints" and words[number + 1] != "openapi":  # Vertex: a model that was deployed by hand
            yield f"endpoints/{segments[number + 1]}"
        elif (word, words[number + 1]) == ("ai", "run"):  # Cloudflare: all that follows is the model
            raise NotTellable


def _of_google(segments: list[str], words: list[str]) -> Iterator[str]:
    """`…/models/NAME:verb`; `/models/chat/completions` is Azure's, other things below `models` are unknown kinds."""
    for number, word in enumerate(words[:-1]):
        if word not in _GOOGLES:
            continue
        name, colon, _ = segments[number + 1].rpartition(":")
        if colon and number == len(words) - 2:
            yield name if word == "models" else f"{segments[number]}/{name}"
        elif word != "endpoints" and words[number + 1] not in _AZURE_INFERENCE:
            raise NotTellable


def _of_bedrock(segments: list[str], words: list[str]) -> Iterator[str]:
    """`/model/NAME/converse`, where the name may be an ARN with slashes, percent-encoded."""
    for number, word in enumerate(words[:-1]):
        if word == "model":
            if number != len(words) - 3 or not _BEDROCK_VERB.fullmatch(words[-1]):
                raise NotTellable
            yield segments[number + 1]


def _in_query(query: str) -> Iterator[str]:
    for name, value in parse_qsl(query.replace(";", "&"), keep_blank_values=True):
        if selects(name):
            yield value


def _is_plain(model: str) -> bool:
    """Whether a name is one that nobody takes for another, nor for a list or a path that leads elsewhere."""
    path = model.split("/")
    if len(model) > _MOST_CHARACTERS or not _is_normal(model) or not _NAME.fullmatch(model):
        return False
    return model.isprintable() and not {"", ".", ".."}.intersection(path)


def _is_normal(text: str) -> bool:
    return text.isascii() or unicodedata.normalize("NFKC", text) == text


_MOST_CHARACTERS = 500
_ODD = re.compile(r"[\x00-\x20\x7f%?#\\]")
"""A percent sign is the mark of one that was encoded twice."""
_NAME = re.compile(r"[^\s,;?#%\\\"'*<>{}|]+")
_CONTAINERS = ("deployments", "engines", "serving-endpoints")
"""Azure's, OpenAI's of old, Databricks'."""
_GOOGLES = ("models", "tunedmodels", "endpoints")
_AZURE_INFERENCE = ("chat", "embeddings", "images")
_BEDROCK_VERB = re.compile(r"converse(-stream)?|invoke(-with-response-stream)?|count-tokens")
_TAKES_MODEL = re.compile(
    r"""completions | responses | compact | input_tokens | messages | count_tokens | complete | chat | generate
    | embed | embeddings | moderations | classifications | classify | rerank | tokenize | detokenize | ocr
    | generations | edits | variations | speech | transcriptions | translations | interactions
    | v1internal:(stream)?(generatecontent|counttokens)""",
    re.VERBOSE,
)
"""How addresses end whose bodies say which model is meant. Of batches, files, evaluations and the like the models
stand elsewhere, whatever their bodies say besides."""
