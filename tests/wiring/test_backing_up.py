"""Backups of an installation's record: under load, of what only journals know, and of what cannot be backed up."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from audit.errors import AuditError, LedgerError, StoreError
from audit.settings import LedgerSettings, Settings
from audit.store.engine import opened, sqlite_url
from audit.store.manifest import checked_manifest, manifest_of
from audit.store.read.ledger import LedgerReader
from audit.store.rows.acts import ActRow
from audit.wiring import backing_up as module
from audit.wiring.acting import actor
from audit.wiring.backing_up import make_backup
from audit.wiring.ledger import load_signer
from audit.wiring.restoring import restore_backup
from tests.databases import KINDS
from tests.recording.kept import a_recorder, ask, begin
from tests.wiring.backups import a_filled_installation, an_installation, ids_in

ROOT = Path(__file__).parents[2]
ENOUGH = 30
"""Calls of each process before the backup begins."""
_RECORDING = """
import sys
from itertools import count
from audit.store.engine import open_engine
from audit.store.write import Writer
from tests.store.samples import a_call

writer = Writer(open_engine(sys.argv[1]))
for number in count(int(sys.argv[2])):
    writer.append([a_call(number)])
    print(number, flush=True)
"""


class Recording:
    """A process that records until the block ends, and tells each call once it is stored."""

    def __init__(self, url: str, first: int) -> None:
        command = [sys.executable, "-c", _RECORDING, url, str(first)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ})
        self.told: list[int] = []

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._process.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()

    def hear(self, calls: int) -> None:
        """Wait for so many calls."""
        assert self._process.stdout is not None
        self.told += [int(self._process.stdout.readline()) for _ in range(calls)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_under_load_has_all_that_was_stored_before_it_began_and_comes_back_whole(
    kind: str, tmp_path: Path
) -> None:
    settings = an_installation(tmp_path / kind, kind)
    with ExitStack() as stack:
        both = [stack.enter_context(Recording(settings.database_url, first)) for first in (1, 500_000)]
        for one in both:
            one.hear(ENOUGH)
        made = make_backup(settings, tmp_path / "kept.db")
        for one in both:
            one.hear(1)  # it still records
    kept = ids_in(sqlite_url(made.path))
    assert {number for one in both for number in one.told[:ENOUGH]} <= kept
    moved = restore_backup(settings, made.path, to=f"sqlite:///{tmp_path / 'back.db'}")
    assert moved.is_sound
    assert ids_in(sqlite_url(tmp_path / "back.db")) == kept
    assert len(kept) == made.manifest.rows["calls"]


def views(url: str) -> tuple[ActRow, ...]:
    with opened(url, read_only=True) as engine:
        return LedgerReader(engine).acts("view")


def under(settings: Settings, views: str) -> Settings:
    return settings.model_copy(update={"ledger": LedgerSettings.model_validate({"views": views})})


def unwritable(*_args: object, **_kwargs: object) -> None:
    raise StoreError("attempt to write a readonly database", permanent=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with something of everything."""
    return a_filled_installation(tmp_path / "here")


def test_a_manifest_tells_what_is_in_a_backup(settings: Settings, tmp_path: Path) -> None:
    made = make_backup(settings, tmp_path / "kept.db")
    manifest = checked_manifest(made.path)
    assert manifest == made.manifest
    assert manifest.key == str(load_signer(settings).verifier)
    assert manifest.checkpoint is not None
    assert (manifest.log_size, manifest.not_collected) == (13, 0)
    assert load_signer(settings).exported() not in manifest_of(made.path).read_text()
    assert made.keys is None


def test_a_backup_holds_that_it_was_made(settings: Settings, tmp_path: Path) -> None:
    made = make_backup(settings, tmp_path / "kept.db")
    (act,) = views(settings.database_url)
    assert (act.actor, act.statement) == (actor(), {"calls": 8, "way": "audit backup", "into": str(made.path)})
    assert act.place == 12
    assert views(sqlite_url(made.path)) == (act,)


def test_a_backup_that_cannot_be_made_is_not_noted(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "kept.db").touch()
    for place in (tmp_path / "kept.db", tmp_path / "nowhere" / "kept.db"):
        with pytest.raises(AuditError):
            make_backup(settings, place)
    assert views(settings.database_url) == ()


def test_who_wants_no_views_in_the_ledger_gets_none_of_backups(settings: Settings, tmp_path: Path) -> None:
    make_backup(under(settings, "off"), tmp_path / "kept.db")
    assert views(settings.database_url) == ()


def test_where_looks_have_to_be_noted_and_cannot_there_is_no_backup(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.views.enter_look", unwritable)
    with pytest.raises(LedgerError, match="ask for the right to write"):
        make_backup(under(settings, "required"), tmp_path / "kept.db")
    assert not (tmp_path / "kept.db").exists()


def test_a_record_that_cannot_be_written_to_is_backed_up_and_that_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("audit.store.views.enter_look", unwritable)
    said: list[str] = []
    assert make_backup(settings, tmp_path / "kept.db", say=said.append).manifest.rows["calls"] == 8
    make_backup(settings, tmp_path / "more.db")
    assert said == caplog.messages == ["the ledger could not note this view: attempt to write a readonly database"]


def test_who_may_only_read_backs_up_what_a_server_has(tmp_path: Path) -> None:
    settings = a_filled_installation(tmp_path / "here", "postgresql")
    reader = make_url(settings.database_url).set(username="audit_reader", password="x")
    with opened(settings.database_url) as engine, engine.begin() as connection:
        connection.execute(text("CREATE ROLE audit_reader LOGIN PASSWORD 'x'"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO audit_reader"))
    theirs = {"home": settings.home, "store": {"url": reader.render_as_string(hide_password=False)}}
    said: list[str] = []
    made = make_backup(Settings.model_validate(theirs), tmp_path, say=said.append)
    assert (made.manifest.rows["calls"], made.manifest.log_size) == (8, 12)
    assert [one.rpartition(": ")[2] for one in said] == ["permission denied for table acts"]


def test_in_a_folder_it_gets_a_name_from_the_time(settings: Settings, tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    made = make_backup(settings, tmp_path)
    assert made.path.parent == tmp_path
    assert before <= datetime.strptime(made.path.name, "audit-%Y%m%dT%H%M%SZ.db").replace(tzinfo=UTC)


def test_what_only_journals_know_is_counted(settings: Settings, tmp_path: Path) -> None:
    recorder = a_recorder(settings.journal)
    ask(recorder)
    ask(recorder)
    begin(recorder)
    dead = a_recorder(settings.journal)
    ask(dead)
    dead.close()
    made = make_backup(settings, tmp_path / "kept.db")
    assert made.manifest.not_collected == 2
    assert made.manifest.rows["calls"] == 9  # what the dead has left was brought in
    recorder.close()


def test_keys_are_kept_when_they_are_wanted(settings: Settings, tmp_path: Path) -> None:
    made = make_backup(settings, tmp_path / "kept.db", with_keys=True)
    assert made.keys is not None
    assert load_signer(settings).exported() in made.keys.read_text()


def test_without_a_ledger_yet_no_key_is_made(tmp_path: Path) -> None:
    settings = an_installation(tmp_path / "new")
    assert make_backup(settings, tmp_path / "kept.db").manifest.key is None
    assert not settings.ledger_key.exists()


def test_nothing_is_written_over(settings: Settings, tmp_path: Path) -> None:
    made = make_backup(settings, tmp_path / "kept.db")
    with pytest.raises(AuditError, match=r"kept\.db\.manifest\.json is there already"):
        make_backup(settings, made.path)
    manifest_of(made.path).unlink()
    with pytest.raises(AuditError, match=r"kept\.db is there already"):
        make_backup(settings, made.path)


def test_a_record_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(StoreError, match="there is no record yet at sqlite:"):
        make_backup(settings, tmp_path / "kept.db")
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_cannot_be_written_is_told(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = module._described

    def in_the_way(*given: object) -> object:
        (tmp_path / "kept.db.manifest.json").mkdir()
        return described(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_described", in_the_way)
    with pytest.raises(AuditError, match=r"without it .* is no backup"):
        make_backup(settings, tmp_path / "kept.db")
