"""OpenClaw: a provider in its configuration. https://docs.openclaw.ai/gateway/configuration"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audit.connect.advice import Advice, Tool, file_block, home
from audit.connect.merging import Kind
from audit.connect.place import Format, Place

__all__ = ["TOOL"]

_APIS = {
    Format.CHAT: "openai-completions",
    Format.RESPONSES: "openai-responses",
    Format.MESSAGES: "anthropic-messages",
    Format.GEMINI: "google-generative-ai",
}


def _advise(place: Place, environ: Mapping[str, str]) -> Advice:
    provider: dict[str, Any] = {
        "baseUrl": place.url if place.format is Format.MESSAGES else place.versioned,
        "apiKey": f"${{{place.key_env}}}",
        "api": _APIS[place.format],
        "models": [{"id": place.some_model, "name": place.some_model}],
    }
    if place.headers:
        provider["headers"] = dict(place.headers)
    values: dict[str, Any] = {"models": {"providers": {"audit": provider}}}
    if place.model:
        values["agents"] = {"defaults": {"model": {"primary": f"audit/{place.model}"}}}
    return Advice(
        blocks=(file_block(_path(environ), Kind.JSON, values),),
        notes=(
            f"the key is taken from {place.key_env}",
            f"once: `openclaw agent exec --config {_path(environ)} --model audit/{place.some_model} '…'`",
            "every model that it is to use must stand in `models`; it needs Node 24.16 or later",
        ),
    )


def _path(environ: Mapping[str, str]) -> Path:
    if named := environ.get("OPENCLAW_CONFIG_PATH"):
        return Path(named)
    return home(environ, "OPENCLAW_STATE_DIR", ".openclaw") / "openclaw.json"


TOOL = Tool(
    name="openclaw",
    title="OpenClaw",
    formats=(Format.CHAT, Format.RESPONSES, Format.MESSAGES, Format.GEMINI),
    advise=_advise,
)
