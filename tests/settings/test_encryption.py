"""Where master keys are: places, never keys."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from audit.settings.encryption import EncryptionSettings


def test_nothing_is_encrypted_unless_a_key_is_named() -> None:
    assert EncryptionSettings().keys == ()
    assert EncryptionSettings.model_validate({"keys": "env:MASTER"}).keys == ("env:MASTER",)
    assert EncryptionSettings(keys=("file:/etc/new", "env:OLD")).keys == ("file:/etc/new", "env:OLD")


@pytest.mark.parametrize("key", ["", "file:", "env:", "/etc/key", "AAECAwQFBgc=", "file:/a\0b", "FILE:/a"])
def test_what_is_no_place_is_refused_unseen(key: str) -> None:
    with pytest.raises(ValidationError, match='"file:/a/path" or "env:A_VARIABLE", which number 2 is not'):
        EncryptionSettings.model_validate({"keys": ["env:GOOD", key]})


def test_a_place_twice_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="the same place twice"):
        EncryptionSettings(keys=("env:A", "env:A"))
