"""Power cuts of the journal, a few of them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from audit.call import Ending, Exchange
from audit.recording import stable
from tests.campaigns import journal_power
from tests.campaigns.disk import File
from tests.campaigns.journal_power import Diary, Stored, findings
from tests.factories import an_exchange


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = journal_power.main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_was_said_to_be_kept_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, "--cuts", "60")
    assert (code, told["failures"], set(told["harm"].values())) == (0, [], {0})
    assert told["calls ended"] > 500
    assert 0 < told["with syncs that fail"] < 60


def test_what_is_only_to_outlive_the_process_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = run(capsys, "--cuts", "40", "--durability", "process")
    assert (code, told["harm"]["no trace"] > 0) == (1, True)


def test_a_disk_that_says_it_has_synced_and_has_not_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(File, "sync", lambda _self: None)
    assert journal_power.main(["--cuts", "10"]) == 1


def test_a_folder_that_is_not_synced_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stable, "sync_folder", lambda _folder: None)
    assert journal_power.main(["--cuts", "30"]) == 1


def told(diary: Diary, *calls: Exchange) -> list[tuple[str, str]]:
    stored = Stored()
    stored.append(calls)
    return list(findings(diary, stored))


def a_call(reply: bytes, ending: Ending = Ending.EOF) -> Exchange:
    return an_exchange(id=UUID(int=1), request_body=b"one", response_body=reply, ending=ending)


def test_what_is_amiss_is_told_by_its_kind() -> None:
    begun, ended = Diary({b"one": b"reply"}), Diary({b"one": b"reply"}, {b"one"})
    assert told(begun) == told(ended) == [("no trace", "one")]
    assert told(begun, a_call(b"rep", Ending.UNKNOWN)) == told(ended, a_call(b"reply")) == []
    assert told(ended, a_call(b"reply", Ending.UNKNOWN)) == [("lost", "one")]
    assert told(begun, a_call(b"else", Ending.UNKNOWN)) == told(ended, a_call(b"rep")) == [("altered", "one")]


def test_a_call_is_stored_once() -> None:
    stored = Stored()
    stored.append([a_call(b"reply"), a_call(b"other")])
    assert [call.response_body for call in stored.calls.values()] == [b"reply"]
