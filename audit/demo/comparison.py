"""What was served against what is in the record, figure by figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from audit.call import Operation
from audit.store.read import Reader
from audit.store.rows import CallDetail, CallRow
from audit.store.scope import Canaries, Scope

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the record compares with the provider's own list of what it served."""

    served: int
    recorded: int
    differences: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether every request served is in the record once, with the right figures."""
        return self.served == self.recorded and not self.differences


def compare(served: Sequence[Mapping[str, Any]], reader: Reader) -> Comparison:
    """Compare the simulator's ledger with all calls in the record."""
    details = [detail for row in _all_rows(reader) if (detail := reader.call(row.id)) is not None]
    waiting: dict[tuple[str, str], list[CallDetail]] = defaultdict(list)
    for detail in sorted(details, key=lambda one: one.row.started_at, reverse=True):
        waiting[_place(detail)].append(detail)
    differences: list[str] = []
    for row in served:
        candidates = waiting[row["path"], row["request_sha256"]]
        name = f"request {row['sequence']} to {row['path']}"
        if not candidates:
            differences.append(f"{name}: not in the record")
            continue
        differences += [f"{name}: {difference}" for difference in _differences(row, candidates.pop())]
    return Comparison(served=len(served), recorded=len(details), differences=tuple(differences))


def _all_rows(reader: Reader) -> Iterator[CallRow]:
    scope = Scope(canaries=Canaries.WITH, operations=tuple(operation.value for operation in Operation))
    last = 0
    while rows := reader.after(last, scope, limit=500):
        yield from rows
        last = rows[-1].pk


def _place(detail: CallDetail) -> tuple[str, str]:
    url = urlsplit(detail.exchange.url)
    path = f"{url.path}?{url.query}" if url.query else url.path
    return path, sha256(detail.exchange.request_body).hexdigest()


def _differences(served: Mapping[str, Any], detail: CallDetail) -> Iterator[str]:
    row, usage = detail.row, detail.usage
    told = {
        "status": (served["status"], row.status),
        "model requested": (served["model_requested"], row.model_requested),
        "model served": (served["model_served"], row.model_served),
        "input tokens": (served["usage"]["input_tokens"], usage.input_tokens),
        "output tokens": (served["usage"]["output_tokens"], usage.output_tokens),
        "total tokens": (served["usage"]["total_tokens"], usage.total_tokens),
        "cached tokens": (served["usage"]["cached_input_tokens"], row.cached_input_tokens),
        "reasoning tokens": (served["usage"]["reasoning_tokens"], row.reasoning_tokens),
        "finish reasons": (_finish(served), row.finish_reason),
        "outcome": (served["outcome"], row.outcome),
        "refusal": (served["refusal"], row.refusal),
    }
    if served["ending"] == "sent":
        told["response bytes"] = (served["response_sha256"], sha256(detail.exchange.response_body).hexdigest())
    yield from (f"{name}: served {right!r}, recorded {read!r}" for name, (right, read) in told.items() if right != read)


def _finish(served: Mapping[str, Any]) -> str | None:
    reasons = served["finish_reasons"]
    return ",".join(reasons[index] for index in sorted(reasons, key=int)) or None
