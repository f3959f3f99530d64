"""API keys told apart without being kept."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from audit.errors import JournalError
from audit.files import write_private
from audit.recording import keys as module
from audit.recording.keys import Fingerprints, load_secret

SECRET = b"s" * 32


def test_the_same_key_has_the_same_fingerprint_and_another_has_another() -> None:
    prints = Fingerprints(SECRET)
    assert prints("a") == prints("a") == Fingerprints(SECRET)("a")
    assert prints("a") != prints("b")
    assert prints("a") != Fingerprints(b"t" * 32)("a")


def test_a_fingerprint_is_the_first_80_bits_of_the_keyed_hash_in_base32() -> None:
    assert Fingerprints(bytes(32))("sk-1") == "wv6snyibaoefx3nv"


@pytest.mark.parametrize("key", ["", "ключ", "\udc80", "x" * 100_000])
def test_any_key_has_one(key: str) -> None:
    made = Fingerprints(SECRET)(key)
    assert len(made) == 16
    assert made.isalnum()
    assert made == made.lower()


def test_memory_for_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_REMEMBERED", 2)
    prints = Fingerprints(SECRET)
    made = [prints(key) for key in "abcabc"]
    assert made[:3] == made[3:]
    assert len(prints._known) <= 2


def test_a_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret"
    secret = load_secret(path)
    assert len(secret) == 32
    assert load_secret(path) == secret
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [left.name for left in path.parent.iterdir()] == ["secret"]


def test_of_several_that_start_at_once_all_have_the_same(tmp_path: Path) -> None:
    found, barrier = [], threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        found.append(load_secret(tmp_path / "secret"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_one_that_loses_the_race_takes_the_winners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def beaten(path: Path, content: bytes) -> None:
        path.write_text("ab" * 32)
        write_private(path, content)

    monkeypatch.setattr(module, "write_private", beaten)
    assert load_secret(tmp_path / "secret") == b"\xab" * 32


@pytest.mark.parametrize("content", ["", "ab", "not hex" * 10, "ü"])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret").write_text(content, encoding="utf-8")
    with pytest.raises(JournalError, match="cannot use the fingerprint secret"):
        load_secret(tmp_path / "secret")


def test_a_secret_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot use the fingerprint secret"):
        load_secret(tmp_path / "file" / "secret")
