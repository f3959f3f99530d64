from __future__ import annotations

from audit.redaction.finder import Finder
from audit.redaction.hit import Hit, Rule, Span
from audit.redaction.rules import rules_of


def test_a_rule_about_figures_is_asked_only_where_there_are_enough() -> None:
    asked: list[str] = []

    def find(text: str, start: int, end: int) -> list[Span]:
        asked.append(text[start:end])
        return []

    rule = Rule(name="it", figures=12, find=find)
    list(Finder([rule])("words 1234567 words 20240102 words and more words 123456789012 words"))
    assert asked == [" more words 123456789012 wor"]


def test_a_rule_about_no_figures_is_asked_for_all_of_a_text() -> None:
    rule = Rule(name="it", find=lambda text, start, end: [(start, end)])
    assert list(Finder([rule])("any text")) == [Hit(0, 8, rule)]


def test_half_a_character_hides_nothing_behind_it() -> None:
    (rule,) = rules_of(("email",))
    assert list(Finder([rule])("\ud800 ann@x.org")) == [Hit(2, 11, rule)]
