"""`audit connect`, as people use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Audit
from tests.proxy.collected import collecting
from tests.proxy.running import running_proxy
from tests.wired import environment_of, settings_of

TWO = """
[providers.openai]
base_url = "https://api.openai.com/v1"
key_env = "MY_OPENAI"

[providers.anthropic]
base_url = "https://api.anthropic.com"
"""


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home, with nothing in it."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME", "OPENCODE_CONFIG", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def configured(theirs: Path, tmp_path: Path) -> Path:
    path = tmp_path / "audit.toml"
    path.write_text(TWO)
    return path


def test_without_a_tool_the_tools_are_listed(audit: Audit) -> None:
    said = audit("connect")
    assert said.code == 0
    assert any(line.split()[0] == "claude-code" for line in said.lines)
    assert "codex" in [one["name"] for one in audit("connect", "--json").json]


def test_what_to_set_is_printed_for_the_provider_that_fits(audit: Audit, theirs: Path) -> None:
    said = audit("connect", "claude-code", "--project", "search", "--label", "Team=blue")
    assert said.code == 0
    assert "export ANTHROPIC_BASE_URL=http://127.0.0.1:8484/anthropic\n" in said.out
    assert "x-audit-project: search\nx-audit-team: blue'" in said.out
    assert f"# {theirs}/.claude/settings.json\n" in said.out
    assert said.err.startswith("Claude Code → http://127.0.0.1:8484/anthropic (anthropic)\n")
    assert "--write puts it into the file" in said.err


def test_json_has_all_of_it(audit: Audit) -> None:
    said = audit("connect", "openai", "--user", "ada", "--model", "gpt-5", "--json").json
    assert (said["tool"], said["provider"], said["format"], said["key_env"]) == (
        "openai",
        "openai",
        "responses",
        "MY_OPENAI",
    )
    assert [one["language"] for one in said["blocks"]] == ["sh", "python", "javascript"]
    assert 'model="gpt-5"' in said["blocks"][1]["text"]
    assert said["written"] == []


def test_what_has_no_file_is_only_printed(audit: Audit) -> None:
    assert "--write" not in audit("connect", "litellm", "--provider", "openai").err
    said = audit("connect", "litellm", "--provider", "openai", "--write")
    assert (said.code, said.out) == (2, "")
    assert "litellm has no file that we write" in said.err


@pytest.mark.parametrize(
    ("words", "url"),
    [
        (["--url", "http://gateway:8484/llm/"], "http://gateway:8484/llm"),
        (["--url", "https://gateway", "--provider", "openai"], "https://gateway/openai"),
    ],
)
def test_another_proxy_has_its_own_address(audit: Audit, words: list[str], url: str) -> None:
    assert audit("connect", "codex", *words, "--json").json["url"] == url


@pytest.mark.parametrize(
    ("proxy", "url"),
    [
        ('host = "0.0.0.0"\nport = 1', "http://127.0.0.1:1/openai"),
        ('host = "::"', "http://[::1]:8484/openai"),
        ('host = "gateway"\nroot = "openai"', "http://gateway:8484"),
    ],
)
def test_our_own_proxy_is_where_it_is_configured(audit: Audit, configured: Path, proxy: str, url: str) -> None:
    configured.write_text(f"[proxy]\n{proxy}\n{TWO}")
    assert audit("connect", "codex", "--json").json["url"] == url


def test_only_providers_that_are_served_are_chosen(audit: Audit, configured: Path) -> None:
    configured.write_text(f'[proxy]\nproviders = "anth*"\n{TWO}')
    said = audit("connect", "codex")
    assert "http://127.0.0.1:8484/anthropic/v1" in said.out
    assert "anthropic has to speak responses too: what is known of it is messages" in said.err


def test_where_nobody_is_configured_the_root_is_meant(audit: Audit, configured: Path) -> None:
    configured.write_text("")
    said = audit("connect", "codex")
    assert 'base_url = "http://127.0.0.1:8484/v1"' in said.out
    assert "`audit proxy --upstream URL` serves one at this address" in said.err


def test_issued_keys_are_told_of_and_the_providers_own_is_not_the_tools(audit: Audit, configured: Path) -> None:
    configured.write_text(f'[proxy]\nkeys = "issued"\n{TWO}')
    said = audit("connect", "codex")
    assert 'env_key = "OPENAI_API_KEY"' in said.out
    assert "OPENAI_API_KEY has to hold one of `audit keys issue`" in said.err
    assert 'env_key = "ELSE"' in audit("connect", "codex", "--key-env", "ELSE").out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["emacs"], "'emacs' is not one of"),
        (["opencode"], "several providers fit; --provider says which is meant: openai, anthropic"),
        (["codex", "--provider", "router"], "the proxy serves no provider 'router'"),
        (["codex", "--url", "gateway:8484"], "is no address such as"),
        (["codex", "--format", "gemini"], "Codex speaks responses"),
        (["codex", "--key-env", "sk-123"], "no name of a variable"),
        (["codex", "--label", "team"], "'team' is not NAME=VALUE"),
        (["codex", "--label", "te am=x"], "is not NAME=VALUE"),
        (["codex", "--project", "a\nb"], "cannot be sent in a header"),
        (["codex", "--user", "Zoë"], "cannot be sent in a header"),
        (["--check", "--format", "gemini", "--provider", "x"], "serves no provider 'x'"),
        (["--write"], "--write wants a TOOL"),
    ],
)
def test_what_cannot_be_meant_is_refused(audit: Audit, words: list[str], complaint: str) -> None:
    said = audit("connect", *words)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err


def test_a_port_that_is_not_known_is_asked_for(audit: Audit, configured: Path) -> None:
    configured.write_text(f"[proxy]\nport = 0\n{TWO}")
    assert "--url says where it is" in audit("connect", "codex").err


def test_writing_keeps_what_is_there_and_shows_what_changes_without_secrets(audit: Audit, theirs: Path) -> None:
    path = theirs / ".claude" / "settings.json"
    path.parent.mkdir()
    before = '{"env": {"ANTHROPIC_BASE_URL": "http://old", "OTHER_TOKEN": "hunter2"}, "apiKey": "sk-hidden"}'
    path.write_text(before)
    path.chmod(0o640)
    said = audit("connect", "claude-code", "--write")
    assert said.code == 0
    written = json.loads(path.read_text())
    assert written["env"] == {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8484/anthropic", "OTHER_TOKEN": "hunter2"}
    assert written["apiKey"] == "sk-hidden"
    (copy,) = path.parent.glob("settings.json.before-audit-*")
    assert copy.read_text() == before
    assert [one.stat().st_mode & 0o777 for one in (path, copy)] == [0o640, 0o640]
    assert f"as it was: {copy}" in said.out
    assert '+    "ANTHROPIC_BASE_URL": "http://127.0.0.1:8484/anthropic"' in said.out
    assert "hunter2" not in said.out
    assert "sk-hidden" not in said.out
    assert sorted(one.name for one in path.parent.iterdir()) == ["settings.json", copy.name]


def test_a_second_time_nothing_is_written(audit: Audit, theirs: Path) -> None:
    audit("connect", "codex", "--write")
    path = theirs / ".codex" / "config.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat()
    said = audit("connect", "codex", "--write")
    assert said.lines == [f"{path}: says so already"]
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert audit("connect", "codex", "--write", "--json").json["written"] == [
        {"path": str(path), "changed": False, "backup": None}
    ]
    assert [one.name for one in path.parent.iterdir()] == ["config.toml"]


def test_names_of_variables_are_shown_for_they_are_no_secrets(audit: Audit, theirs: Path) -> None:
    assert '+env_key = "MY_OPENAI"' in audit("connect", "codex", "--write").out
    said = audit("connect", "opencode", "--provider", "openai", "--write")
    assert '"apiKey": "{env:MY_OPENAI}"' in said.out


def test_a_link_stays_one(audit: Audit, theirs: Path) -> None:
    (theirs / ".codex").mkdir()
    real = theirs / "dotfiles.toml"
    real.write_text("# mine\n")
    (theirs / ".codex" / "config.toml").symlink_to(real)
    audit("connect", "codex", "--write")
    assert (theirs / ".codex" / "config.toml").is_symlink()
    assert real.read_text().startswith("# mine\n")
    assert 'model_provider = "audit"' in real.read_text()


@pytest.mark.parametrize(("data", "complaint"), [(b"{} // mine", "is no plain JSON"), (b"\xff", "is no UTF-8")])
def test_a_file_that_is_not_understood_is_left_alone(audit: Audit, theirs: Path, data: bytes, complaint: str) -> None:
    path = theirs / ".claude" / "settings.json"
    path.parent.mkdir()
    path.write_bytes(data)
    said = audit("connect", "claude-code", "--write")
    assert said.code == 2
    assert complaint in said.err
    assert "To be put in by hand:\n{\n" in said.err
    assert path.read_bytes() == data


@pytest.fixture
def through(provider: str, home: Path, configured: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a proxy that records into our home."""
    monkeypatch.setenv("MY_OPENAI", "sk-not-a-key")
    with running_proxy({"openai": f"{provider}/openai"}, home=home) as proxy, collecting(settings_of(home)):
        configured.write_text(f"[proxy]\nport = {proxy.port}\n{TWO}")
        yield proxy.url


def test_a_check_shows_the_call_that_it_made(audit: Audit, through: str) -> None:
    said = audit("connect", "--check", "codex", "--model", "gpt-5-mini", "--project", "search")
    assert (said.code, said.err) == (0, "")
    assert any(
        line.startswith("request         POST ") and line.endswith("/openai/v1/responses") for line in said.lines
    )
    assert any(line.startswith("tags            project=search, check=") for line in said.lines)
    assert not any(line.startswith(" ") for line in said.lines)


def test_a_check_without_a_tool_asks_a_model_that_is_configured(audit: Audit, through: str, configured: Path) -> None:
    configured.write_text(f'{configured.read_text()}\n[[models]]\nname = "gpt-4.1-mini"\nprovider = "openai"\n')
    said = audit("connect", "--check", "--provider", "openai", "--json").json
    assert (said["status"], said["problem"]) == (200, None)
    assert said["call"]["row"]["model_requested"] == "gpt-4.1-mini"


def test_a_providers_error_is_told_with_the_call(audit: Audit, through: str) -> None:
    said = audit("connect", "--check", "codex", "--model", "gpt-5-mini+server_error")
    assert said.code == 1
    assert "the proxy works, but the provider answered 500: " in said.err
    assert any(line.startswith("status          500, error") for line in said.lines)


def test_what_the_proxy_refuses_is_told_so(audit: Audit, through: str) -> None:
    said = audit("connect", "--check", "codex", "--model", "m", "--url", f"{through}/nobody", "--key-env", "MY_OPENAI")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("the proxy refused it (404, ")


def test_a_call_that_is_not_recorded_here_is_told_so(
    audit: Audit, through: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environment_of(tmp_path / "elsewhere").items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr("audit.wiring.connecting.check.__kwdefaults__", {"provider": None, "record_s": 0.1})
    said = audit("connect", "--check", "codex", "--model", "gpt-5-mini")
    assert (said.code, said.out) == (1, "")
    assert f"did not come into the record at {tmp_path / 'elsewhere'}" in said.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["codex"], "MY_OPENAI is not set; it has to hold the key to ask with"),
        (["claude-code"], "no model is configured there; --model says which to ask"),
        (["claude-code", "--model", "m"], "nothing answers at http://127.0.0.1:9/anthropic"),
        (["codex", "--url", "http://127.0.0.1:9"], "OPENAI_API_KEY is not set"),
    ],
)
def test_a_check_that_cannot_be_made_says_what_is_missing(
    audit: Audit, configured: Path, words: list[str], complaint: str
) -> None:
    configured.write_text(f"[proxy]\nport = 9\n{TWO}")
    said = audit("connect", "--check", *words)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err
