"""Codex: a provider of its own in its configuration. https://developers.openai.com/codex/config-reference"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.connect.advice import Advice, Tool, file_block, home
from audit.connect.merging import Kind
from audit.connect.place import Format, Place

__all__ = ["TOOL"]


def _advise(place: Place, environ: Mapping[str, str]) -> Advice:
    provider: dict[str, Any] = {
        "name": "through audit",
        "base_url": place.versioned,
        "env_key": place.key_env,
        "wire_api": "responses",
    }
    if place.headers:
        provider["http_headers"] = dict(place.headers)
    values: dict[str, Any] = {"model_provider": "audit"}
    if place.model:
        values["model"] = place.model
    values["model_providers"] = {"audit": provider}
    return Advice(
        blocks=(file_block(home(environ, "CODEX_HOME", ".codex") / "config.toml", Kind.TOML, values),),
        notes=(
            f"the key is taken from {place.key_env}",
            "a provider of its own is asked over plain HTTP; with `openai_base_url` Codex would try a WebSocket first",
            'the model has to be one that speaks Responses; `wire_api = "chat"` is no longer taken',
        ),
    )


TOOL = Tool(name="codex", title="Codex", formats=(Format.RESPONSES,), advise=_advise)
