"""Who keeps the ledger: when it is signed, with which key, and what it does when it cannot be."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from audit import wiring
from audit.errors import LedgerError, StoreError
from audit.settings import Settings
from audit.wiring import keeping
from audit.wiring.keeping import Keeper, sign_now
from audit.wiring.ledger import anchors, checkpoints_of, load_signer, open_ledger
from tests.factories import an_exchange
from tests.store.samples import an_id
from tests.wired import PATIENCE_S, recorded, settings_of

ROOT = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


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
    monkeypatch.setattr(keeping, "ADVANCE_EVERY_S", 0.0)


def a_keeper(sequencer: Any, clock: Clock) -> Keeper:
    return Keeper(sequencer, clock=clock)


def test_what_has_never_been_touched_starts_no_thread_and_is_looked_at_when_it_closes() -> None:
    sequencer = Sequenced()
    a_keeper(sequencer, Clock()).close()
    assert (sequencer.next(), sequencer.next(), sequencer.asked.empty()) == ("advance", "sign", True)


@pytest.mark.usefixtures("at_once")
def test_entries_are_signed_after_a_minute_or_when_there_are_many() -> None:
    sequencer, clock = Sequenced(), Clock()
    sequencer.entered = [5, 1, keeping.SIGN_EVERY]
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


def test_what_failed_is_tried_again_without_a_new_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ADVANCE_EVERY_S", 0.0)
    monkeypatch.setattr(keeping, "SIGN_EVERY_S", 0.01)
    sequenced = Sequenced()
    sequenced.failure = StoreError("away", permanent=False)
    keeper = Keeper(sequenced)  # type: ignore[arg-type]  # all that is asked of it
    keeper.touch()
    assert [sequenced.next() for _ in range(3)] == ["advance"] * 3
    sequenced.failure = None
    keeper.close()


def another_machine(settings: Settings, home: Path) -> Settings:
    return Settings.model_validate({"home": home, "store": {"url": settings.database_url}})


def test_what_a_store_takes_is_signed_when_it_closes(settings: Settings) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(an_exchange())])
    with open_ledger(settings) as reader:
        note = reader.last_note()
    assert note is not None
    assert checkpoints_of([note], load_signer(settings).verifier)[0].size == 2, (
        "a call, and the settings that it was written by"
    )


@pytest.mark.sqlite_only(reason="the file is deleted under it")
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
        assert reader.last_note() is None


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
        note = reader.last_note()
    assert note is not None
    assert checkpoints_of([note], load_signer(settings).verifier)[0].size == 2
    with pytest.raises(LedgerError, match="--key"):
        checkpoints_of([note], load_signer(other).verifier)
    with pytest.raises(LedgerError, match="signed with another key than the one here: sign it where that key is"):
        sign_now(other)
    signed = sign_now(settings)
    assert signed is not None
    assert signed.size == 4


@pytest.mark.sqlite_only(reason="the file is deleted under it")
def test_a_log_that_was_replaced_by_another_keys_is_told(settings: Settings, tmp_path: Path) -> None:
    with closing(wiring.open_store(settings)) as store:
        store.append([store.read(an_exchange())])
    for path in settings.home.glob("audit.db*"):
        path.unlink()
    with closing(wiring.open_store(another_machine(settings, tmp_path / "other"))) as store:
        store.append([store.read(an_exchange())])
    with pytest.raises(LedgerError, match="another log was put in its place"):
        sign_now(settings)


def a_key_that_cannot_be_read(settings: Settings) -> Settings:
    told = {"home": settings.home, "store": {"url": settings.database_url}, "ledger": {"key": settings.home}}
    return Settings.model_validate(told)


def test_a_key_that_cannot_be_read_stops_no_call(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.home.mkdir()
    with closing(wiring.open_store(a_key_that_cannot_be_read(settings))) as store:
        store.append([store.read(an_exchange())])
    assert [detail.exchange.id for detail in recorded(settings)] == [an_exchange().id]
    told = "calls are entered into the ledger, and nothing is signed from here: cannot read the ledger's key in"
    assert [told in record.message for record in caplog.records] == [True]
    signed = sign_now(settings)
    assert signed is not None, "who has the key goes on"
    assert signed.size == 2
