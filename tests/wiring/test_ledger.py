"""Who keeps the ledger: when it is signed, with which key, and what it does when it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from sqlalchemy import text

from audit import wiring
from audit.errors import LedgerError, StoreError
from audit.ledger.anchors import FileAnchor, GitAnchor, SyslogAnchor
from audit.ledger.note import Signer
from audit.settings import Settings
from audit.store.engine import open_engine
from audit.surroundings import Level
from audit.wiring import ledger
from audit.wiring.ledger import (
    Keeper,
    anchors,
    checkpoints_of,
    export_ledger,
    load_signer,
    look_at_ledger,
    open_ledger,
    sign_now,
)
from tests.factories import an_exchange
from tests.store.samples import a_call, an_id
from tests.wired import PATIENCE_S, recorded


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


class Sequenced:
    """A sequencer that tells what is asked of it, and fails as it is told."""

    def __init__(self) -> None:
        self.asked: Queue[str] = Queue()
        self.entered: list[int] = []
        self.failure: Exception | None = None

    def advance(self) -> int:
        self.asked.put("advance")
        if self.failure is not None:
            raise self.failure
        return self.entered.pop(0) if self.entered else 0

    def sign(self) -> None:
        self.asked.put("sign")

    def next(self) -> str:
        return self.asked.get(timeout=PATIENCE_S)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "ADVANCE_EVERY_S", 0.0)


def a_keeper(sequencer: Any, clock: Clock) -> Keeper:
    return Keeper(sequencer, clock=clock)


def test_what_has_never_been_touched_starts_no_thread_and_is_looked_at_when_it_closes() -> None:
    sequencer = Sequenced()
    a_keeper(sequencer, Clock()).close()
    assert (sequencer.next(), sequencer.next(), sequencer.asked.empty()) == ("advance", "sign", True)


@pytest.mark.usefixtures("at_once")
def test_entries_are_signed_after_a_minute_or_when_there_are_many() -> None:
    sequencer, clock = Sequenced(), Clock()
    sequencer.entered = [5, 1, ledger.SIGN_EVERY]
    with closing(a_keeper(sequencer, clock)) as keeper:
        keeper.touch()
        assert sequencer.next() == "advance"
        clock.now_s = 60.0
        keeper.touch()
        assert [sequencer.next() for _ in range(2)] == ["advance", "sign"]
        keeper.touch()
        assert [sequencer.next() for _ in range(2)] == ["advance", "sign"]


def test_a_keeper_that_is_closed_while_it_waits_signs_at_once() -> None:
    sequencer = Sequenced()
    keeper = a_keeper(sequencer, Clock())
    keeper.touch()
    keeper.close()
    assert [sequencer.next() for _ in range(2)] == ["advance", "sign"]


@pytest.mark.usefixtures("at_once")
def test_a_keeper_that_is_closed_while_it_works_ends_after_that() -> None:
    class Closing(Sequenced):
        def advance(self) -> int:
            keeper._closing.set()
            return super().advance()

    sequencer = Closing()
    keeper = a_keeper(sequencer, Clock())
    keeper.touch()
    assert sequencer.next() == "advance"
    keeper.close()
    assert [sequencer.next() for _ in range(2)] == ["advance", "sign"]


@pytest.mark.parametrize(
    "failure", [StoreError("the database is away", permanent=False), LedgerError("it was rolled back")]
)
def test_what_fails_is_told_once_per_attempt(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    sequencer = Sequenced()
    sequencer.failure = failure
    keeper = a_keeper(sequencer, Clock())
    keeper.close()
    assert [record.message for record in caplog.records] == [f"the ledger is not carried on: {failure}"]


def test_what_a_store_takes_is_signed_when_it_closes(settings: Settings) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(an_exchange())])
    with open_ledger(settings) as reader:
        [checkpoint] = checkpoints_of(reader.notes(), load_signer(settings).verifier)
    assert checkpoint.size == 1


def test_a_database_that_was_rolled_back_loses_no_call_and_signs_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        with closing(wiring.open_store(settings)) as store:
            store.append([store.read(an_exchange(id=an_id(number)))])
        if number == 1:
            for path in settings.home.glob("audit.db*"):
                path.unlink()
            (anchor,) = anchors(settings)
            anchor.put(load_signer(settings).signed("".join(f"{x}\n" for x in (load_signer(settings).name, 9, ROOT))))
    assert [detail.exchange.id for detail in recorded(settings)] == [an_id(2)]
    assert caplog.text.count("the ledger is not carried on") == 1
    with open_ledger(settings) as reader:
        assert reader.notes() == []


ROOT = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="


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


def another_machine(settings: Settings, home: Path) -> Settings:
    return Settings.model_validate({"home": home, "store": {"url": settings.database_url}})


def test_a_machine_with_another_key_only_sequences(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "audit")
    other = another_machine(settings, tmp_path / "other")
    for machine, number in ((settings, 1), (other, 2)):
        with closing(wiring.open_store(machine)) as store:
            store.append([store.read(an_exchange(id=an_id(number)))])
    assert sum("is signed by" in record.message for record in caplog.records) == 1
    assert not (tmp_path / "other" / "anchors").exists()
    with open_ledger(settings) as reader:
        assert len(checkpoints_of(reader.notes(), load_signer(settings).verifier)) == 1
        with pytest.raises(LedgerError, match="--key"):
            checkpoints_of(reader.notes(), load_signer(other).verifier)
    signed = sign_now(settings)
    assert signed is not None
    assert signed.size == 2


def test_a_log_that_was_replaced_by_another_keys_is_told(settings: Settings, tmp_path: Path) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(an_exchange())])
    for path in settings.home.glob("audit.db*"):
        path.unlink()
    with closing(wiring.open_store(another_machine(settings, tmp_path / "other"))) as store:
        store.append([store.read(an_exchange())])
    with pytest.raises(LedgerError, match="another log was put in its place"):
        sign_now(settings)


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
    assert findings(settings) == [(Level.GOOD, "2 entries, 2 of them signed, 2 anchored")]
    (settings.home / "anchors" / "checkpoints.jsonl").unlink()
    ((level, text),) = findings(settings)
    assert (level, text.partition("; ")[2]) == (Level.NOTE, "no anchor outside the database has a checkpoint")
    settings.ledger_key.unlink()
    ((level, text),) = findings(settings)
    assert (level, text) == (Level.NOTE, f"{settings.ledger_key} is not there: nothing is signed from here")


@pytest.mark.parametrize("tampering", ["UPDATE tiles SET hashes = zeroblob(64)", "UPDATE entries SET place = NULL"])
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
        connection.execute(text(statement))
    engine.dispose()


def test_what_failed_is_tried_again_without_a_new_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "ADVANCE_EVERY_S", 0.0)
    monkeypatch.setattr(ledger, "SIGN_EVERY_S", 0.01)
    sequenced = Sequenced()
    sequenced.failure = StoreError("away", permanent=False)
    keeper = Keeper(sequenced)  # type: ignore[arg-type]  # all that is asked of it
    keeper.touch()
    assert [sequenced.next() for _ in range(3)] == ["advance"] * 3
    sequenced.failure = None
    keeper.close()
