"""What is told of a database after a power cut."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.call import Call
from audit.store.engine import open_engine, sqlite_module, sqlite_url
from audit.store.schema import head
from audit.store.write import Writer
from tests.campaigns.power_findings import Finding, findings, read_all
from tests.campaigns.power_play import NAME, Batch, Diary
from tests.databases import a_database
from tests.ledger.keys import KEY, a_checkpoint
from tests.store.samples import a_call, an_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (folder := tmp_path / "after").mkdir()
    return folder


def files(tmp_path: Path, calls: list[Call], *statements: str) -> dict[str, bytes]:
    """Return a database with calls, after these statements."""
    with a_database("sqlite", tmp_path) as url:
        engine = open_engine(url)
        writer = Writer(engine)
        writer.append(calls)
        writer.close()
        with engine.connect().execution_options(bare=True) as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()
    return {NAME: (tmp_path / NAME).read_bytes()}


def told(folder: Path, found: dict[str, bytes], *batches: Batch, **diary: bool | list[str]) -> list[Finding]:
    return findings(folder, found, Diary(list(batches), **diary), {}, {head()})


def a_batch(*numbers: int, acknowledged: bool = True) -> Batch:
    return Batch([a_call(number) for number in numbers], acknowledged)


def test_what_was_acknowledged_is_there(tmp_path: Path, folder: Path) -> None:
    found = files(tmp_path, a_batch(1, 2).calls)
    assert told(folder, found, a_batch(1, 2), a_batch(3, acknowledged=False), upgraded=True) == []


def test_what_was_not_may_be_there(tmp_path: Path, folder: Path) -> None:
    assert told(folder, files(tmp_path, a_batch(1, 2).calls), a_batch(1, 2, acknowledged=False)) == []


def test_what_is_lost_is_told(tmp_path: Path, folder: Path) -> None:
    found = files(tmp_path, a_batch(1).calls)
    assert told(folder, found, a_batch(1), a_batch(2)) == [("lost", str(an_id(2)))]


def test_what_was_there_before_is_missed_too(tmp_path: Path, folder: Path) -> None:
    kept = {an_id(5): a_call(5).exchange}
    assert findings(folder, files(tmp_path, []), Diary(), kept, {head()}) == [("lost", str(an_id(5)))]


def test_half_a_batch_is_told(tmp_path: Path, folder: Path) -> None:
    found = files(tmp_path, a_batch(1, 2).calls)
    missing = ("half there", "1 calls of 3 are missing")
    assert told(folder, found, a_batch(1, 2, 3, acknowledged=False)) == [missing]


def test_other_bytes_are_told(tmp_path: Path, folder: Path) -> None:
    call = a_call(1)
    other = replace(call, exchange=replace(call.exchange, response_body=b"other"))
    assert told(folder, files(tmp_path, [other]), Batch([call], True)) == [("altered", str(an_id(1)))]


def test_a_call_without_its_entry_is_told(tmp_path: Path, folder: Path) -> None:
    found = files(tmp_path, [a_call(1)], "PRAGMA foreign_keys=OFF", "DELETE FROM entries")
    kind, what = told(folder, found, a_batch(1))[0]
    assert (kind, what.endswith("is not in the ledger")) == ("half there", True)


def test_broken_pages_are_told(tmp_path: Path, folder: Path) -> None:
    found = files(tmp_path, [a_call(1)])
    broken = {NAME: found[NAME][:8_192] + bytes(len(found[NAME]) - 8_192)}
    assert {kind for kind, _ in told(folder, broken)} == {"corrupt"}


def test_an_index_that_lacks_a_row_is_told(tmp_path: Path, folder: Path) -> None:
    columns = "UPDATE sqlite_schema SET sql = replace(sql, '(started_at', '(recorded_at') WHERE name = ?"
    files(tmp_path, a_batch(1, 2).calls)
    with closing(sqlite_module().connect(tmp_path / NAME)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        assert connection.execute(columns, ("ix_calls_started_at",)).rowcount == 1
    found = {NAME: (tmp_path / NAME).read_bytes()}
    assert ("corrupt", "row 1 missing from index ix_calls_started_at") in told(folder, found, a_batch(1, 2))


def test_a_schema_that_was_said_to_be_the_newest_and_is_not_is_told(folder: Path) -> None:
    assert findings(folder, {}, Diary(upgraded=True), {}, {None}) == [("schema", "is of None")]


def test_a_schema_between_two_versions_is_told(tmp_path: Path, folder: Path) -> None:
    found = files(tmp_path, [], "DROP TABLE flips")
    assert [kind for kind, _ in findings(folder, found, Diary(), {}, {"0002"})] == ["schema"]


def test_nothing_is_amiss_where_there_was_nothing_yet(folder: Path) -> None:
    assert findings(folder, {}, Diary(), {}, {None}) == []


def test_a_record_that_takes_no_more_calls_is_told(tmp_path: Path, folder: Path) -> None:
    trigger = "CREATE TRIGGER t BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'no'); END"
    ((kind, what),) = told(folder, files(tmp_path, [], trigger))
    assert (kind, "refused" in what) == ("unusable", True)


def test_what_could_not_be_done_with_the_power_on_is_told(tmp_path: Path, folder: Path) -> None:
    assert told(folder, files(tmp_path, []), refusals=["no"]) == [("unusable", "no")]


def test_all_is_read_back(tmp_path: Path) -> None:
    files(tmp_path, a_batch(1, 2).calls)
    engine = open_engine(sqlite_url(tmp_path / NAME))
    assert read_all(engine) == {an_id(number): a_call(number).exchange for number in (1, 2)}
    engine.dispose()


def test_a_log_that_lacks_what_was_anchored_is_told(tmp_path: Path, folder: Path) -> None:
    diary = Diary([a_batch(1, 2)], anchored=[KEY.signed(a_checkpoint(3).text)])
    (first, *_) = findings(folder, files(tmp_path, a_batch(1, 2).calls), diary, {}, {head()})
    assert first[0] == "ledger"
    assert first[1].startswith("MISSING checkpoint at 3 entries")


def test_an_entry_that_was_altered_is_told(tmp_path: Path, folder: Path) -> None:
    found = files(tmp_path, a_batch(1, 2).calls, "UPDATE entries SET metadata_commitment = zeroblob(32)")
    assert {kind for kind, _ in told(folder, found, a_batch(1, 2))} == {"ledger"}
