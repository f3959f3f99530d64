"""The rule that asks Presidio, with something that answers like it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from audit.redaction.presidio import presidio_rule


class Names:
    """Finds Ann."""

    def get_supported_entities(self, language: str) -> list[str]:
        return ["UUID", "PERSON"] if language == "en" else []

    def analyze(self, text: str, language: str, *, entities: list[str], score_threshold: float) -> Iterator[Any]:
        assert (language, entities, score_threshold, "\0" in text) == ("en", ["PERSON"], 0.5, False)
        if (at := text.find("Ann")) >= 0:
            yield SimpleNamespace(start=at, end=at + 3)


def test_each_text_is_looked_at_by_itself() -> None:
    text = "said Ann\0 \0nobody\0Ann Lee"
    assert list(presidio_rule(Names()).find(text, 0, len(text))) == [(5, 8), (18, 21)]
