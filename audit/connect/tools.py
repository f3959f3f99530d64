"""All the tools that we know how to point somewhere, by name."""

from __future__ import annotations

from audit.connect import (
    _aider,
    _claude_code,
    _codex,
    _frameworks,
    _gemini_cli,
    _llm,
    _openclaw,
    _opencode,
    _sdks,
)
from audit.connect.advice import Tool

__all__ = ["TOOLS"]

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        _claude_code.TOOL,
        _codex.TOOL,
        _gemini_cli.TOOL,
        _openclaw.TOOL,
        _opencode.TOOL,
        _aider.TOOL,
        _llm.TOOL,
        *_sdks.TOOLS,
        *_frameworks.TOOLS,
    )
}
