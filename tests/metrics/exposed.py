"""Metrics as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from audit.metrics.families import exposition

__all__ = ["exposed", "read"]


def exposed(families: Iterable[Metric]) -> dict[str, float]:
    """Return families as they come out at the other end."""
    return read(exposition(families).decode())


def read(text: str) -> dict[str, float]:
    """Return values by names and labels, these in the alphabetical order of their names; no histogram's buckets."""
    samples = (one for family in text_string_to_metric_families(text) for one in family.samples)
    return {
        f"{one.name}{{{','.join(one.labels.values())}}}" if one.labels else one.name: one.value
        for one in samples
        if not one.name.endswith("_bucket")
    }
