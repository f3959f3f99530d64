"""The ledger of the configured database: its key, its anchors, and what is told of it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from audit import wiring
from audit.errors import LedgerError
from audit.ledger.anchors import FileAnchor, GitAnchor, SyslogAnchor
from audit.ledger.note import Checkpoint, Signer
from audit.settings import Settings
from audit.store.engine import open_engine
from audit.surroundings import Level
from audit.wiring.ledger import (
    anchors,
    checkpoints_of,
    export_ledger,
    held_to,
    load_signer,
    look_at_ledger,
    verifier_of,
    verify_record,
)
from tests.ledger.keys import KEY, WATCHER
from tests.ledger.witnesses import serving
from tests.store.samples import a_call
from tests.wired import PATIENCE_S, settings_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


def test_a_second_process_uses_the_key_of_the_first(settings: Settings) -> None:
    source = f"from pathlib import Path; from audit.settings import Settings; from audit.wiring.ledger import load_signer;\nprint(load_signer(Settings(home=Path({str(settings.home)!r}))).verifier)"  # noqa: E501
    both = [subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = {process.communicate(timeout=PATIENCE_S)[0].strip() for process in both}
    assert told == {str(load_signer(settings).verifier)}
    assert settings.ledger_key.stat().st_mode & 0o777 == 0o600


def test_a_key_that_another_made_meanwhile_is_taken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first, link = Signer.generate("audit/first"), os.link

    def beaten(source: Path, target: Path) -> None:
        target.write_text(first.exported())
        link(source, target)

    monkeypatch.setattr(os, "link", beaten)
    assert load_signer(settings) == first
    assert [path.name for path in settings.home.iterdir()] == ["ledger.key"]


def test_a_key_that_cannot_be_read_or_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "ledger.key").write_bytes(b"\xff")
    with pytest.raises(LedgerError, match="cannot read the ledger's key"):
        load_signer(Settings(home=tmp_path))
    with pytest.raises(LedgerError, match="cannot read the ledger's key"):
        load_signer(Settings(home=tmp_path / "file"))
    with pytest.raises(LedgerError, match="cannot make the ledger's key"):
        load_signer(Settings.model_validate({"home": tmp_path, "ledger": {"key": "/proc/no/ledger.key"}}))


def test_anchors_are_those_that_are_configured(tmp_path: Path) -> None:
    wanted = {"home": tmp_path, "ledger": {"anchors": ["file:/a", "git:/b", "syslog"]}}
    assert anchors(Settings.model_validate(wanted)) == [FileAnchor(Path("/a")), GitAnchor(Path("/b")), SyslogAnchor()]


def test_an_export_of_many_entries_has_tiles_above_the_leaves(settings: Settings, tmp_path: Path) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.append([a_call(number) for number in range(1, 258)])
    exported = export_ledger(settings, tmp_path / "log", lambda _done, _count: None)
    assert exported is not None
    assert len((tmp_path / "log" / "tile" / "1" / "000.p" / "1").read_bytes()) == 32


def test_recording_needs_no_cryptography_before_its_calls_are_stored() -> None:
    source = "import sys, audit, audit.wiring, audit.wiring.ledger; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def findings(settings: Settings) -> list[tuple[Level, str]]:
    return [(one.level, one.text) for one in look_at_ledger(settings)]


def stored(settings: Settings, *numbers: int) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.append([a_call(number) for number in numbers])


def test_how_far_the_log_has_come_is_told(settings: Settings) -> None:
    assert findings(settings) == [], "there is no database yet"
    stored(settings, 1, 2)
    assert findings(settings) == [(Level.GOOD, "3 entries, 3 of them signed, 3 anchored")]
    (settings.home / "anchors" / "checkpoints.jsonl").unlink()
    ((level, text),) = findings(settings)
    assert (level, text.partition("; ")[2]) == (Level.NOTE, "no anchor outside the database has a checkpoint")
    settings.ledger_key.unlink()
    ((level, text),) = findings(settings)
    assert (level, text) == (Level.NOTE, f"{settings.ledger_key} is not there: nothing is signed from here")


@pytest.mark.parametrize("tampering", ["UPDATE tiles SET hashes = :zeros", "UPDATE entries SET place = NULL"])
def test_a_log_that_is_not_the_signed_one_is_told(settings: Settings, tampering: str) -> None:
    stored(settings, 1, 2)
    change(settings, tampering)
    ((level, text),) = findings(settings)
    assert level is Level.BAD
    assert text.endswith("`audit verify` tells what is amiss")


def test_tiles_that_are_gone_are_told_likewise(settings: Settings) -> None:
    stored(settings, 1, 2)
    change(settings, "DELETE FROM tiles")
    assert [level for level, _ in findings(settings)] == [Level.BAD]


def test_nothing_is_said_of_what_has_no_ledger_yet(settings: Settings) -> None:
    stored(settings, 1)
    change(settings, "UPDATE alembic_version SET version_num = '0002'")
    assert findings(settings) == []


def test_no_key_and_nothing_signed_is_nothing_to_tell(settings: Settings) -> None:
    stored(settings, 1)
    change(settings, "DELETE FROM checkpoints")
    settings.ledger_key.unlink()
    assert findings(settings) == []


def change(settings: Settings, statement: str) -> None:
    engine = open_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(text(statement), {"zeros": bytes(64)} if ":zeros" in statement else {})
    engine.dispose()


def with_witness(settings: Settings, url: str) -> Settings:
    witness = {"url": url, "key": str(WATCHER.verifier)}
    return settings_of(settings.home, ledger={"witnesses": [witness]})


def test_a_witness_of_the_settings_signs_and_what_it_signed_is_verified_against(settings: Settings) -> None:
    with serving() as witness:
        witness.trusted = load_signer(settings).verifier
        watched = with_witness(settings, witness.url)
        stored(watched, 1, 2)
        stored(watched, 3)
        assert witness.size == 4
    (settings.home / "anchors" / "checkpoints.jsonl").unlink()
    assert [checkpoint.size for checkpoint in witnessed(watched)] == [3, 4]
    assert verify_record(watched).anchored == 4
    change(watched, "DELETE FROM checkpoints")
    change(watched, "DELETE FROM entries WHERE place = 2")
    assert not verify_record(watched).is_whole


def witnessed(settings: Settings) -> list[Checkpoint]:
    _, witness = anchors(settings)
    return checkpoints_of(witness.notes(), load_signer(settings).verifier)


def test_a_witness_that_is_away_stops_no_call_and_is_told(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with serving() as witness:
        url = witness.url
    watched = with_witness(settings, url)
    stored(watched, 1)
    assert f"no answer from {url}add-checkpoint" in caplog.text
    assert verify_record(watched).is_whole


def test_to_look_makes_no_key(settings: Settings) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.key is not there: give the log's key with --key"):
        verifier_of(settings)
    assert not settings.home.exists()
    assert verifier_of(settings, str(KEY.verifier)) == KEY.verifier
    assert held_to(settings, [], None) == []
