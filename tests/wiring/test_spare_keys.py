from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.recording.keys import load_secret
from audit.settings import Settings
from audit.wiring.ledger import load_signer
from audit.wiring.spare_keys import install_keys, keep_keys, keys_path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def other(tmp_path: Path) -> Settings:
    """A new installation."""
    return Settings(home=tmp_path / "other")


def test_keys_come_back_as_they_were(settings: Settings, other: Settings, tmp_path: Path) -> None:
    secret, signer = load_secret(settings.home / "secret"), load_signer(settings)
    kept = keep_keys(settings, tmp_path / "kept.db")
    assert kept == keys_path(tmp_path / "kept.db")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    install_keys(other, tmp_path / "kept.db")
    assert load_secret(other.home / "secret") == secret
    assert load_signer(other) == signer
    assert stat.S_IMODE(other.ledger_key.stat().st_mode) == 0o600
    install_keys(other, tmp_path / "kept.db")


def test_a_key_that_there_is_not_is_not_made(settings: Settings, other: Settings, tmp_path: Path) -> None:
    keep_keys(settings, tmp_path / "kept.db")
    install_keys(other, tmp_path / "kept.db")
    assert not settings.home.exists()
    assert not other.home.exists()


def test_other_keys_are_not_written_over(settings: Settings, other: Settings, tmp_path: Path) -> None:
    load_secret(settings.home / "secret")
    load_signer(settings)
    keep_keys(settings, tmp_path / "kept.db")
    signer = load_signer(other)
    with pytest.raises(AuditError, match=r"ledger\.key holds another key, and is not written over"):
        install_keys(other, tmp_path / "kept.db")
    assert load_signer(other) == signer
    assert not (other.home / "secret").exists()


def test_keys_that_cannot_be_read_are_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"cannot read the keys in .*: No such file"):
        install_keys(settings, tmp_path / "kept.db")
    keys_path(tmp_path / "kept.db").write_text("[]")
    with pytest.raises(AuditError, match="holds no keys"):
        install_keys(settings, tmp_path / "kept.db")


def test_a_disk_that_fails_is_told(
    settings: Settings, other: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_signer(settings)
    keep_keys(settings, tmp_path / "kept.db")

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AuditError, match=r"cannot write .*ledger\.key: No space left"):
        install_keys(other, tmp_path / "kept.db")


def test_keys_that_cannot_be_written_are_told(settings: Settings, other: Settings, tmp_path: Path) -> None:
    load_signer(settings)
    with pytest.raises(AuditError, match="cannot write the keys into"):
        keep_keys(settings, tmp_path / "nowhere" / "kept.db")
    keep_keys(settings, tmp_path / "kept.db")
    other.home.touch()
    with pytest.raises(AuditError, match="cannot use"):
        install_keys(other, tmp_path / "kept.db")
