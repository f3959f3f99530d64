"""llm: variables, or models of one's own. https://llm.datasette.io/en/stable/other-models.html"""

from __future__ import annotations

import json
from collections.abc import Mapping

from audit.connect.advice import Advice, Block, Tool, exports
from audit.connect.place import Format, Place

__all__ = ["TOOL"]


def _advise(place: Place, _environ: Mapping[str, str]) -> Advice:
    if place.format is Format.MESSAGES:
        return _anthropic(place)
    headers = f"  headers: {json.dumps(dict(place.headers))}\n" if place.headers else ""
    model = json.dumps(place.some_model)
    text = (
        f"- model_id: audit-{place.some_model}\n"
        f"  model_name: {model}\n"
        f"  api_base: {json.dumps(place.versioned)}\n"
        f"  api_key_name: openai\n{headers}"
    )
    shell = exports({"OPENAI_BASE_URL": place.versioned}, key="OPENAI_API_KEY", place=place)
    return Advice(
        blocks=(
            Block(title="the shell that starts it, for its own models", language="sh", text=shell),
            Block(title='extra-openai-models.yaml beside "$(llm logs path)"', language="yaml", text=text),
        ),
        notes=(
            f"start it with `llm -m audit-{place.some_model}`, or with one of its own models",
            "headers are for models of the file only; a key given by `llm keys set openai` goes before OPENAI_API_KEY",
            "llm-gemini has no setting for a base URL: it asks Google, whatever is configured",
        ),
    )


def _anthropic(place: Place) -> Advice:
    shell = exports({"ANTHROPIC_BASE_URL": place.url}, key="ANTHROPIC_API_KEY", place=place)
    notes = ["llm-anthropic is wanted: `llm install llm-anthropic`"]
    if place.headers:
        notes.append("it has no way to send headers of ours: tell whose calls they are by the key")
    return Advice(
        blocks=(Block(title="the shell that starts it", language="sh", text=shell),),
        notes=tuple(notes),
    )


TOOL = Tool(name="llm", title="llm", formats=(Format.CHAT, Format.MESSAGES), advise=_advise)
