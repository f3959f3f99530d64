"""Recordings that others made come into the record: each exchange once, dated as well as can be, and told of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from audit.archives import Archive, Entry, open_archive
from audit.call import Exchange, Price, Reading
from audit.errors import ArchiveError, StoreError
from audit.intake import Intake, Summary
from audit.interpret import Interpreter
from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.rows import CallDetail
from audit.store.schema import upgrade
from audit.store.scope import Scope
from audit.store.write import Writer
from tests.databases import the_database

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(the_database(tmp_path))
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def intake(engine: Engine) -> Intake:
    return an_intake(engine)


def an_intake(engine: Engine, pricing: Callable[[Reading, Exchange], Price | str | None] = lambda *_: None) -> Intake:
    return Intake(Interpreter(pricing=pricing), Writer(engine), lambda key: f"print of {key}")


def a_chat(**over: Any) -> dict[str, Any]:
    """Return a line of a chat without a time of its own."""
    reply = {"id": "c", "object": "chat.completion", "model": "m", "choices": [], **over.pop("reply", {})}
    plain = {
        "url": "https://api.openai.com/v1/chat/completions",
        "request_headers": {"content-type": "application/json"},
        "request_body": json.dumps({"model": "m", "messages": []}),
        "response_headers": {"content-type": "application/json"},
        "response_body": json.dumps(reply),
        "status": 200,
    }
    return {**plain, **over}


def a_file(folder: Path, *lines: dict[str, Any] | str) -> Archive:
    path = folder / "calls.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return open_archive(path)


def brought(intake: Intake, archive: Archive, name: str = "calls.jsonl") -> Summary:
    intake.bring(archive, name, lambda _position: None)
    return intake.summary


def recorded(engine: Engine) -> list[CallDetail]:
    """Return the calls on record for which a model worked, oldest first."""
    reader = Reader(engine)
    details = (reader.call(row.id) for row in reader.calls(Scope(), limit=1_000).rows)
    return sorted(filter(None, details), key=lambda detail: detail.exchange.started_at)


def test_what_was_brought_is_on_record_and_told(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    lines = [
        a_chat(started_at=AT.isoformat(), id="one"),
        a_chat(started_at=(AT + timedelta(hours=1)).isoformat(), id="two"),
        {"url": "https://host/elsewhere", "started_at": (AT - timedelta(hours=1)).isoformat()},
    ]
    assert brought(intake, a_file(tmp_path, *lines)) == Summary(
        read=3,
        new=3,
        repeated=0,
        without_time=0,
        first_at=AT - timedelta(hours=1),
        last_at=AT + timedelta(hours=1),
        noted=0,
        by_dialect=(("openai_chat", 2), ("unknown", 1)),
        unread=0,
        problems=(),
    )
    assert [detail.exchange.reference for detail in recorded(engine)] == ["one", "two"]


def test_bringing_it_again_changes_nothing(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    archive = a_file(tmp_path, a_chat(id="one"), a_chat(id="two"))
    brought(intake, archive)
    before = recorded(engine)
    again = brought(an_intake(engine), archive)
    assert (again.read, again.new, again.repeated) == (2, 0, 2)
    assert recorded(engine) == before


def test_an_exchange_that_stands_twice_in_a_file_is_one(intake: Intake, tmp_path: Path) -> None:
    summary = brought(intake, a_file(tmp_path, a_chat(), a_chat()))
    assert (summary.read, summary.new, summary.repeated) == (2, 1, 1)


def test_several_files_are_summed_up_together(intake: Intake, tmp_path: Path) -> None:
    brought(intake, a_file(tmp_path, a_chat(id="one", started_at=AT.isoformat())))
    summary = brought(intake, a_file(tmp_path, a_chat(id="two", started_at=(AT - timedelta(days=1)).isoformat())))
    assert (summary.read, summary.new) == (2, 2)
    assert (summary.first_at, summary.last_at) == (AT - timedelta(days=1), AT)


def test_keys_come_as_fingerprints(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    brought(intake, a_file(tmp_path, a_chat(request_headers={"authorization": "Bearer sk-1"})))
    [detail] = recorded(engine)
    assert detail.exchange.key_fingerprint == "print of sk-1"


def test_what_only_the_reply_dates_stands_at_its_time_and_is_priced_by_it(engine: Engine, tmp_path: Path) -> None:
    priced_at: list[datetime] = []

    def pricing(_reading: Reading, exchange: Exchange) -> None:
        priced_at.append(exchange.started_at)

    intake = an_intake(engine, pricing)
    summary = brought(intake, a_file(tmp_path, a_chat(reply={"created": int(AT.timestamp())})))
    assert (summary.without_time, summary.first_at, summary.last_at) == (0, AT, AT)
    assert (summary.read, summary.by_dialect) == (1, (("openai_chat", 1),))
    assert [detail.exchange.started_at for detail in recorded(engine)] == [AT]
    assert priced_at[-1] == AT


def test_the_archives_time_goes_before_the_replys(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    created = int((AT - timedelta(days=9)).timestamp())
    brought(intake, a_file(tmp_path, a_chat(started_at=AT.isoformat(), reply={"created": created})))
    assert [detail.exchange.started_at for detail in recorded(engine)] == [AT]


def test_what_nobody_dates_stands_at_the_time_of_the_import_and_is_counted(
    intake: Intake, engine: Engine, tmp_path: Path
) -> None:
    before = datetime.now(UTC)
    summary = brought(intake, a_file(tmp_path, a_chat()))
    assert (summary.without_time, summary.first_at, summary.last_at) == (1, None, None)
    [detail] = recorded(engine)
    assert before <= detail.exchange.started_at <= datetime.now(UTC)


def test_what_cannot_be_read_is_told_with_its_place_and_hinders_nothing(intake: Intake, tmp_path: Path) -> None:
    lines = [a_chat(id="one"), "{nonsense", {"method": "GET"}, a_chat(id="two")]
    summary = brought(intake, a_file(tmp_path, *lines))
    assert (summary.read, summary.new, summary.unread) == (2, 2, 2)
    assert summary.problems[0].startswith("calls.jsonl, line 2: ")
    assert summary.problems[1] == "calls.jsonl, line 3: no url"


def test_of_many_problems_the_first_hundred_are_told_and_all_counted(intake: Intake, tmp_path: Path) -> None:
    summary = brought(intake, a_file(tmp_path, *[{"method": "GET"}] * 250))
    assert (summary.unread, len(summary.problems)) == (250, 100)
    assert summary.problems[-1] == "calls.jsonl, line 100: no url"


def test_a_reading_with_notes_is_counted(intake: Intake, tmp_path: Path) -> None:
    summary = brought(intake, a_file(tmp_path, a_chat(response_body="{half")))
    assert (summary.read, summary.noted, summary.unread) == (1, 1, 0)


@pytest.mark.sqlite_only(reason="a trigger in its own words refuses a call")
def test_what_the_database_will_not_take_is_told_with_its_place(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "create trigger no_teapots before insert on calls when new.status = 418 "
            "begin select raise(abort, 'tea'); end"
        )
    summary = brought(intake, a_file(tmp_path, a_chat(id="one"), a_chat(id="two", status=418), a_chat(id="three")))
    assert (summary.read, summary.new, summary.unread) == (3, 2, 1)
    [problem] = summary.problems
    assert problem.startswith("calls.jsonl, line 2: ")
    assert "tea" in problem


def test_progress_is_told_batch_by_batch_up_to_the_end(intake: Intake, tmp_path: Path) -> None:
    archive = a_file(tmp_path, *[a_chat(id=f"{number:03}") for number in range(450)])
    positions: list[int] = []
    intake.bring(archive, "calls.jsonl", positions.append)
    assert positions == [archive.size * part // 450 for part in (200, 400, 450)]


def test_a_file_that_turns_out_to_be_none_does_not_hinder_the_next(intake: Intake, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text('{"log": {"entries": [')
    brought(intake, open_archive(path), "a.har")
    summary = brought(intake, a_file(tmp_path, a_chat()))
    assert (summary.new, summary.unread) == (1, 1)
    assert "a.har is not a HAR file" in summary.problems[0]


def test_a_file_that_has_gone_is_told(intake: Intake, tmp_path: Path) -> None:
    archive = a_file(tmp_path, a_chat())
    (tmp_path / "calls.jsonl").unlink()
    assert brought(intake, archive).problems == ("calls.jsonl: No such file or directory",)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (OSError(5, "Input/output error"), "calls.jsonl: Input/output error"),
        (OSError("the disk is gone"), "calls.jsonl: the disk is gone"),
        (ArchiveError("no more JSON"), "no more JSON"),
    ],
)
def test_what_was_read_before_a_file_failed_is_brought_in(
    intake: Intake, tmp_path: Path, failure: Exception, told: str
) -> None:
    whole = a_file(tmp_path, *[a_chat(id=str(number)) for number in range(3)])

    def entries(fingerprint: Callable[[str], str]) -> Iterator[Entry]:
        yield from whole.entries(fingerprint)
        raise failure

    summary = brought(intake, replace(whole, entries=entries))
    assert (summary.new, summary.unread, summary.problems) == (3, 1, (told,))


def test_a_database_that_is_gone_ends_it(intake: Intake, engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("alter table calls rename to gone")
    with pytest.raises(StoreError, match="run audit db upgrade"):
        brought(intake, a_file(tmp_path, a_chat()))
