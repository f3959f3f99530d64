"""A journal that has no room, as `audit doctor` tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.diagnosis import diagnose
from audit.settings import JournalSettings, Settings


def told(folder: Path, limits: JournalSettings) -> tuple[str, str]:
    """Return what is said of a journal of a million bytes beyond how large it is: how bad, and what."""
    (folder / "journal").mkdir()
    (folder / "journal" / "1-a.0.journal").write_bytes(bytes(1_000_000))
    found = diagnose(Settings.model_validate({"home": folder, "journal": limits}), {})
    [one] = [one for one in found if one.subject == "journal"][1:]
    return one.level.value, one.text


@pytest.mark.parametrize(
    ("most", "level", "text"),
    [(1024**2, "bad", "is full: 1.0 MB of the 1.0 MB"), (1100 * 1024, "note", "nearly full: 1.0 of 1.1 MB")],
)
def test_a_journal_that_reaches_its_limit_is_told(tmp_path: Path, most: int, level: str, text: str) -> None:
    found = told(tmp_path, JournalSettings(max_bytes=most))
    assert found[0] == level
    assert text in found[1]


def test_a_disk_without_room_for_the_journal_is_told(tmp_path: Path) -> None:
    level, text = told(tmp_path, JournalSettings(free_reserve=10**18, max_bytes=None))
    assert (level, "[journal] free_reserve" in text) == ("bad", True)
