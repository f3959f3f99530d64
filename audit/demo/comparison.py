"""What was sent and served against what is in the record, figure by figure."""

from __future__ import annotations

from collections import defaultdict, deque
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

_ALL = Scope(canaries=Canaries.WITH, operations=tuple(operation.value for operation in Operation))
_AT_ONCE = 500
_ENDINGS = {"sent": "eof", "cut": "failed"}
"""How a reply ends for the client, by how it ended for the server."""
Place = tuple[str, str, str]
Told = dict[str, tuple[Any, Any]]
"""What was served and what is recorded, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the record compares with what was sent, and with the provider's own list of what it served."""

    sent: int
    served: int
    recorded: int
    differences: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether every request is in the record once, with the right figures, and nothing else is."""
        return self.sent == self.served == self.recorded and not self.differences


def compare(served: Sequence[Mapping[str, Any]], reader: Reader, *, sent: int) -> Comparison:
    """Compare the simulator's ledger, and the number of requests `sent`, with all calls in the record."""
    details = [detail for row in _rows(reader) if (detail := reader.call(row.id)) is not None]
    waiting: dict[Place, deque[CallDetail]] = defaultdict(deque)
    for detail in sorted(details, key=lambda one: one.row.started_at):
        waiting[_place(detail)].append(detail)
    differences = [difference for row in served for difference in _differences(row, waiting)]
    differences += [
        f"call {detail.row.id} to {place[1]}: in the record, but never served"
        for place, left in waiting.items()
        for detail in left
    ]
    differences += _sums(details, reader)
    if sent != len(served):
        differences.append(f"requests: {sent} sent, {len(served)} served")
    return Comparison(sent=sent, served=len(served), recorded=len(details), differences=tuple(differences))


def _rows(reader: Reader) -> Iterator[CallRow]:
    last = 0
    while rows := reader.after(last, _ALL, limit=_AT_ONCE):
        yield from rows
        last = rows[-1].pk


def _place(detail: CallDetail) -> Place:
    url = urlsplit(detail.exchange.url)
    path = f"{url.path}?{url.query}" if url.query else url.path
    return detail.exchange.method, path, sha256(detail.exchange.request_body).hexdigest()


def _differences(row: Mapping[str, Any], waiting: Mapping[Place, deque[CallDetail]]) -> Iterator[str]:
    """Tell what differs in one request; of several that are alike, the first served is the first recorded."""
    name = f"request {row['sequence']} to {row['path']}"
    alike = waiting[row["method"], row["path"], row["request_sha256"]]
    if not alike:
        yield f"{name}: not in the record"
        return
    detail = alike.popleft()
    for what, (right, read) in (_facts(row, detail) | _figures(row, detail)).items():
        if right != read:
            yield f"{name}, call {detail.row.id}: {what} served {right!r}, recorded {read!r}"


def _facts(served: Mapping[str, Any], detail: CallDetail) -> Told:
    row, exchange = detail.row, detail.exchange
    told: Told = {
        "status": (served["status"], row.status),
        "provider": (served["path"].split("/")[1], row.provider),
        "model requested": (served["model_requested"], row.model_requested),
        "model served": (served["model_served"], row.model_served),
        "response id": (served["response_id"], row.response_id),
        "streamed": (served["streamed"], row.streamed),
        "outcome": (served["outcome"], row.outcome),
        "refusal": (served["refusal"], row.refusal),
        "finish reasons": (_finish(served), row.finish_reason),
        "ending": (_ENDINGS.get(served["ending"], served["ending"]), row.ending),
        "tags": (True, row.canary is not None or (row.project is not None and ("source", "demo") in row.labels)),
        "tags on the wire": ([], served["audit_headers"]),
        "request bytes": (served["request_bytes"], len(exchange.request_body)),
    }
    if Operation(row.operation).generates:
        told["whole answer"] = (served["complete"], row.complete is True)
    if served["ending"] == "sent":  # of a connection that breaks, bytes may be lost on the way
        told["error"] = (served["error"], row.error_code or row.error_message)
        told["response bytes"] = (served["response_sha256"], sha256(exchange.response_body).hexdigest())
    return told


def _figures(served: Mapping[str, Any], detail: CallDetail) -> Told:
    """Token figures as the provider means them, and the price against its own working."""
    usage, row, native, price = served["usage"], detail.row, detail.usage, detail.price
    told: Told = {
        "input tokens": (usage["input_tokens"], native.input_tokens),
        "output tokens": (usage["output_tokens"], native.output_tokens),
        "total tokens": (usage["total_tokens"], native.total_tokens),
        "cached tokens": (usage["cached_input_tokens"], row.cached_input_tokens),
        "tokens written to the cache": (usage["cache_write_tokens"], row.cache_write_tokens),
        "reasoning tokens": (usage["reasoning_tokens"], row.reasoning_tokens),
    }
    if price is not None:
        told["cost"] = (sum(part.amount for part in price.parts) * price.multiplier, price.amount)
    return told


def _finish(served: Mapping[str, Any]) -> str | None:
    reasons = served["finish_reasons"]
    return ",".join(reasons[index] for index in sorted(reasons, key=int)) or None


def _sums(details: Sequence[CallDetail], reader: Reader) -> Iterator[str]:
    """Tell where the sums that pages and tables show are not those of the calls, and what is known to be missing."""
    totals = reader.totals(_ALL)
    for name in ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"):
        added = sum(getattr(detail.row, name) or 0 for detail in details)
        if added != (getattr(totals, name) or 0):
            yield f"sum of {name}: {getattr(totals, name)}, the calls add up to {added}"
    cost = sum(detail.row.cost or 0 for detail in details)
    if cost != sum(sums.amount for sums in totals.costs):
        yield f"sum of cost: {totals.costs}, the calls add up to {cost}"
    if totals.calls != len(details):
        yield f"number of calls: {totals.calls}, there are {len(details)}"
    if totals.lost:
        yield f"exchanges lost: {totals.lost}"
