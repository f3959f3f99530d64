from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest

from audit.proxy.plan import Plan
from audit.settings import ProviderSettings, RecordingSettings, Settings
from audit.supervision.child import Child
from audit.wiring.children import children_of, is_worker, workers

ROUTER = ProviderSettings(base_url="https://1.1.1.1/v1", key_env="ROUTER_KEY")
PLAN = Plan(listening_fd=3, rates_fd=4, journal="j", secret="s", upstreams=(), grace_s=20)
SETTINGS = Settings(home=Path("/nowhere"), providers={"router": ROUTER})


def children(
    settings: Settings = SETTINGS,
    config: Path | None = None,
    *,
    scheduler: bool = True,
    dashboard: tuple[str, int] | None = ("127.0.0.1", 8501),
    allow_remote: bool = False,
) -> dict[str, Child]:
    found = children_of(settings, config, scheduler=scheduler, dashboard=dashboard, allow_remote=allow_remote)
    return {child.name: child for child in found}


def words(child: Child) -> str:
    assert child.argv[:3] == (sys.executable, "-m", "audit")
    return " ".join(child.argv[3:])


def test_workers_are_told_what_to_do_and_which_keys_there_are() -> None:
    keys = [b"none\n"]
    plans = (PLAN, msgspec.structs.replace(PLAN, listening_fd=5, rates_fd=None))
    first, second = workers(plans, lambda: keys[0])
    assert (first.name, second.name) == ("worker-1", "worker-2")
    assert first.argv == (sys.executable, "-m", "audit.proxy")
    assert (first.descriptors, second.descriptors, first.patience_s) == ((3, 4), (5,), 25)
    keys[0] = b"some\n"
    plan, told = first.lines()
    assert (msgspec.json.decode(plan, type=Plan), plan[-1:], told) == (PLAN, b"\n", b"some\n")
    assert is_worker(first.name)
    assert not any(map(is_worker, children()))


def test_others_are_commands_that_end_with_whoever_has_started_them() -> None:
    found = children(config=Path("/etc/audit.toml"), allow_remote=True)
    assert {name: words(child) for name, child in found.items()} == {
        "collector": "--config /etc/audit.toml collect --with-parent --standby --status-lines",
        "scheduler": "--config /etc/audit.toml canary schedule --with-parent",
        "dashboard": "--config /etc/audit.toml dashboard --with-parent --host 127.0.0.1 --port 8501 --allow-remote",
    }
    assert words(children()["collector"]) == "collect --with-parent --standby --status-lines"
    assert words(children()["dashboard"]) == "dashboard --with-parent --host 127.0.0.1 --port 8501"


def test_what_is_not_wanted_does_not_run() -> None:
    assert list(children(scheduler=False, dashboard=None)) == ["collector"]


@pytest.mark.parametrize("recording", [RecordingSettings(drain=False), RecordingSettings(enabled=False)])
def test_there_is_no_collector_where_there_is_nothing_to_collect(recording: RecordingSettings) -> None:
    assert list(children(SETTINGS.model_copy(update={"recording": recording}))) == ["scheduler", "dashboard"]


def test_the_collector_ends_last_and_workers_first() -> None:
    (worker,) = workers([PLAN], bytes)
    found = children()
    assert worker.stage < found["scheduler"].stage == found["dashboard"].stage < found["collector"].stage


def test_keys_of_providers_are_for_those_who_call_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTER_KEY", "sk-secret")
    found = children()
    without = {name: value for name, value in os.environ.items() if name != "ROUTER_KEY"}
    assert found["collector"].environ == found["dashboard"].environ == without
    assert found["scheduler"].environ is None
    assert next(workers([PLAN], bytes)).environ is None
