"""The ledger as people write it in audit.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from audit.settings import Settings
from audit.settings.ledger import LedgerSettings, WitnessSettings


def test_key_and_anchors_lie_in_the_home_folder_unless_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.ledger_key == tmp_path / "ledger.key"
    assert settings.ledger_anchors == (f"file:{tmp_path / 'anchors' / 'checkpoints.jsonl'}",)
    named = Settings.model_validate({"home": tmp_path, "ledger": {"key": "/k", "anchors": "syslog"}})
    assert (named.ledger_key, named.ledger_anchors) == (Path("/k"), ("syslog",))


def test_anchors_may_be_several_or_none() -> None:
    several = ("file:/a", "git:/b", "syslog")
    assert LedgerSettings.model_validate({"anchors": several}).anchors == several
    assert LedgerSettings.model_validate({"anchors": []}).anchors == ()


@pytest.mark.parametrize("anchor", ["/a", "file", "file:", "git:", "syslog:x", "ftp:/a", ""])
def test_other_anchors_are_refused(anchor: str) -> None:
    with pytest.raises(ValidationError, match='must be "file:/a/path", "git:/a/repository" or "syslog"'):
        LedgerSettings.model_validate({"anchors": [anchor]})


KEY = "witness.example/w+0123abcd+BGFhYQ=="


def test_witnesses_have_an_address_and_a_key() -> None:
    settings = LedgerSettings.model_validate({"witnesses": [{"url": "https://witness.example/w", "key": KEY}]})
    assert settings.witnesses == (WitnessSettings(url="https://witness.example/w", key=KEY),)


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("witness.example", KEY, "must begin with https:// or http:// and a host"),
        ("https://", KEY, "must begin with https:// or http:// and a host"),
        ("ftp://witness.example", KEY, "must begin with https:// or http:// and a host"),
        ("https://witness.example", "", r"must be a verifier key, as name\+id\+base64"),
        ("https://witness.example", "/a/file", r"must be a verifier key, as name\+id\+base64"),
    ],
)
def test_other_witnesses_are_refused(url: str, key: str, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        LedgerSettings.model_validate({"witnesses": [{"url": url, "key": key}]})
