"""A look at an installation says what redaction is on."""

from __future__ import annotations

from pathlib import Path

from audit.diagnosis import diagnose
from audit.settings import RedactionSettings, Settings
from audit.settings.redaction import PatternSettings


def told(folder: Path, redaction: RedactionSettings) -> list[tuple[str, str]]:
    found = diagnose(Settings(home=folder, redaction=redaction), {})
    return [(one.level.value, one.text) for one in found if one.subject == "redaction"]


def test_redaction_that_is_off_is_not_told(tmp_path: Path) -> None:
    assert told(tmp_path, RedactionSettings()) == []


def test_redaction_is_told_when_it_is_on_and_when_it_cannot_be(tmp_path: Path) -> None:
    own = PatternSettings(name="staff", pattern="S-[0-9]+")
    assert told(tmp_path, RedactionSettings(rules=("email", "presidio"), patterns=(own,))) == [
        ("good", "takes out of calls before they are stored: email, presidio, staff"),
        ("bad", "presidio is not installed, so calls wait in the journal: pip install 'audit[presidio]'"),
    ]
