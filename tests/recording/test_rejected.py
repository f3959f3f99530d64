"""Calls that the database refuses, in files of their own."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from audit.recording.frames import FINISH, LOSS, REASON, encode, encode_exchange
from audit.recording.rejected import Rejected, Unreadable, files, part, read, set_aside
from tests.factories import an_exchange

ONE, OTHER = (an_exchange(id=UUID(int=number), request_body=b"ask", response_body=b"answer") for number in (1, 2))


def bytes_of(*exchanges: object) -> bytes:
    return b"".join(piece for exchange in exchanges for piece in encode_exchange(exchange))  # type: ignore[arg-type]


def calls(folder: Path) -> list[Rejected]:
    return [one for one in read(folder) if isinstance(one, Rejected)]


def test_the_reason_is_kept_beside_the_call(tmp_path: Path) -> None:
    before = datetime.now(UTC)
    set_aside(tmp_path, ONE, "DataError: too odd")
    (kept,) = calls(tmp_path)
    assert (kept.exchange, kept.reason, kept.tries) == (ONE, "DataError: too odd", 1)
    assert kept.at is not None
    assert before.replace(microsecond=0) <= kept.at <= datetime.now(UTC)
    assert [path.name for path in tmp_path.iterdir()] == [f"{ONE.id}.rejected"]


def test_a_call_that_is_refused_again_is_kept_once_and_its_tries_are_counted(tmp_path: Path) -> None:
    for reason in ("first", "second"):
        set_aside(tmp_path, ONE, reason)
    assert [(kept.reason, kept.tries) for kept in calls(tmp_path)] == [("second", 2)]


def test_a_key_in_a_reason_is_not_kept_and_a_long_one_is_cut(tmp_path: Path) -> None:
    set_aside(tmp_path, ONE, f"no room for sk-{'a1B2' * 12} {'x' * 5_000}")
    reason = calls(tmp_path)[0].reason
    assert reason is not None
    assert "a1B2" not in reason
    assert len(reason) <= 1_000


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        set_aside(tmp_path, ONE, "too odd")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"noise", bytes_of(ONE)[:-1], *(b"".join(encode(kind, {"id": "0"})) for kind in (REASON, FINISH, LOSS))],
)
def test_what_holds_no_whole_call_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.rejected"
    path.write_bytes(data)
    assert list(read(tmp_path)) == [Unreadable(path=path, offset=0)]


def test_a_call_is_read_though_what_is_behind_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.rejected"
    path.write_bytes(bytes_of(ONE) + b"noise")
    assert list(read(tmp_path)) == [
        Rejected(path=path, exchange=ONE),
        Unreadable(path=path, offset=len(bytes_of(ONE))),
    ]


def test_what_an_older_version_has_set_aside_is_parted_into_files(tmp_path: Path) -> None:
    (tmp_path / "rejected.journal").write_bytes(bytes_of(ONE, OTHER))
    set_aside(tmp_path, OTHER, "known")
    assert [kept.exchange for kept in calls(tmp_path)] == [OTHER, ONE, OTHER]
    part(tmp_path)
    assert [(kept.exchange, kept.reason) for kept in calls(tmp_path)] == [(ONE, None), (OTHER, "known")]
    assert [path.name for path in files(tmp_path)] == [f"{ONE.id}.rejected", f"{OTHER.id}.rejected"]
    part(tmp_path)  # again, though there is none


def test_what_of_it_cannot_be_read_is_kept(tmp_path: Path) -> None:
    (tmp_path / "rejected.journal").write_bytes(bytes_of(ONE) + b"noise")
    part(tmp_path)
    assert [kept.exchange for kept in calls(tmp_path)] == [ONE]
    assert (tmp_path / "rejected.damaged").read_bytes() == bytes_of(ONE) + b"noise"


def test_a_call_that_was_put_back_since_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.recording.rejected.files", lambda folder: [folder / "gone.rejected"])
    assert list(read(tmp_path)) == []
