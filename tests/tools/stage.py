"""A fake provider, the proxy before it, and a home in which nothing is set up: where real tools do their work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from audit.demo.comparison import compare
from audit.settings import ProviderSettings
from audit.store.rows import CallDetail
from audit.store.scope import Canaries, Scope
from audit.wiring import open_reader
from tests.proxy.running import running_proxy
from tests.wired import settings_of

__all__ = ["MODELS", "TOOLS", "Stage", "program", "staged"]

TOOLS = Path(os.environ.get("AUDIT_TEST_TOOLS", "/nonexistent"))
MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5", "gemini": "gemini-2.5-flash"}
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}
MOST_S = 180.0
QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENCLAW_NO_AUTO_UPDATE": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
}
"""So that tools ask nobody but the proxy."""


def program(name: str) -> Path:
    """Return where an installed program is; skip the test where it is not."""
    venvs = (TOOLS / venv / "bin" for venv in ("frameworks", "litellm", "aider"))
    found = [place / name for place in (TOOLS / "node_modules" / ".bin", *venvs) if (place / name).exists()]
    if not found:
        pytest.skip(f"AUDIT_TEST_TOOLS names no folder with {name}: `python3 -m tests.tools.install FOLDER` makes one")
    return found[0]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a test has: tools run here send their calls through the proxy at `url`."""

    url: str
    home: Path
    """Of the tool."""
    simulator: str
    calls: list[CallDetail] = field(default_factory=list)
    """What is in the record, once the proxy has ended."""
    served: list[dict[str, Any]] = field(default_factory=list)
    """What the provider says that it has served; likewise."""

    @property
    def environ(self) -> dict[str, str]:
        keys = dict.fromkeys(KEYS.values(), "sk-not-a-key")
        path = f"{TOOLS / 'node_modules' / '.bin'}:/usr/local/bin:/usr/bin:/bin"
        return {"PATH": path, "HOME": str(self.home), "TERM": "dumb", "LANG": "C.UTF-8", **keys, **QUIET}

    def connect(self, tool: str, provider: str, *words: str) -> dict[str, Any]:
        """Return what `audit connect` has to say to a tool."""
        place = ["--url", self.url, "--provider", provider, "--project", "tools", "--label", "source=demo"]
        command = [sys.executable, "-m", "audit", "--config", str(self.home / "audit.toml")]
        said = self.run([*command, "connect", tool, *place, *words, "--json"], PYTHONPATH=os.getcwd())
        advice: dict[str, Any] = json.loads(said)
        return advice

    def run(self, command: Sequence[str | Path], *, shell: str = "", **environ: str) -> str:
        """Run a command in the tool's home, after lines of shell, and return what it prints."""
        ran = subprocess.run(
            ["bash", "-ec", f'{shell}\nexec "$@"', "bash", *command],
            env={**self.environ, **environ},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MOST_S,
            check=False,
        )
        assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
        return ran.stdout


@contextmanager
def staged(simulator: str, folder: Path, *, tagged: bool = True) -> Iterator[Stage]:
    """Yield a stage; at its end everything served is compared with everything recorded, figure by figure.

    Not `tagged`: whose calls they are need not be told, for the tool has no way to.
    """
    home, ours = folder / "theirs", folder / "ours"
    for one in (home, ours):
        one.mkdir()
    upstreams = {name: f"{simulator}/{name}" for name in MODELS}
    (home / "audit.toml").write_text(_configuration(upstreams))
    before = httpx2.get(f"{simulator}/__sim/health", trust_env=False).json()["served"]
    with running_proxy(upstreams, home=ours) as proxy:
        stage = Stage(url=proxy.url, home=home, simulator=simulator)
        yield stage
    stage.served.extend(httpx2.get(f"{simulator}/__sim/served?after={before}", trust_env=False).json())
    assert not (wrong := _wrong(_differences(stage, ours, upstreams), tagged=tagged)), "\n".join(wrong)


def _wrong(differences: Sequence[str], *, tagged: bool) -> list[str]:
    """Return the differences that are ones.

    Some tools hang up once an answer is whole, however far its last bytes have come; whether it was is compared too.
    SDKs do so at an error in a stream, behind which a response may still say that it has failed.
    """
    left = [one.partition(": ending served")[0] for one in differences if one.endswith(_HUNG_UP)]
    meant = (": tags served True",) if not tagged else ()
    meant = (*meant, *(f"{call}: {what} served" for call in left for what in ("ending", "response bytes")))
    meant = (*meant, *(f"{call}: finish reasons served 'failed', recorded None" for call in left))
    return [one for one in differences if not any(part in one for part in meant)]


_HUNG_UP = ": ending served 'eof', recorded 'closed'"


def _configuration(upstreams: Mapping[str, str]) -> str:
    return "".join(
        f'[providers.{name}]\nbase_url = "{url}"\nkey_env = "{KEYS[name]}"\n' for name, url in upstreams.items()
    )


def _differences(stage: Stage, home: Path, upstreams: Mapping[str, str]) -> Sequence[str]:
    providers = {name: ProviderSettings(base_url=url) for name, url in upstreams.items()}
    with closing(open_reader(settings_of(home, providers=providers))) as reader:
        found = compare(stage.served, reader, sent=len(stage.served))
        rows = reader.calls(Scope(canaries=Canaries.WITH), limit=1000).rows
        stage.calls.extend(detail for row in reversed(rows) if (detail := reader.call(row.id)))
    assert found.recorded
    return found.differences
