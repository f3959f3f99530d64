from __future__ import annotations

from audit.redaction.patterns import pattern_rule


def test_a_pattern_is_found_in_characters_not_bytes() -> None:
    text = "für AB-12 und AB-34"
    rule = pattern_rule("staff", r"\bAB-\d+")
    assert [text[slice(*span)] for span in rule.find(text, 0, len(text))] == ["AB-12", "AB-34"]


def test_nothing_found_is_no_find() -> None:
    assert list(pattern_rule("it", r"\bx*").find("a b", 0, 3)) == []
