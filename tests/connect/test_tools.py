"""What each tool is told. That the tools understand it is tried in tests/tools, with the tools themselves."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from audit.connect.advice import Advice, Block
from audit.connect.place import Format, Place
from audit.connect.tools import TOOLS

URL = "http://127.0.0.1:8484/router"
HOME = {"HOME": "/home/ada"}
TAGS = {"x-audit-project": "search"}
EVERY = [(name, one) for name, tool in TOOLS.items() for one in tool.formats]


def told(name: str, format_: Format | None = None, environ: dict[str, str] = HOME, **facts: Any) -> Advice:
    format_ = format_ or TOOLS[name].formats[0]
    place = Place(**{"url": URL, "format": format_, "key_env": format_.key_env, "headers": TAGS, **facts})
    return TOOLS[name].advise(place, environ)


def block(advice: Advice, language: str) -> Block:
    (found,) = [one for one in advice.blocks if one.language == language]
    return found


def values(advice: Advice) -> dict[str, Any]:
    """What the file says."""
    (found,) = [one for one in advice.blocks if one.language in ("json", "toml")]
    read = json.loads(found.text) if found.language == "json" else tomllib.loads(found.text)
    assert read == found.values
    return dict(read)


def test_all_the_tools_are_known() -> None:
    assert list(TOOLS) == [
        *("claude-code", "codex", "gemini-cli", "openclaw", "opencode", "aider", "llm"),
        *("openai", "anthropic", "google-genai", "litellm", "langchain", "pydantic-ai"),
    ]


@pytest.mark.parametrize(("name", "format_"), EVERY)
def test_every_tool_is_told_the_address_and_the_variable_of_the_key(name: str, format_: Format) -> None:
    advice = told(name, format_, key_env="ROUTER_KEY")
    assert any(URL in one.text for one in advice.blocks)
    assert any("ROUTER_KEY" in text for text in (*advice.notes, *(one.text for one in advice.blocks)))


@pytest.mark.parametrize(("name", "format_"), EVERY)
def test_every_tool_that_can_send_tags_does_and_no_other_says_so(name: str, format_: Format) -> None:
    tags = [one for one in told(name, format_).blocks if "x-audit-project" in one.text]
    if (name, format_) == ("llm", Format.MESSAGES):
        assert not tags
        assert any("no way to send headers" in note for note in told(name, format_).notes)
    else:
        assert tags
    assert not any("x-audit" in one.text for one in told(name, format_, headers={}).blocks)


@pytest.mark.parametrize(("name", "format_"), EVERY)
@pytest.mark.parametrize("headers", [{}, TAGS])
def test_code_is_whole(name: str, format_: Format, headers: dict[str, str]) -> None:
    for one in told(name, format_, headers=headers, model="m").blocks:
        assert "<" not in one.text
        if one.language == "python":
            ast.parse(one.text)


@pytest.mark.parametrize(
    ("name", "format_", "base"),
    [
        ("claude-code", Format.MESSAGES, f"ANTHROPIC_BASE_URL={URL}\n"),
        ("gemini-cli", Format.GEMINI, f"GOOGLE_GEMINI_BASE_URL={URL}\n"),
        ("aider", Format.CHAT, f"OPENAI_API_BASE={URL}/v1\n"),
        ("aider", Format.MESSAGES, f"ANTHROPIC_API_BASE={URL}\n"),
        ("aider", Format.GEMINI, f"GEMINI_API_BASE={URL}/v1beta\n"),
        ("llm", Format.CHAT, f"OPENAI_BASE_URL={URL}/v1\n"),
        ("llm", Format.MESSAGES, f"ANTHROPIC_BASE_URL={URL}\n"),
        ("openai", Format.RESPONSES, f"OPENAI_BASE_URL={URL}/v1\n"),
        ("anthropic", Format.MESSAGES, f"ANTHROPIC_BASE_URL={URL}\n"),
        ("google-genai", Format.GEMINI, f"GOOGLE_GEMINI_BASE_URL={URL}\n"),
    ],
)
def test_a_version_is_in_the_address_where_the_tool_wants_it(name: str, format_: Format, base: str) -> None:
    assert base in block(told(name, format_, headers={}), "sh").text


@pytest.mark.parametrize(
    ("format_", "base", "kind"),
    [
        (Format.CHAT, f"{URL}/v1", "openai-completions"),
        (Format.RESPONSES, f"{URL}/v1", "openai-responses"),
        (Format.MESSAGES, URL, "anthropic-messages"),
        (Format.GEMINI, f"{URL}/v1beta", "google-generative-ai"),
    ],
)
def test_openclaw_gets_a_provider_of_its_own(format_: Format, base: str, kind: str) -> None:
    provider = values(told("openclaw", format_))["models"]["providers"]["audit"]
    assert (provider["baseUrl"], provider["api"]) == (base, kind)
    assert provider["apiKey"] == f"${{{format_.key_env}}}"
    assert [one["id"] for one in provider["models"]] == [format_.example]


@pytest.mark.parametrize(
    ("format_", "name", "base"),
    [
        (Format.CHAT, "audit", f"{URL}/v1"),
        (Format.RESPONSES, "openai", f"{URL}/v1"),
        (Format.MESSAGES, "anthropic", f"{URL}/v1"),
        (Format.GEMINI, "google", f"{URL}/v1beta"),
    ],
)
def test_opencode_keeps_its_own_providers_and_gets_one_for_chat(format_: Format, name: str, base: str) -> None:
    said = values(told("opencode", format_, model="m"))
    assert list(said["provider"]) == [name]
    assert said["provider"][name]["options"]["baseURL"] == base
    assert said["model"] == f"{name}/m"


def test_codex_gets_a_provider_of_its_own_which_does_without_websockets() -> None:
    said = values(told("codex", model="gpt-5", key_env="ROUTER_KEY"))
    assert said == {
        "model_provider": "audit",
        "model": "gpt-5",
        "model_providers": {
            "audit": {
                "name": "through audit",
                "base_url": f"{URL}/v1",
                "env_key": "ROUTER_KEY",
                "wire_api": "responses",
                "http_headers": TAGS,
            }
        },
    }


def test_claude_code_says_whose_calls_they_are_a_line_for_each() -> None:
    advice = told("claude-code", headers={"x-audit-project": "search", "x-audit-user": "ada"}, model="m")
    variables = values(advice)["env"]
    assert variables["ANTHROPIC_CUSTOM_HEADERS"] == "x-audit-project: search\nx-audit-user: ada"
    assert variables["ANTHROPIC_MODEL"] == "m"


def test_gemini_cli_says_it_in_one_line_and_which_key_it_uses() -> None:
    advice = told("gemini-cli", headers={"x-audit-project": "search", "x-audit-user": "ada"}, model="m")
    assert "GEMINI_CLI_CUSTOM_HEADERS='x-audit-project: search, x-audit-user: ada'\n" in block(advice, "dotenv").text
    assert "GEMINI_MODEL=m\n" in block(advice, "dotenv").text
    assert values(advice)["security"]["auth"]["selectedType"] == "gemini-api-key"


@pytest.mark.parametrize(
    ("name", "environ", "paths"),
    [
        ("claude-code", {}, ["/home/ada/.claude/settings.json"]),
        ("claude-code", {"CLAUDE_CONFIG_DIR": "/c"}, ["/c/settings.json"]),
        ("codex", {}, ["/home/ada/.codex/config.toml"]),
        ("codex", {"CODEX_HOME": "/c"}, ["/c/config.toml"]),
        ("gemini-cli", {}, ["/home/ada/.gemini/settings.json", "/home/ada/.gemini/.env"]),
        ("gemini-cli", {"GEMINI_CLI_HOME": "/c"}, ["/c/.gemini/settings.json", "/c/.gemini/.env"]),
        ("opencode", {}, ["/home/ada/.config/opencode/opencode.json"]),
        ("opencode", {"XDG_CONFIG_HOME": "/c"}, ["/c/opencode/opencode.json"]),
        ("opencode", {"OPENCODE_CONFIG": "/c/o.json"}, ["/c/o.json"]),
        ("openclaw", {}, ["/home/ada/.openclaw/openclaw.json"]),
        ("openclaw", {"OPENCLAW_STATE_DIR": "/c"}, ["/c/openclaw.json"]),
        ("openclaw", {"OPENCLAW_CONFIG_PATH": "/c/o.json"}, ["/c/o.json"]),
        ("aider", {}, []),
    ],
)
def test_files_are_where_the_tools_own_variables_say(name: str, environ: dict[str, str], paths: list[str]) -> None:
    advice = told(name, environ={**HOME, **environ})
    assert [one.path for one in advice.blocks if one.path] == [Path(path) for path in paths]


def test_chat_has_its_own_code() -> None:
    assert "chat.completions.create" in block(told("openai", Format.CHAT), "python").text
    assert "chat.completions.create" in block(told("openai", Format.CHAT), "javascript").text
    assert "responses.create" in block(told("openai"), "python").text
