"""What an installation stands on is told, and what is wrong with it comes with what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from audit import surroundings
from audit.store.engine import sqlite_module
from audit.surroundings import Finding, Level


def only(findings: Any) -> Finding:
    [finding] = findings
    assert isinstance(finding, Finding)
    return finding


def with_sqlite(monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]) -> None:
    module = ModuleType("sqlite3.dbapi2")
    module.sqlite_version_info, module.sqlite_version = version, ".".join(map(str, version))  # type: ignore[attr-defined]
    monkeypatch.setattr(surroundings, "sqlite_module", lambda: module)


def with_distributions(monkeypatch: pytest.MonkeyPatch, **required: list[str] | None) -> None:
    """Let these be all that is installed, with what each of them requires."""
    installed = {name.replace("_", "-"): lines for name, lines in required.items()}

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return "1.2"

    monkeypatch.setattr(surroundings, "metadata", SimpleNamespace(**vars(metadata)))
    monkeypatch.setattr(surroundings.metadata, "version", version)
    monkeypatch.setattr(surroundings.metadata, "requires", lambda name: installed[name])


def with_room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free))


def test_the_interpreter_and_the_sqlite_in_use_are_told() -> None:
    finding = only(surroundings.python())
    assert finding.level is Level.GOOD
    assert finding.text.startswith(f"Python {platform.python_version()}, SQLite {sqlite_module().sqlite_version} (")


@pytest.mark.parametrize(("version", "level"), [((3, 51, 2), Level.BAD), ((3, 51, 3), Level.GOOD)])
def test_a_sqlite_that_can_corrupt_the_record_is_bad(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], level: Level
) -> None:
    with_sqlite(monkeypatch, version)
    finding = only(surroundings.python())
    assert finding.level is level
    assert ("too old, 3.51.3 is the first that is safe; pip install pysqlite3" in finding.text) is (level is Level.BAD)


def test_the_sdks_here_are_told_with_the_library_they_speak_through() -> None:
    sdks, others = surroundings.libraries()
    assert f"openai {metadata.version('openai')} (on httpx2)" in sdks.text
    assert f"anthropic {metadata.version('anthropic')} (on httpx2)" in sdks.text
    assert f"google-genai {metadata.version('google-genai')} (on httpx2)" in sdks.text
    assert f"httpx {metadata.version('httpx')}" in others.text
    assert (sdks.level, others.level) == (Level.GOOD, Level.GOOD)


@pytest.mark.parametrize(
    ("required", "family"),
    [
        (["anyio<5", "httpx2<3,>=2.10"], "httpx2"),
        (["httpx<1,>=0.23.0", 'httpx-aiohttp; extra == "aiohttp"'], "httpx"),
        (["httpx[http2] (>=0.23)", "httpx2; extra == 'new'"], "httpx"),
        (["httpx-sse", "requests"], "neither httpx2 nor httpx"),
        (None, "neither httpx2 nor httpx"),
    ],
)
def test_an_sdks_library_is_the_one_it_requires(
    monkeypatch: pytest.MonkeyPatch, required: list[str] | None, family: str
) -> None:
    with_distributions(monkeypatch, openai=required)
    assert next(surroundings.libraries()).text == f"openai 1.2 (on {family})"


def test_without_an_sdk_it_says_what_can_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    with_distributions(monkeypatch, httpx=[], genai_prices=[])
    assert [finding.text for finding in surroundings.libraries()] == [
        "no SDK is installed; any httpx2 or httpx client can be recorded",
        "httpx 1.2, genai-prices 1.2",
    ]


def test_a_home_that_is_there_is_good(tmp_path: Path) -> None:
    assert only(surroundings.home(tmp_path)) == Finding(Level.GOOD, str(tmp_path))


def test_a_home_that_can_be_made_is_good_and_stays_unmade(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert only(surroundings.home(folder)) == Finding(Level.GOOD, f"{folder}: not there yet, made on first use")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
@pytest.mark.parametrize("below", ["", "home"])
def test_a_home_that_is_or_lies_below_what_is_no_folder_is_bad(tmp_path: Path, make: Any, below: str) -> None:
    make(tmp_path / "file")
    finding = only(surroundings.home(tmp_path / "file" / below))
    assert finding.level is Level.BAD
    assert finding.text == f"{tmp_path}/file is no folder: nothing can be recorded; set AUDIT_HOME to another one"


@pytest.mark.parametrize("below", ["", "home"])
def test_a_home_that_cannot_be_written_to_is_bad(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, below: str) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: path != tmp_path)  # who tests as root may write anywhere
    finding = only(surroundings.home(tmp_path / below))
    assert finding.level is Level.BAD
    assert finding.text == f"{tmp_path} is not writable: nothing can be recorded; set AUDIT_HOME to another one"


@pytest.mark.parametrize(
    ("free", "level", "says"),
    [
        (99_999_999, Level.BAD, "0.1 GB free: soon nothing can be recorded; make room"),
        (100_000_000, Level.NOTE, "0.1 GB free: that is not much"),
        (999_999_999, Level.NOTE, "1.0 GB free: that is not much"),
        (1_000_000_000, Level.GOOD, "1.0 GB free"),
    ],
)
def test_little_room_is_told_before_it_is_too_little(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, level: Level, says: str
) -> None:
    with_room(monkeypatch, free)
    finding = only(surroundings.disk(tmp_path))
    assert finding.level is level
    assert finding.text.startswith(says)


def test_the_room_is_that_of_the_disk_on_which_the_home_will_be(tmp_path: Path) -> None:
    assert only(surroundings.disk(tmp_path / "not" / "there")).text.endswith(" GB free")


def test_the_variables_that_are_set_are_told_without_their_values() -> None:
    environ = {"AUDIT_HOME": "/secret/place", "AUDIT_DATABASE_URL": "postgresql://u:secret@h/d", "AUDIT_CONFIG": ""}
    finding = only(surroundings.environment(environ))
    assert finding.level is Level.GOOD
    assert finding.text.endswith("; set: AUDIT_HOME, AUDIT_DATABASE_URL")
    assert "secret" not in finding.text


def test_with_nothing_set_it_says_so() -> None:
    assert only(surroundings.environment({})).text.endswith("; set: nothing")


def test_a_misspelt_variable_is_told_with_the_one_that_was_meant() -> None:
    _, *notes = surroundings.environment(
        {"AUDIT_DATABASE": "x", "AUDITHOME": "x", "AUDIT_API_KEY": "x", "AUDITD_PORT": "x", "HOME": "x"}
    )
    assert notes == [
        Finding(Level.NOTE, "AUDITHOME is set and means nothing; is AUDIT_HOME meant?"),
        Finding(Level.NOTE, "AUDIT_DATABASE is set and means nothing; is AUDIT_DATABASE_URL meant?"),
    ]


def test_an_interpreters_own_sqlite_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "sqlite_module", lambda: sqlite3)
    assert f"SQLite {sqlite3.sqlite_version} (sqlite3)" in only(surroundings.python()).text
