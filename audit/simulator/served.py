"""What was served: the truth that recordings of it are compared with."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from audit.simulator.reply import Tells, gravest

__all__ = ["KEPT", "Ledger", "Served"]

KEPT = 100_000
"""Requests that the ledger remembers; the oldest go first."""
_SECRET = ("authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie", "proxy-authorization")


@dataclass(kw_only=True)
class Served:
    """One request and what was sent back. Facts about the answer stand here once the bytes that tell them are sent."""

    sequence: int
    at: str
    """When the request had come, UTC."""
    method: str
    path: str
    """With its query, a key in it masked."""
    headers: dict[str, str]
    """As received, a name once; secrets as `sha256:` and the first 16 digits."""
    audit_headers: list[str]
    """The names that begin with `x-audit-`."""
    request_sha256: str
    request_bytes: int
    provider: str = ""
    format: str = ""
    model_requested: str | None = None
    model_served: str | None = None
    response_id: str | None = None
    streamed: bool = False
    scenario: str = ""
    status: int | None = None
    """None until the head is sent."""
    usage: dict[str, int | None] = field(
        default_factory=lambda: dict.fromkeys(
            (
                "input_tokens",
                "output_tokens",
                "total_tokens",
                "cached_input_tokens",
                "cache_write_tokens",
                "reasoning_tokens",
            )
        )
    )
    """The provider's own figures as told, None where it has told none."""
    finish_reasons: dict[int, str] = field(default_factory=dict)
    outcome: str = "not_assessed"
    refusal: bool = False
    complete: bool = False
    """The answer's own end has been sent."""
    error: str | None = None
    response_sha256: str = ""
    """Over the body bytes handed to the socket, in the coding they were sent in. Where the client has left in the
    middle of a frame, over all of that frame."""
    response_bytes: int = 0
    content_encoding: str = ""
    ending: str = "open"
    """open, sent (all of it), cut (we broke the connection) or client_left."""

    def tell(self, tells: Tells) -> None:
        """Enter what a frame tells; call it before the frame is sent, so that no reader can know more."""
        self.model_served = tells.model or self.model_served
        self.response_id = tells.response_id or self.response_id
        self.usage |= {name: figure for name, figure in tells.usage.items() if figure is not None}
        self.finish_reasons |= tells.finish
        self.outcome = gravest(self.outcome, tells.outcome)
        self.refusal |= tells.refusal
        self.complete |= tells.complete
        self.error = tells.error or self.error


class Ledger:
    """Every request, in the order they came in."""

    def __init__(self) -> None:
        self._rows: deque[Served] = deque(maxlen=KEPT)
        self.last = 0
        """The number of the newest row."""

    def open(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Served:
        """Enter a request and return its row, to be filled in."""
        self.last += 1
        row = Served(
            sequence=self.last,
            at=datetime.now(UTC).isoformat(),
            method=method,
            path=path,
            headers={name: _masked(name, value) for name, value in headers},
            audit_headers=sorted(name for name, _ in headers if name.startswith("x-audit-")),
            request_sha256=sha256(body).hexdigest(),
            request_bytes=len(body),
        )
        self._rows.append(row)
        return row

    def rows(self, after: int = 0) -> list[Mapping[str, Any]]:
        """Return all rows whose number is above `after`."""
        return [asdict(row) for row in self._rows if row.sequence > after]

    def clear(self) -> None:
        """Forget the rows; numbers go on."""
        self._rows.clear()


def _masked(name: str, value: str) -> str:
    return f"sha256:{sha256(value.encode()).hexdigest()[:16]}" if name in _SECRET else value
