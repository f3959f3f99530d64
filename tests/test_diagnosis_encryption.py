"""A look at an installation says whether bodies are encrypted, and what is amiss with the keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from audit.diagnosis import diagnose
from audit.settings import Settings
from audit.surroundings import Finding, Level


def told(folder: Path, encryption: Callable[[], list[Finding]]) -> list[tuple[str, str]]:
    found = diagnose(Settings(home=folder), {}, encryption=lambda: iter(encryption()))
    return [(one.level.value, one.text) for one in found if one.subject == "encryption"]


def test_what_is_found_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, list) == []
    assert told(tmp_path, lambda: [Finding(Level.GOOD, "3 contents are encrypted")]) == [
        ("good", "3 contents are encrypted")
    ]
