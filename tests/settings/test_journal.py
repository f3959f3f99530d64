"""The journal as people write it in audit.toml."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit.errors import JournalError, SettingsError
from audit.settings import Settings, load_settings
from audit.wiring import open_recorder
from audit.wiring.proxying import plan_of
from tests.recording.kept import begin, no_space


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


def test_how_large_it_may_grow_reaches_whoever_records(tmp_path: Path) -> None:
    written = {"max_bytes": "1MiB", "free_reserve": 0}
    settings = Settings.model_validate({"home": tmp_path, "journal": written})
    plan = plan_of(settings, 3, None)
    assert (plan.journal_most, plan.journal_reserve) == (1024**2, 0)
    with closing(open_recorder(settings)) as recorder:
        assert begin(recorder) is not None
        assert begin(recorder, bytes(1024**2)) is None
        assert recorder.lost == 1


def test_it_has_a_limit_unless_that_is_switched_off(tmp_path: Path) -> None:
    assert Settings(home=tmp_path).journalling.max_bytes == 10 * 1024**3
    unlimited = Settings.model_validate({"home": tmp_path, "journal": {"max_bytes": False}})
    assert unlimited.journalling.max_bytes is None


@pytest.mark.parametrize("key", ["max_bytes", "free_reserve"])
def test_a_size_that_is_none_is_told(tmp_path: Path, key: str) -> None:
    (tmp_path / "audit.toml").write_text(f'[journal]\n{key} = "much"\n')
    with pytest.raises(SettingsError, match=rf"journal\.{key}: .*size such as"):
        load_settings({}, tmp_path / "audit.toml")


@pytest.mark.parametrize(
    ("recording", "proxy", "refusing"),
    [("pass", None, (False, False)), ("refuse", None, (True, True)), ("refuse", "pass", (True, False))],
)
def test_what_becomes_of_calls_that_cannot_be_recorded(
    tmp_path: Path, recording: str, proxy: str | None, refusing: tuple[bool, bool]
) -> None:
    settings = Settings.model_validate(
        {"home": tmp_path, "recording": {"on_unrecordable": recording}, "proxy": {"on_unrecordable": proxy}}
    )
    with closing(open_recorder(settings)) as recorder, no_space():
        client = False
        try:
            begin(recorder)
        except JournalError:
            client = True
    assert (client, plan_of(settings, 3, None).refuse_unrecordable) == refusing
