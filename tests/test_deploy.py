"""What ships for running it as services names commands and options that there are, and gives them time to end."""

from __future__ import annotations

import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest

from audit.settings import ProxySettings, Settings
from audit.wiring.children import children_of, workers
from audit.wiring.proxying import plan_of
from tests.cli.test_main import LEAVES

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
COMMANDS = dict(LEAVES)


def service(path: Path) -> dict[str, str]:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # as documented
    unit.read(path, encoding="utf-8")
    return dict(unit["Service"])


def composed() -> list[list[str]]:
    """The commands of the compose file, which are lists on one line each."""
    lines = (DEPLOY / "compose.yaml").read_text(encoding="utf-8").splitlines()
    given = [line.partition("[")[2].rstrip("]") for line in lines if line.strip().startswith("command: [")]
    return [[word.strip().strip('"') for word in words.split(",")] for words in given]


def understood(words: list[str]) -> str:
    """Return the name of a command that takes these words."""
    name = next(name for name in (" ".join(words[:2]), words[0]) if name in COMMANDS)
    options = words[len(name.split()) :]
    COMMANDS[name].make_parser(COMMANDS[name].make_context(name, [], resilient_parsing=True)).parse_args(options)
    return name


def test_units_run_what_there_is() -> None:
    commands = {path.stem: shlex.split(service(path)["ExecStart"]) for path in UNITS}
    assert {name: understood(words[1:]) for name, words in commands.items()} == {
        "audit": "up",
        "audit-dashboard": "dashboard",
        "audit-proxy": "proxy",
        "audit-scheduler": "canary schedule",
    }
    assert {words[0] for words in commands.values()} == {"/opt/audit/bin/audit"}


def test_so_does_the_compose_file() -> None:
    assert [understood(words) for words in composed()] == ["proxy", "canary schedule", "dashboard"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_give_up_what_they_do_not_need(path: Path) -> None:
    unit = service(path)
    assert unit["User"] == "audit"
    assert unit["KillMode"] == "mixed"
    assert (unit["NoNewPrivileges"], unit["ProtectSystem"], unit["CapabilityBoundingSet"]) == ("yes", "strict", "")
    assert (unit["StateDirectory"], unit["StateDirectoryMode"], unit["UMask"]) == ("audit", "0700", "0077")


def test_only_who_calls_providers_has_their_keys() -> None:
    assert {path.stem for path in UNITS if "EnvironmentFile" not in service(path)} == {"audit-dashboard"}


def test_all_processes_have_the_time_to_end_that_they_may_take(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, proxy=ProxySettings())
    place = ("127.0.0.1", 1)
    others = list(children_of(settings, None, scheduler=True, dashboard=place, allow_remote=False))
    longest: dict[int, float] = {}
    for child in (*workers([plan_of(settings, 3, None)], bytes), *others):
        longest[child.stage] = max(longest.get(child.stage, 0), child.patience_s)
    assert sum(longest.values()) < int(service(DEPLOY / "audit.service")["TimeoutStopSec"])
