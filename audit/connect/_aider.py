"""aider: variables, and settings of models for headers. https://aider.chat/docs/config/options.html"""

from __future__ import annotations

import json
from collections.abc import Mapping

from audit.connect.advice import Advice, Block, Tool, exports
from audit.connect.place import Format, Place

__all__ = ["TOOL"]


def _advise(place: Place, _environ: Mapping[str, str]) -> Advice:
    variable, prefix = {
        "openai": ("OPENAI_API_BASE", "openai"),
        "anthropic": ("ANTHROPIC_API_BASE", "anthropic"),
        "google": ("GEMINI_API_BASE", "gemini"),
    }[place.format.vendor]
    url = place.url if place.format is Format.MESSAGES else place.versioned
    shell = exports({variable: url}, key=place.format.key_env, place=place)
    blocks = [Block(title="the shell that starts it", language="sh", text=shell)]
    if place.headers:
        listed = "".join(f"      {name}: {json.dumps(value)}\n" for name, value in place.headers.items())
        text = f"- name: aider/extra_params\n  extra_params:\n    extra_headers:\n{listed}"
        blocks.append(Block(title=".aider.model.settings.yml, in the project or at home", language="yaml", text=text))
    return Advice(
        blocks=tuple(blocks),
        notes=(
            f"start it with `aider --model {prefix}/{place.some_model}`",
            "of OpenAI's models it streams without asking for usage: `--no-stream` brings the figures into the record",
        ),
    )


TOOL = Tool(name="aider", title="aider", formats=(Format.CHAT, Format.MESSAGES, Format.GEMINI), advise=_advise)
