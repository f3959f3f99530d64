"""Reranking: Cohere's format, which Voyage, Jina, OpenRouter, Together, vLLM and Bedrock's own API share in the main.

https://docs.cohere.com/reference/rerank, https://docs.voyageai.com/reference/reranker-api,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html
"""

from __future__ import annotations

from typing import Any

from audit.call import Message, Operation, Part, Reading, Usage
from audit.dialects._dialect import Dialect, Fit
from audit.dialects._fields import compact, count, decimal, dig, items, mapping, text
from audit.dialects._parts import said, spoken
from audit.dialects._reply import broke_off, error_told, fit
from audit.wire.transcript import Transcript

__all__ = ["DIALECT"]


def fits(transcript: Transcript) -> Fit:
    """Tell by the path, and by results with a relevance."""
    first = mapping(_first(_results(transcript.response)))
    path = transcript.exchange.method == "POST" and transcript.path.endswith("/rerank")
    return fit(path=path, shape=bool(first.keys() & set(_SCORES)))


def read(transcript: Transcript) -> Reading:
    """Return what was compared and how it was ranked."""
    request, body = transcript.request, mapping(transcript.response)
    results = _results(body)
    return Reading(
        dialect=DIALECT.name,
        dialect_version=DIALECT.version,
        provider="",
        operation=Operation.RERANK,
        model_requested=text(dig(request, "model")) or text(dig(request, *_BEDROCK_MODEL)),
        model_served=text(body.get("model")),
        response_id=text(body.get("id")),
        complete=True if results else (False if broke_off(transcript) else None),
        error=error_told(transcript),
        usage=_usage(body),
        input=_input(request),
        output=said("assistant", [part for result in results for part in _ranked(mapping(result))]),
    )


def _results(body: Any) -> list[Any]:
    return items(dig(body, "results")) or items(dig(body, "data"))


def _first(results: list[Any]) -> Any:
    return results[0] if results else None


def _usage(body: dict[str, Any]) -> Usage | None:
    """Cohere bills searches, not tokens; the others tell a total."""
    usage = mapping(body.get("usage")) or mapping(dig(body, "meta", "tokens"))
    figures = Usage(
        input_tokens=count(usage.get("input_tokens", usage.get("prompt_tokens"))),
        output_tokens=count(usage.get("output_tokens", usage.get("completion_tokens"))),
        total_tokens=count(usage.get("total_tokens")),
        reported_cost=decimal(usage.get("cost")),
    )
    return None if figures == Usage() else figures


def _input(request: Any) -> tuple[Message, ...]:
    query = spoken(dig(request, "query")) or spoken(dig(request, "queries", 0, "textQuery", "text"))
    documents = items(dig(request, "documents")) + items(dig(request, "sources"))
    return (*said("user", query), *said("document", [Part(kind="text", text=_document(one)) for one in documents]))


def _document(document: Any) -> str:
    inline = dig(document, "inlineDocumentSource")
    return compact(dig(inline, "textDocument", "text") or inline or dig(document, "text") or document)


def _ranked(result: dict[str, Any]) -> tuple[Part, ...]:
    score = next((result[name] for name in _SCORES if name in result), None)
    return spoken(f"{compact(result.get('index'))}: {compact(score)}", "ranking")


_SCORES = ("relevance_score", "relevanceScore")
_BEDROCK_MODEL = (
    "rerankingConfiguration",
    "bedrockRerankingConfiguration",
    "modelConfiguration",
    "modelArn",
)

DIALECT = Dialect(name="rerank", version=1, fits=fits, read=read)
