"""The demo from curtain up to curtain down."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import httpx2

from audit import wiring
from audit.call import Exchange
from audit.canary.run import Checked
from audit.demo.acts import PROVIDERS, Act
from audit.demo.comparison import Comparison, compare
from audit.demo.history import made_up
from audit.demo.performance import Performer, improvised
from audit.demo.programme import ACTS
from audit.errors import AuditError
from audit.recording.recorder import Recorder
from audit.settings import Settings, load_settings
from audit.simulator.process import running
from audit.store.rows.verified import Verified
from audit.store.scope import Canaries, Scope
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import verify_record

__all__ = ["PAST_CALLS", "Stage", "performing"]

PAST_CALLS = 2_000
_PAST_DAYS = 21
_AT_ONCE = 200
_DRAIN_S = 60.0
_PAUSE_S = 1.5
"""Between two calls of the live traffic."""
_START_S, _STOP_S = 60.0, 5.0
_SEED = 20261123
_log = logging.getLogger("audit")
Progress = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A running simulator, a fresh record, and what fills it."""

    home: Path
    config: Path
    settings: Settings
    simulator: str
    recorder: Recorder

    def perform(self, acts: Sequence[Act] = ACTS, done: Progress = lambda: None) -> int:
        """Make every call of the programme; return how many requests that took."""
        with closing(Performer(self.simulator, self.recorder)) as performer:
            return performer.perform(acts, done)

    def check(self) -> list[Checked]:
        """Ask every canary once."""
        return list(wiring.run_canaries(self.settings, wiring.assignments(self.settings), recorder=self.recorder))

    def verify(self) -> Verified:
        """Have the ledger signed, and hold the record to it."""
        sign_now(self.settings)
        return verify_record(self.settings)

    def compare(self, *, sent: int) -> Comparison:
        """Compare what was sent, what the simulator served, and what is in the record by now."""
        if not self.recorder.flush(_DRAIN_S):
            raise AuditError(f"the journal was not drained within {_DRAIN_S:.0f} s; the log says why")
        served = httpx2.get(f"{self.simulator}/__sim/served", trust_env=False).json()
        with closing(wiring.open_reader(self.settings)) as reader:
            return compare(served, reader, sent=sent)

    def make_up_a_past(self, done: Callable[[int], None] = lambda _number: None) -> None:
        """Fill the weeks before with `PAST_CALLS` calls like those just made; `done` is told of each batch."""
        patterns = self._recorded()
        past = made_up(patterns, until=datetime.now(UTC), days=_PAST_DAYS, count=PAST_CALLS, seed=_SEED)
        with closing(wiring.open_store(self.settings)) as store:
            while batch := [store.read(exchange) for exchange in islice(past, _AT_ONCE)]:
                store.append(batch)
                done(len(batch))

    def keep_going(self, pause_s: float = _PAUSE_S) -> None:
        """Make calls, and ask canaries on schedule, until interrupted."""
        with (
            closing(Performer(self.simulator, self.recorder)) as performer,
            wiring.scheduling(self.settings, recorder=self.recorder),
        ):
            for act in improvised(ACTS, seed=time.time_ns()):
                _perform(performer, act)
                time.sleep(pause_s)

    @contextmanager
    def dashboard(self, port: int) -> Iterator[Callable[[], str]]:
        """Start to serve the pages; yield what waits until they answer, and then returns their address."""
        command = [sys.executable, "-m", "audit.demo.pages", str(self.config), str(port)]
        process = subprocess.Popen(  # noqa: S603  # our own interpreter and our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=_without_settings(os.environ),
            start_new_session=True,  # Ctrl-C is ours to deal with
        )
        address = f"http://127.0.0.1:{port}"
        try:
            yield lambda: _answering(address, process)
        finally:
            _stop(process)

    def _recorded(self) -> list[Exchange]:
        with closing(wiring.open_reader(self.settings)) as reader:
            rows = reader.calls(Scope(canaries=Canaries.WITHOUT), limit=1_000).rows
            return [detail.exchange for row in rows if (detail := reader.call(row.id)) is not None]


@contextmanager
def performing(home: Path, *, latency: float = 0.0) -> Iterator[Stage]:
    """Start a simulator and a recorder on a fresh record in `home`; stop both at the end.

    `latency` scales the delays of a lifelike provider. Settings in the environment do not count: the demo's calls have
    no business in a record of yours.
    """
    with running(latency=latency) as simulator:
        config = home / "audit.toml"
        config.write_text(_configuration(home, simulator), encoding="utf-8")
        settings = load_settings({}, config)
        with closing(wiring.open_recorder(settings)) as recorder:
            yield Stage(home=home, config=config, settings=settings, simulator=simulator, recorder=recorder)


def _perform(performer: Performer, act: Act) -> None:
    try:
        performer.perform([act])
    except Exception:  # noqa: BLE001  # told with its traceback; the next call may go well
        _log.exception("a call of the demo failed")


def _configuration(home: Path, simulator: str) -> str:
    providers = "\n".join(
        f'[providers.{name}]\nbase_url = "{simulator}/{name}"\ndialect = "{_DIALECTS.get(name, "openai_chat")}"\n'
        for name in PROVIDERS
    )
    return f"home = {json.dumps(str(home))}\n\n{providers}\n{_CHECKED}"


def _without_settings(environ: os._Environ[str]) -> dict[str, str]:
    ours = ("AUDIT_CONFIG", "AUDIT_HOME", "AUDIT_DATABASE_URL")
    return {name: value for name, value in environ.items() if name not in ours}


def _answering(address: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{address}/healthz", trust_env=False).is_success:
                return address
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AuditError(f"the dashboard has not started at {address} (exit code {process.poll()}); it says why above")


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


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
