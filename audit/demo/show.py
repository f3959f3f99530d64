"""The demo from curtain up to curtain down."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import httpx2

from audit import wiring
from audit.call import Exchange
from audit.canary.run import Checked
from audit.demo.acts import ACTS, PROVIDERS, Act
from audit.demo.comparison import Comparison, compare
from audit.demo.history import made_up
from audit.demo.performance import Performer, improvised
from audit.errors import AuditError
from audit.recording.recorder import Recorder
from audit.settings import Settings
from audit.simulator.process import running
from audit.store.scope import Canaries, Scope

__all__ = ["Stage", "performing"]

_DRAIN_S = 60.0
_PAST_DAYS, _PAST_CALLS = 21, 3_000
_PAUSE_S = 1.5
"""Between two calls of the live traffic."""
_START_S = 30.0
_SEED = 20261123


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A running simulator, a fresh record, and what fills it."""

    home: Path
    config: Path
    settings: Settings
    simulator: str
    recorder: Recorder

    def perform(self, acts: Sequence[Act] = ACTS) -> int:
        """Make every call of the programme; return how many requests that took."""
        performer = Performer(self.simulator, self.recorder)
        try:
            return performer.perform(acts)
        finally:
            performer.close()

    def check(self) -> list[Checked]:
        """Ask every canary once."""
        return list(wiring.run_canaries(self.settings, recorder=self.recorder))

    def compare(self) -> Comparison:
        """Compare what the simulator served with what is in the record by now."""
        if not self.recorder.flush(_DRAIN_S):
            raise AuditError(f"the journal was not drained within {_DRAIN_S:.0f} s; the log says why")
        served = httpx2.get(f"{self.simulator}/__sim/served").json()
        reader = wiring.open_reader(self.settings)
        try:
            return compare(served, reader)
        finally:
            reader.close()

    def make_up_a_past(self) -> int:
        """Fill the weeks before with calls like those just made; return how many."""
        store = wiring.open_store(self.settings)
        try:
            patterns = self._recorded()
            past = made_up(patterns, until=datetime.now(UTC), days=_PAST_DAYS, count=_PAST_CALLS, seed=_SEED)
            while batch := [store.read(exchange) for exchange in islice(past, 200)]:
                store.append(batch)
            return _PAST_CALLS
        finally:
            store.close()

    def keep_going(self) -> None:
        """Make calls and ask canaries until interrupted."""
        performer = Performer(self.simulator, self.recorder)
        try:
            with wiring.scheduling(self.settings, recorder=self.recorder):
                for act in improvised(ACTS, seed=time.time_ns()):
                    performer.perform([act])
                    time.sleep(_PAUSE_S)
        finally:
            performer.close()

    @contextmanager
    def dashboard(self, port: int) -> Iterator[str]:
        """Serve the pages from a process of their own; yield their address once they answer."""
        arguments = ["--config", str(self.config), "dashboard", "--port", str(port)]
        process = subprocess.Popen([sys.executable, "-m", "audit", *arguments], stdout=subprocess.DEVNULL)  # noqa: S603
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{address}/healthz", process)
            yield address
        finally:
            process.terminate()
            process.wait()

    def _recorded(self) -> list[Exchange]:
        reader = wiring.open_reader(self.settings)
        try:
            rows = reader.calls(Scope(canaries=Canaries.WITHOUT), limit=1_000).rows
            return [detail.exchange for row in rows if (detail := reader.call(row.id)) is not None]
        finally:
            reader.close()


@contextmanager
def performing(home: Path, *, latency: float) -> Iterator[Stage]:
    """Start a simulator and a recorder on a fresh record in `home`; stop both at the end."""
    with running(latency=latency) as simulator:
        config = home / "audit.toml"
        config.write_text(_configuration(home, simulator), encoding="utf-8")
        os.environ["AUDIT_DEMO_KEY"] = "k-canaries"
        settings = wiring.read_settings(config)
        recorder = wiring.open_recorder(settings)
        try:
            yield Stage(home=home, config=config, settings=settings, simulator=simulator, recorder=recorder)
        finally:
            recorder.close()


def _configuration(home: Path, simulator: str) -> str:
    providers = "\n".join(
        f'[providers.{name}]\nbase_url = "{simulator}/{name}"\nkey_env = "AUDIT_DEMO_KEY"\n'
        f'dialect = "{_DIALECTS.get(name, "openai_chat")}"\n'
        for name in PROVIDERS
    )
    return f'home = "{home}"\n\n{providers}\n{_CHECKED}'


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(url).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AuditError(
        f"the dashboard has not started (exit code {process.poll()}); is the port taken? --port picks another"
    )


_DIALECTS = {"router": "openai_responses", "anthropic": "anthropic_messages", "gemini": "gemini_generate"}
_CHECKED = """\
[[models]]
name = "gpt-5-mini"
provider = "router"

[[models]]
name = "gpt-4o"
provider = "openai"

[[models]]
name = "claude-haiku-4-5"
provider = "anthropic"

[[models]]
name = "gemini-2.5-flash"
provider = "gemini"

[[models]]
name = "llama-3.3-70b-versatile+slow=400"
provider = "groq"

[[canaries]]
name = "arithmetic"
prompt = "What is {a} + {b}? Answer with the number only."
every = "30s"
stream = true
expect.regex = '(?<!\\d){sum}(?!\\d)'
expect.max_first_token = "3s"

[[canaries]]
name = "filter-is-on"
prompt = "Something violent. [[sim:prompt_blocked=violence]]"
models = ["gpt-5-mini"]
every = "60s"
expect.outcome = "blocked_prompt"
"""
