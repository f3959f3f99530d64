"""Master keys from files and from the environment, and an installation that lives with them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit.encryption.keyring import MasterKey
from audit.errors import AuditError, EncryptionError
from audit.recording.frames import encode_exchange
from audit.recording.journal import Journal
from audit.settings import Settings
from audit.store.engine import sqlite_url
from audit.store.read.exchanges import stored_exchanges
from audit.store.rows.verified import Verdict
from audit.store.scope import Scope
from audit.store.tables import calls
from audit.wiring import open_reader
from audit.wiring.backing_up import make_backup
from audit.wiring.encrypting import load_keyring, make_key
from audit.wiring.keeping import sign_now
from audit.wiring.ledger import prove, verify_record
from audit.wiring.restoring import copy_database, restore_backup
from audit.wiring.storing import open_store, upgraded_engine
from tests.databases import KINDS, an_empty_database
from tests.factories import an_exchange
from tests.store.samples import an_id
from tests.store.sealed import MARKER, NEW, OLD, marked_calls
from tests.wiring.backups import an_installation

ENVIRON = {"OLD": OLD.exported(), "NEW": NEW.secret.hex(), "EMPTY": " ", "BROKEN": "not a key"}


def test_keys_come_from_files_and_from_variables(tmp_path: Path) -> None:
    made = make_key(tmp_path / "master.key")
    ring = load_keyring((f"file:{tmp_path / 'master.key'}", "env:OLD", "env:NEW"), ENVIRON)
    assert ring.ids == (made, OLD.id, NEW.id)
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("env:NOWHERE", "NOWHERE is not set"),
        ("env:EMPTY", "EMPTY is not set"),
        ("env:BROKEN", "BROKEN holds no key of .encryption.: it is neither"),
        ("file:/nowhere/master.key", "cannot read the key of .encryption. in /nowhere/master.key: "),
    ],
)
def test_a_key_that_cannot_be_had_says_why(place: str, why: str) -> None:
    with pytest.raises(EncryptionError, match=why) as refused:
        load_keyring((place,), ENVIRON)
    assert "not a key" not in str(refused.value)


def test_a_file_that_all_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    make_key(path)
    path.chmod(0o644)
    with pytest.raises(EncryptionError, match=r"everybody on this machine may read .*: chmod o-rwx"):
        load_keyring((f"file:{path}",), {})
    path.chmod(0o640)
    assert load_keyring((f"file:{path}",), {}).ids
    path.write_bytes(b"\xff")
    with pytest.raises(EncryptionError, match=r"holds no key of \[encryption\], but bytes that are no text"):
        load_keyring((f"file:{path}",), {})
    with pytest.raises(EncryptionError, match=rf"cannot read the key .* in {tmp_path}/none: No such file"):
        load_keyring((f"file:{tmp_path}/none",), {})
    path.write_bytes(b"")
    with pytest.raises(EncryptionError, match=r"master\.key is empty"):
        load_keyring((f"file:{path}",), {})


def test_no_key_is_written_over(tmp_path: Path) -> None:
    make_key(tmp_path / "master.key")
    with pytest.raises(AuditError, match="no key is written over"):
        make_key(tmp_path / "master.key")
    with pytest.raises(AuditError, match="cannot make"):
        make_key(tmp_path / "nowhere" / "master.key")


def encrypting(settings: Settings, key: Path) -> Settings:
    """Return the settings with a master key."""
    return settings.model_copy(update={"encryption": type(settings.encryption)(keys=(f"file:{key}",))})


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation that encrypts, with calls in its record that are signed."""
    make_key(tmp_path / "master.key")
    made = encrypting(an_installation(tmp_path / "here", request.param), tmp_path / "master.key")
    with closing(open_store(made)) as store:
        assert store.append(marked_calls()) == ()
    sign_now(made)
    return made


def read(settings: Settings) -> dict[object, object]:
    engine = upgraded_engine(settings)
    with engine.connect() as connection:
        found = {one.id: one for _, one in stored_exchanges(connection, calls.c.pk > 0, limit=99)}
    engine.dispose()
    return found


def test_every_way_of_reading_finds_the_bodies(settings: Settings) -> None:
    expected = {call.exchange.id: call.exchange for call in marked_calls()}
    assert read(settings) == expected
    with closing(open_reader(settings)) as reader:
        detail = reader.call(an_id(22))
        assert detail is not None
        assert MARKER.encode() in detail.exchange.request_body
    assert dict(verify_record(settings).entries) == {Verdict.OK: len(expected) + 1}, "and the settings"
    _, proven = prove(settings, an_id(22), content=True)
    assert proven.content is not None
    assert MARKER.encode() in (proven.content.request or b"")


def test_a_backup_holds_no_key_and_wants_the_one_it_was_made_with(settings: Settings, tmp_path: Path) -> None:
    made = make_backup(settings, tmp_path / "kept.db", with_keys=True)
    assert MARKER.encode() not in made.path.read_bytes()
    secret = MasterKey.parse((tmp_path / "master.key").read_text())
    for path in tmp_path.glob("kept.db*"):
        assert secret.secret not in path.read_bytes()
        assert secret.exported() not in path.read_text(errors="replace")
    keyless = settings.model_copy(update={"encryption": type(settings.encryption)()})
    with pytest.raises(EncryptionError, match=f"encrypted with the key {secret.id}"):
        restore_backup(keyless, made.path, to=sqlite_url(tmp_path / "back.db"))
    (tmp_path / "there").mkdir()
    target = an_empty_database(other(settings), tmp_path / "there")
    assert restore_backup(settings, made.path, to=target).is_sound
    there = settings.model_copy(update={"store": settings.store.model_copy(update={"url": target})})
    assert read(there) == read(settings)


def test_a_copy_stays_encrypted(settings: Settings, tmp_path: Path) -> None:
    target = sqlite_url(tmp_path / "copy.db")
    assert copy_database(settings, settings.database_url, target).is_sound
    assert MARKER.encode() not in (tmp_path / "copy.db").read_bytes()


def test_calls_wait_in_the_journal_for_the_key_and_lists_do_not(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    keyless = settings.model_copy(update={"encryption": type(settings.encryption)()})
    journal = Journal(settings.journal)
    journal.append(encode_exchange(an_exchange(id=an_id(77))))
    journal.close(stored=None)
    with closing(open_reader(keyless)) as reader:
        assert reader.totals(Scope()).calls == len(marked_calls())
    assert "wait in the journal: bodies of this record are encrypted with the key" in caplog.text
    with closing(open_reader(settings)) as reader:
        assert reader.call(an_id(77)) is not None


def other(settings: Settings) -> str:
    """Return the kind of database that this is not."""
    return "postgresql" if settings.database_url.startswith("sqlite") else "sqlite"
