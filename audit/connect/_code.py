"""Code that asks a model through the proxy, whole and ready to run, for SDKs and frameworks."""

from __future__ import annotations

import json
from collections.abc import Mapping

from audit.connect.advice import Block
from audit.connect.place import Place

__all__ = ["javascript", "python", "words"]


def words(place: Place) -> dict[str, str]:
    """Return what code says about a place, as literals of Python and of JavaScript alike."""
    return {
        "url": json.dumps(place.url),
        "versioned": json.dumps(place.versioned),
        "model": json.dumps(place.some_model),
        "key": json.dumps(place.key_env),
        "headers": json.dumps(dict(place.headers), ensure_ascii=False),
    }


def python(title: str, template: str, place: Place) -> Block:
    """Return a block of Python. A line with `<headers>` is left out where there are none."""
    return Block(title=title, language="python", text=_filled(template, words(place), place.headers))


def javascript(title: str, template: str, place: Place) -> Block:
    """Return a block of JavaScript, in the same way."""
    return Block(title=title, language="javascript", text=_filled(template, words(place), place.headers))


def _filled(template: str, said: Mapping[str, str], headers: Mapping[str, str]) -> str:
    text = "".join(
        line for line in template.lstrip("\n").splitlines(keepends=True) if headers or "<headers>" not in line
    )
    for name, literal in said.items():
        text = text.replace(f"<{name}>", literal)
    return text
