"""JSON inside a body, changed where it stands: one value replaced by another, the rest kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from audit.wire.eventstream import read_messages
from tests.dialects.aws_events import aws_events

__all__ = ["with_another_value"]

VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**400,
    float("inf"),
    float("nan"),
    "",
    "x",
    "x" * 100_000,
    "a\x00b\ud83d",
    "1e999",
    [],
    [None],
    [[[[]]]],
    [{}],
    {},
    {"type": "text"},
    {"\ud83d\x00": [1]},
    [{"type": "\ud83d", "\x00": 2}] * 50,
)
Place = tuple[Any, Any]
"""A container, and the key or index of one of its values."""


def with_another_value(body: bytes, chance: Random) -> bytes:
    """Return the body with some of its JSON values replaced, dropped or moved; as it is where it has no JSON."""
    if messages := list(read_messages(body)):
        chosen = chance.randrange(len(messages))
        payloads = [(one.headers.get(":event-type", ""), _value(one.payload)) for one in messages]
        payloads[chosen] = payloads[chosen][0], _changed(payloads[chosen][1], chance)
        return aws_events(*payloads)
    return _in_text(body, chance)


def _in_text(body: bytes, chance: Random) -> bytes:
    try:
        return _written(_changed(json.loads(body), chance))
    except (ValueError, RecursionError):
        pass
    documents = list(re.finditer(rb"(?m)^(?:data: ?)?(\{.*\})\s*?$", body))
    if not documents:
        return body
    found = chance.choice(documents)
    return body[: found.start(1)] + _written(_changed(_value(found[1]), chance)) + body[found.end(1) :]


def _value(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _written(value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return b"[]"


def _changed(value: Any, chance: Random) -> Any:
    held = [value]
    for _ in range(chance.randint(1, 3)):
        places = list(_places(held))
        if places:
            chance.choice(_CHANGES)(chance.choice(places), chance.choice(places), chance)
    return held[0] if held else None


def _places(value: Any) -> Iterator[Place]:
    """Yield every place in a value, without recursion: it may be deep."""
    waiting = [value]
    while waiting:
        container = waiting.pop()
        for key in container if isinstance(container, dict) else range(len(container)):
            yield container, key
            if isinstance(container[key], dict | list):
                waiting.append(container[key])


def _replace(place: Place, _other: Place, chance: Random) -> None:
    container, key = place
    container[key] = json.loads(json.dumps(chance.choice(VALUES)))  # a copy: the next change must not reach into ours


def _move(place: Place, other: Place, _chance: Random) -> None:
    """Put a copy of one value in the place of another."""
    try:
        copy = json.loads(json.dumps(other[0][other[1]]))
    except (LookupError, ValueError, RecursionError):
        return
    place[0][place[1]] = copy


def _drop(place: Place, _other: Place, _chance: Random) -> None:
    del place[0][place[1]]


def _wrap(place: Place, _other: Place, chance: Random) -> None:
    container, key = place
    container[key] = [container[key]] if chance.random() < 0.5 else {"a": container[key]}


def _repeat(place: Place, _other: Place, chance: Random) -> None:
    """Make a list of many, or a long text, of one."""
    container, key = place
    value = container[key]
    many = isinstance(value, str | list) and len(value) < 1000
    container[key] = value * chance.choice((2, 500)) if many else [value] * 20


_CHANGES: tuple[Callable[[Place, Place, Random], None], ...] = (*[_replace] * 3, _move, _drop, _wrap, _repeat)
