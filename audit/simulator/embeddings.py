"""Embeddings: vectors of length one that are the same for the same text."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Mapping
from typing import Any

from audit.simulator.answer import served_model
from audit.simulator.ask import Ask
from audit.simulator.conversation import said, whole
from audit.simulator.paths import Target
from audit.simulator.prose import dice
from audit.simulator.reply import Reply, Tells, json_reply

__all__ = ["read", "respond", "vector"]


def read(target: Target, body: Mapping[str, Any]) -> Ask:
    """Return which texts are to be embedded."""
    return Ask(
        provider=target.provider,
        format=target.format,
        model=str(body.get("model") or target.model),
        said=said([{"content": text} for text in _texts(body)]),
        body=body,
    )


def respond(ask: Ask) -> Reply:
    """Return OpenAI's embeddings, as numbers or as base64."""
    size = min(whole(ask.body.get("dimensions")) or 256, _MOST_DIMENSIONS)
    packed = ask.body.get("encoding_format") == "base64"
    data = [_entry(index, vector(text, size), packed=packed) for index, text in enumerate(_texts(ask.body))]
    model = served_model(ask)
    body: dict[str, Any] = {"object": "list", "data": data, "model": model}
    tells = Tells(model=model, complete=True)
    if "no_usage" not in ask.script:
        count = ask.said.tokens
        body["usage"] = {"prompt_tokens": count, "total_tokens": count}
        tells = Tells(model=model, complete=True, usage={"input_tokens": count, "total_tokens": count})
    return json_reply(body, tells)


def vector(text: str, size: int) -> list[float]:
    """Return a vector of length one."""
    thrown = dice("vector", text)
    numbers = [thrown.gauss(0, 1) for _ in range(size)]
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [round(number / length, 8) for number in numbers]


_MOST_DIMENSIONS = 4096


def _entry(index: int, values: list[float], *, packed: bool) -> dict[str, Any]:
    shown = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode() if packed else values
    return {"object": "embedding", "index": index, "embedding": shown}


def _texts(body: Mapping[str, Any]) -> list[str]:
    given = body.get("input", "")
    return [str(text) for text in given] if isinstance(given, list) and not _is_tokens(given) else [str(given)]


def _is_tokens(given: list[Any]) -> bool:
    return bool(given) and all(isinstance(token, int) for token in given)
