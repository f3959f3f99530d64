"""Claude Code: variables of its own, which its settings may hold. https://code.claude.com/docs/en/settings"""

from __future__ import annotations

from collections.abc import Mapping

from audit.connect.advice import Advice, Block, Tool, exports, file_block, home
from audit.connect.merging import Kind
from audit.connect.place import Format, Place

__all__ = ["TOOL"]


def _advise(place: Place, environ: Mapping[str, str]) -> Advice:
    variables = {"ANTHROPIC_BASE_URL": place.url}
    if place.headers:
        variables["ANTHROPIC_CUSTOM_HEADERS"] = "\n".join(f"{name}: {value}" for name, value in place.headers.items())
    if place.model:
        variables["ANTHROPIC_MODEL"] = place.model
    path = home(environ, "CLAUDE_CONFIG_DIR", ".claude") / "settings.json"
    shell = exports(variables, key="ANTHROPIC_API_KEY", place=place)
    return Advice(
        blocks=(
            Block(title="the shell that starts it", language="sh", text=shell),
            file_block(path, Kind.JSON, {"env": variables}),
        ),
        notes=(
            f"the key is taken from ANTHROPIC_API_KEY{_from(place)}",
            "the base URL has no /v1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC, DISABLE_TELEMETRY, DISABLE_ERROR_REPORTING and "
            "DISABLE_AUTOUPDATER, each 1, keep it from asking other hosts",
        ),
    )


def _from(place: Place) -> str:
    return "" if place.key_env == "ANTHROPIC_API_KEY" else f", which has to hold what {place.key_env} does"


TOOL = Tool(name="claude-code", title="Claude Code", formats=(Format.MESSAGES,), advise=_advise)
