"""Commands as people run them, in this process, on records of their own."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.cli import main
from audit.simulator.process import running
from tests.cli.record import a_filled_record
from tests.cli.terminal import Audit, Said
from tests.databases import KIND, a_copy, the_record


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The home folder of a new installation, in London's zone, where nobody has configured anything."""
    folder, config = tmp_path / "home", tmp_path / "audit.toml"
    folder.mkdir()
    config.touch()
    monkeypatch.setenv("AUDIT_HOME", str(folder))
    monkeypatch.setenv("AUDIT_CONFIG", str(config))
    monkeypatch.delenv("AUDIT_DATABASE_URL", raising=False)
    with monkeypatch.context() as zone, the_record(folder) as url:
        if url is not None:
            monkeypatch.setenv("AUDIT_DATABASE_URL", url)
        zone.setenv("TZ", "Europe/London")
        time.tzset()
        yield folder
    time.tzset()


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    return a_filled_record(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def filled(_filled: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a record with calls, which is the home folder's."""
    if KIND == "sqlite":
        shutil.copy(_filled.removeprefix("sqlite:///"), home / "audit.db")
        yield f"sqlite:///{home / 'audit.db'}"
    else:
        with a_copy(_filled) as url:
            monkeypatch.setenv("AUDIT_DATABASE_URL", url)
            yield url


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The address of a fake provider."""
    with running() as url:
        yield url


@pytest.fixture
def audit(capsys: pytest.CaptureFixture[str]) -> Audit:
    """Runs `audit` with the words given, as the console script does."""

    def run(*words: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(code=ended.value.code, out=out, err=err)

    return run


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> pytest.MonkeyPatch:
    """What is printed goes to a terminal, 80 columns wide; what is returned can make it another."""
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _stream: True)  # each phase has its own stream
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return monkeypatch
