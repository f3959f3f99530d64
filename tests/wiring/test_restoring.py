"""Backups that come back: whole, into either kind, held to the ledger and to what is anchored."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from audit.errors import AuditError, LedgerError, StoreError
from audit.settings import LedgerSettings, Settings
from audit.store.engine import open_engine, sqlite_url
from audit.store.manifest import Manifest, checked_manifest, manifest_of, sha256_of, write_json
from audit.store.rows.acts import ActRow
from audit.store.rows.verified import Verdict
from audit.wiring.acting import actor
from audit.wiring.backing_up import make_backup
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import load_signer, open_ledger, verify_record
from audit.wiring.restoring import copy_database, restore_backup
from tests.databases import KIND, KINDS, an_empty_database
from tests.store.whole import empty_tables
from tests.wired import settings_of
from tests.wiring.backups import a_filled_installation, an_installation, ids_in, record

ENTRIES = 12


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with something of everything, signed and anchored."""
    return a_filled_installation(tmp_path / "here")


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Path:
    """A backup of it."""
    return make_backup(settings, tmp_path / "kept.db").path


def views(settings: Settings) -> tuple[ActRow, ...]:
    with open_ledger(settings) as reader:
        return reader.acts("view")


def settings_at(url: str, home: Path) -> Settings:
    return Settings.model_validate({"home": home, "store": {"url": url}})


def unwritable(*_args: object, **_kwargs: object) -> None:
    raise StoreError("attempt to write a readonly database", permanent=True)


def tampered(backup: Path, statement: str) -> None:
    """Change a backup as one who can also write its manifest would."""
    engine = open_engine(sqlite_url(backup))
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    old = msgspec.json.decode(manifest_of(backup).read_bytes(), type=Manifest)
    told = {name: getattr(old, name) for name in Manifest.__dataclass_fields__}
    sealed = {**told, "sha256": sha256_of(backup), "size_bytes": backup.stat().st_size}
    write_json(manifest_of(backup), Manifest(**sealed))


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
def test_a_record_of_either_kind_comes_back_into_either(here: str, there: str, tmp_path: Path) -> None:
    settings = a_filled_installation(tmp_path / "here", here)
    backup = make_backup(settings, tmp_path / "kept.db").path
    (tmp_path / "there").mkdir()
    target = an_empty_database(there, tmp_path / "there")
    steps: list[tuple[str, int, int]] = []
    moved = restore_backup(settings, backup, to=target, progress=lambda *step: steps.append(step))
    assert moved.is_sound
    assert moved.verified is not None
    assert (moved.verified.size, moved.verified.anchored, moved.unreached) == (ENTRIES + 1, ENTRIES, 0)
    assert moved.verified.acts["view"] == 1  # that of who made the backup
    assert moved.verified.checkpoints == 3  # two in the record, and the one that is anchored
    assert ids_in(target) == ids_in(settings.database_url)
    assert {what for what, _, _ in steps} == {"rows", "entries"}


def test_it_comes_back_where_it_was_lost(settings: Settings, backup: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "here").glob("audit.db*"):
        path.unlink()
    store = settings.store.model_copy(update={"url": an_empty_database(KIND, tmp_path / "here")})
    settings = settings.model_copy(update={"store": store})
    assert restore_backup(settings, backup).is_sound
    assert verify_record(settings).is_whole
    record(settings, 60)
    assert sign_now(settings) is not None
    assert verify_record(settings).is_whole


def test_a_record_that_is_there_is_not_written_over(settings: Settings, backup: Path) -> None:
    record(settings, 60)
    with pytest.raises(StoreError, match="holds a record already"):
        restore_backup(settings, backup)
    assert 60 in ids_in(settings.database_url)


def test_entries_that_came_after_the_backup_are_told(settings: Settings, backup: Path, tmp_path: Path) -> None:
    for number in (60, 61):
        record(settings, number)
    sign_now(settings)
    moved = restore_backup(settings, backup, to=sqlite_url(tmp_path / "back.db"))
    assert moved.is_sound
    assert moved.unreached == 2  # what the backup has of itself is anchored since, too
    assert moved.verified is not None
    assert moved.verified.anchored == ENTRIES


def test_what_was_changed_in_a_backup_and_its_manifest_is_found(
    settings: Settings, backup: Path, tmp_path: Path
) -> None:
    tampered(backup, "UPDATE calls SET project = 'another' WHERE pk = (SELECT min(pk) FROM calls)")
    moved = restore_backup(settings, backup, to=sqlite_url(tmp_path / "back.db"))
    assert not moved.is_sound
    assert moved.verified is not None
    assert [one.verdict for one in moved.verified.amiss] == [Verdict.ALTERED]


def test_a_ledger_that_was_signed_by_another_is_refused(settings: Settings, backup: Path, tmp_path: Path) -> None:
    tampered(backup, "UPDATE checkpoints SET note = replace(note, '11', '12')")
    target = sqlite_url(tmp_path / "back.db")
    with pytest.raises(LedgerError):
        restore_backup(settings, backup, to=target)
    stranger = an_installation(tmp_path / "stranger")
    load_signer(stranger)
    with pytest.raises(LedgerError, match="--key says whose signature is to be believed"):
        restore_backup(stranger, make_backup(settings, tmp_path / "again.db").path, to=target + "2")
    assert not (tmp_path / "back.db2").exists()


def test_elsewhere_the_manifests_key_is_believed_or_the_one_that_is_given(
    settings: Settings, backup: Path, tmp_path: Path
) -> None:
    stranger = settings_of(tmp_path / "stranger")
    moved = restore_backup(stranger, backup)
    assert moved.is_sound
    assert moved.verified is not None
    assert (moved.verified.anchored, moved.verified.checkpoints) == (0, 2)
    key = str(load_signer(settings).verifier)
    assert restore_backup(stranger, backup, to=sqlite_url(tmp_path / "more.db"), key=key, sample=3).is_sound


def test_keys_come_back_with_it(settings: Settings, tmp_path: Path) -> None:
    backup = make_backup(settings, tmp_path / "with.db", with_keys=True).path
    stranger = settings_of(tmp_path / "stranger")
    assert restore_backup(stranger, backup, with_keys=True).is_sound
    assert load_signer(stranger) == load_signer(settings)
    signed = sign_now(stranger)
    assert signed is not None
    assert signed.size == ENTRIES + 1


def test_a_record_without_a_ledger_key_comes_back(tmp_path: Path) -> None:
    settings = an_installation(tmp_path / "here")
    record(settings, 1)
    backup = make_backup(settings, tmp_path / "kept.db").path
    moved = restore_backup(settings, backup, to=sqlite_url(tmp_path / "back.db"))
    assert moved.is_sound
    assert moved.verified is not None
    assert moved.verified.entries == {Verdict.OK: 2}


def test_a_damaged_backup_is_refused_before_anything_is_made(settings: Settings, backup: Path, tmp_path: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[-100] ^= 1
    backup.write_bytes(content)
    with pytest.raises(AuditError, match="is not what was made"):
        restore_backup(settings, backup, to=sqlite_url(tmp_path / "back.db"))
    assert not (tmp_path / "back.db").exists()


def test_a_copy_is_verified(settings: Settings, tmp_path: Path) -> None:
    moved = copy_database(settings, settings.database_url, sqlite_url(tmp_path / "copy.db"), sample=2)
    assert moved.is_sound
    assert moved.verified is not None
    assert moved.verified.entries == {Verdict.OK: 2}
    assert checked_manifest(make_backup(settings, tmp_path / "kept.db").path).rows["calls"] == 8


@pytest.mark.parametrize("here", KINDS)
def test_who_copies_is_noted_there_as_here(here: str, tmp_path: Path) -> None:
    settings = a_filled_installation(tmp_path / "here", here)
    other = settings_of(tmp_path / "other")  # which is configured does not matter
    target = sqlite_url(tmp_path / "copy.db")
    assert copy_database(other, settings.database_url, target).is_sound
    (act,) = views(settings)
    assert (act.actor, act.statement) == (actor(), {"calls": 8, "way": "audit db copy", "into": target})
    assert views(settings_at(target, tmp_path)) == (act,)
    assert not (tmp_path / "other").exists()


def test_a_copy_that_is_not_begun_is_not_noted(settings: Settings) -> None:
    with pytest.raises(StoreError, match="holds a record already"):
        copy_database(settings, settings.database_url, settings.database_url)
    assert views(settings) == ()


def test_a_copy_of_what_cannot_be_written_to_says_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.views.enter_look", unwritable)
    said: list[str] = []
    assert copy_database(settings, settings.database_url, sqlite_url(tmp_path / "copy.db"), say=said.append).is_sound
    assert said == ["the ledger could not note this view: attempt to write a readonly database"]


def test_where_looks_have_to_be_noted_nothing_is_copied_without(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.views.enter_look", unwritable)
    required = settings.model_copy(update={"ledger": LedgerSettings(views="required")})
    with pytest.raises(LedgerError, match="ask for the right to write"):
        copy_database(required, settings.database_url, sqlite_url(tmp_path / "copy.db"))
    engine = open_engine(sqlite_url(tmp_path / "copy.db"))
    assert len(empty_tables(engine)) > 10
    engine.dispose()


def test_a_copy_of_what_is_not_there_makes_nothing(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(StoreError, match="there is no database at sqlite:"):
        copy_database(settings, sqlite_url(tmp_path / "nowhere.db"), sqlite_url(tmp_path / "copy.db"))
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_kept_is_not_sound(settings: Settings, tmp_path: Path) -> None:
    target = an_installation(tmp_path / "there", "sqlite").database_url
    engine = open_engine(target)
    with engine.begin() as connection:
        change = "CREATE TRIGGER odd AFTER INSERT ON losses BEGIN UPDATE losses SET reason = 'none'; END"
        connection.exec_driver_sql(change)
    moved = copy_database(settings, settings.database_url, target)
    assert (moved.is_sound, moved.verified) == (False, None)
    assert len(empty_tables(engine)) > 10
    engine.dispose()
