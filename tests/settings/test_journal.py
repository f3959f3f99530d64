"""The journal as people write it in audit.toml."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit.errors import SettingsError
from audit.settings import Settings, load_settings
from audit.wiring import open_recorder
from audit.wiring.proxying import plan_of


@pytest.mark.parametrize(("written", "kind"), [({}, "Journal"), ({"durability": "power"}, "StableJournal")])
def test_what_it_must_outlive_reaches_whoever_records(tmp_path: Path, written: dict[str, str], kind: str) -> None:
    settings = Settings.model_validate({"home": tmp_path, "journal": written})
    with closing(open_recorder(settings)) as recorder:
        assert type(recorder._journal).__name__ == kind
    assert plan_of(settings, 3, None).stable is bool(written)


def test_what_it_cannot_be_is_told_by_its_name_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('[journal]\ndurability = "fire"\n')
    with pytest.raises(SettingsError, match=r"journal\.durability: 'fire' is none of process, power"):
        load_settings({}, tmp_path / "audit.toml")


def test_a_key_that_it_does_not_have_is_told(tmp_path: Path) -> None:
    (tmp_path / "audit.toml").write_text('[journal]\ndurabilty = "power"\n')
    with pytest.raises(SettingsError, match=r"journal\.durabilty.*durability"):
        load_settings({}, tmp_path / "audit.toml")
