"""What `import audit` offers, and what it costs: nothing until something of it is used."""

from __future__ import annotations

import ast
import inspect
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import audit
from tests.recording.upstream import Upstream, answer, running

HEAVY = {"starlette", "uvicorn", "fastapi", "streamlit", "pandas", "click", "rich", "alembic", "apscheduler"}
WATCH = """
import json, sys
told = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.bind", "os.mkdir", "subprocess.Popen", "os.rename"):
        told.append(event)
    elif event == "open" and arguments[2] & 3:
        told.append(f"write {arguments[0]}")
sys.addaudithook(watch)
"""
"""Notes connections, and whatever is opened to be written to."""
TELL = """
print(json.dumps({"modules": sorted({name.partition(".")[0] for name in sys.modules}), "told": told}))
"""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running() as upstream:
        upstream.play("/v1/chat/completions", answer(b"{}", content_type="application/json"))
        yield upstream


def done_by(program: str, folder: Path) -> tuple[set[str], list[str]]:
    """Run a program in an empty folder of its own; return the modules it has loaded and what it has touched."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WATCH + program + TELL],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(Path(audit.__file__).parents[1]),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    return set(told["modules"]), told["told"]


def test_the_list_is_sorted_and_is_what_can_be_seen() -> None:
    assert audit.__all__ == sorted(audit.__all__)
    assert dir(audit) == audit.__all__


@pytest.mark.parametrize("name", audit.__all__)
def test_whatever_is_listed_is_there_and_says_what_it_is_for(name: str) -> None:
    thing = getattr(audit, name)
    assert isinstance(thing, str) or inspect.getdoc(thing)


def test_all_of_it_can_be_imported_at_once() -> None:
    space: dict[str, Any] = {}
    exec("from audit import *", space)
    assert set(audit.__all__) <= set(space)


def test_a_type_checker_sees_the_same() -> None:
    tree = ast.parse(Path(audit.__file__).read_text(encoding="utf-8"))
    [checked] = [node for node in tree.body if isinstance(node, ast.If)]
    shown = {
        alias.name: part.module for part in checked.body if isinstance(part, ast.ImportFrom) for alias in part.names
    }
    assert {*shown, "__version__"} == set(audit.__all__)
    for name, module in shown.items():
        assert getattr(audit, name) is getattr(sys.modules[str(module)], name)


def test_what_is_not_listed_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'audit' has no attribute 'atach'"):
        audit.atach  # noqa: B018


def test_importing_it_loads_nothing_heavy_and_touches_nothing(tmp_path: Path) -> None:
    modules, told = done_by("import audit", tmp_path)
    assert modules.isdisjoint({*HEAVY, "sqlalchemy", "httpx", "httpx2", "pydantic", "asyncio"})
    assert told == []
    assert list(tmp_path.iterdir()) == []


def test_the_recording_client_is_imported_without_a_database_and_touches_nothing(tmp_path: Path) -> None:
    modules, told = done_by("from audit import attach, record, tags", tmp_path)
    assert modules.isdisjoint({*HEAVY, "sqlalchemy", "httpx", "httpx2"})
    assert told == []


@pytest.mark.parametrize(
    ("library", "its_own"),
    [("httpx2", set[str]()), ("httpx", {"click", "rich"})],  # httpx imports its own command line where it can
)
def test_a_recorded_call_needs_neither_pages_nor_commands(
    tmp_path: Path, upstream: Upstream, library: str, its_own: set[str]
) -> None:
    program = f"""
import audit
from audit import wiring
with audit.{library}_client(trust_env=False) as client, audit.tags(project="p"):
    assert client.post("{upstream.url}/v1/chat/completions", json={{}}).status_code == 200
assert wiring.default_recorder().flush(20)
"""
    modules, _ = done_by(program, tmp_path)
    assert modules.isdisjoint(HEAVY - {"alembic"} - its_own)  # the database is made by migrations
    assert {"sqlalchemy", library} <= modules
    assert [path.name for path in tmp_path.rglob("audit.db")] == ["audit.db"]


def test_a_call_that_is_only_journalled_needs_no_database_either(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / "audit.toml").write_text("[recording]\ndrain = false")
    program = f"""
import audit
with audit.httpx2_client(trust_env=False) as client:
    client.post("{upstream.url}/v1/chat/completions", json={{}})
"""
    modules, _ = done_by(program, tmp_path)
    assert modules.isdisjoint({*HEAVY, "sqlalchemy", "httpx"})
    assert len(list(tmp_path.rglob("*.0.journal"))) == 1
    assert list(tmp_path.rglob("audit.db")) == []


def test_the_package_can_be_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["audit", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("audit", run_name="__main__")
    assert (ended.value.code, capsys.readouterr().out) == (0, f"audit, version {audit.__version__}\n")


def test_importing_what_runs_it_runs_nothing() -> None:
    assert runpy.run_module("audit.__main__")["__all__"] == []
