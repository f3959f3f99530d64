"""Google's token counts: `usageMetadata`.

https://ai.google.dev/api/generate-content#UsageMetadata
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.call import Usage
from audit.dialects._fields import count, items, text
from audit.dialects._gemini_enums import Enums, named

__all__ = ["usage_of"]


def usage_of(metadata: Mapping[str, Any], enums: Enums, *, partial: bool = False) -> Usage | None:
    """Return the counts, or None when there are none: a blocked prompt may leave only a `trafficType`."""
    details = metadata.get("promptTokensDetails") or metadata.get("promptTokenDetails")
    taken, made = _by_modality(details, enums), _by_modality(metadata.get("candidatesTokensDetails"), enums)
    if all(count(metadata.get(name)) is None for name in _COUNTS):
        return None
    return Usage(
        input_tokens=count(metadata.get("promptTokenCount")),
        output_tokens=count(metadata.get("candidatesTokenCount")),
        total_tokens=count(metadata.get("totalTokenCount")),
        cached_input_tokens=count(metadata.get("cachedContentTokenCount")),
        reasoning_tokens=count(metadata.get("thoughtsTokenCount")),
        tool_use_input_tokens=count(metadata.get("toolUsePromptTokenCount")),
        input_audio_tokens=taken.get("AUDIO"),
        input_image_tokens=taken.get("IMAGE"),
        output_audio_tokens=made.get("AUDIO"),
        output_image_tokens=made.get("IMAGE"),
        service_tier=_tier(metadata, enums),
        output_includes_reasoning=False,
        partial=partial,
    )


def _by_modality(details: Any, enums: Enums) -> dict[str | None, int | None]:
    rows = (row for row in items(details) if isinstance(row, dict))
    return {named(row.get("modality"), enums.modalities): count(row.get("tokenCount")) for row in rows}


def _tier(metadata: Mapping[str, Any], enums: Enums) -> str | None:
    """`serviceTier`, or Vertex's way of saying that capacity was reserved; ON_DEMAND is the ordinary way."""
    traffic = named(metadata.get("trafficType"), enums.traffic_types)
    return text(metadata.get("serviceTier")) or (traffic if traffic not in ("ON_DEMAND", _NO_TRAFFIC) else None)


_COUNTS = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount", "thoughtsTokenCount")
_NO_TRAFFIC = "TRAFFIC_TYPE_UNSPECIFIED"
