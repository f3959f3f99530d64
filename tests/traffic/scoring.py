"""How a reading compares with the right answer, field by field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.archives import open_archive
from audit.call import Call, Finding, Usage
from audit.interpret import Interpreter

FIELDS = (
    "model_requested",
    "model_served",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "total_tokens",
    "finish_reason",
    "finish_reasons",
    "filter",
    "blocked",
    "flagged",
    "masked",
    "refusal",
    "error",
)


@dataclass
class Score:
    """Right answers by (field, provider), and every wrong one."""

    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    right: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    """(exchange, field, expected, read)."""

    def table(self) -> str:
        providers = sorted({provider for _, provider in self.asked})
        lines = [f"{'field':<22}" + "".join(f"{provider[:12]:>14}" for provider in providers)]
        for name in FIELDS:
            cells = (f"{self.right[name, p]}/{self.asked[name, p]}" for p in providers)
            lines.append(f"{name:<22}" + "".join(f"{cell:>14}" for cell in cells))
        return "\n".join(lines)


def calls(path: Path) -> Iterator[tuple[str, str, Call]]:
    """Yield every exchange of a traffic file as (its id, its provider, the call)."""
    interpret = Interpreter(pricing=lambda _reading, _exchange: None)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    for row, entry in zip(rows, open_archive(path).entries(lambda key: "key"), strict=True):
        assert entry.exchange is not None, (entry.place, entry.problem)
        yield row["id"], row["provider"], interpret(entry.exchange)


def compare(expected: dict[str, Any], provider: str, call: Call, score: Score) -> None:
    """Enter one call into the score."""
    read, want_all = answer(call), _wanted(expected)
    for name in FIELDS:
        want = want_all[name]
        score.asked[name, provider] += 1
        if read[name] == want:
            score.right[name, provider] += 1
        else:
            score.wrong.append((expected["id"], name, want, read[name]))


def _wanted(expected: dict[str, Any]) -> dict[str, Any]:
    """The right answers; those that are left out are the ordinary ones."""
    finish = expected["finish_reason"]
    ordinary = {"flagged": False, "masked": False, "finish_reasons": [finish] if finish else []}
    return {**ordinary, **expected, "filter": sorted(map(_finding_key, expected["filter"]))}


def answer(call: Call) -> dict[str, Any]:
    """Return a call in the terms of the expectations: the provider's own figures, nothing added up."""
    reading, usage = call.reading, call.reading.usage or Usage()
    return {
        "model_requested": reading.model_requested,
        "model_served": reading.model_served,
        "input_tokens": usage.input_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "total_tokens": usage.total_tokens,
        "finish_reason": reading.finish_reason,
        "finish_reasons": list(reading.finish_reasons),
        "filter": sorted(_finding_key(_as_expected(finding)) for finding in reading.findings),
        "blocked": call.outcome.blocked,
        # A moderation's verdict: it finds, and does not say that it filtered.
        "flagged": any(finding.detected and finding.filtered is None for finding in reading.findings),
        "masked": any(finding.masked for finding in reading.findings),
        "refusal": reading.refusal,
        "error": reading.error.code if reading.error else None,
    }


def _as_expected(finding: Finding) -> dict[str, Any]:
    return {
        "source": finding.source.value,
        "category": finding.category or None,
        "choice": finding.choice,
        "severity": finding.severity,
        "probability": finding.probability,
        "detected": finding.detected,
        "filtered": finding.filtered,
        "error": finding.error,
    }


def _finding_key(finding: dict[str, Any]) -> str:
    names = ("source", "category", "choice", "severity", "probability", "detected", "filtered", "error")
    return json.dumps({name: finding.get(name) for name in names})
