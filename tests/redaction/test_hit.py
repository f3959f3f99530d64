from __future__ import annotations

from audit.redaction.hit import Hit, Rule, merged

FIRST, SECOND = (Rule(name=name, find=lambda *_: ()) for name in ("first", "second"))


def test_hits_that_overlap_become_one_by_the_surer_rule() -> None:
    hits = [Hit(4, 9, SECOND), Hit(0, 5, FIRST), Hit(9, 10, SECOND), Hit(20, 30, SECOND), Hit(21, 22, FIRST)]
    assert list(merged(hits, (FIRST, SECOND))) == [Hit(0, 9, FIRST), Hit(9, 10, SECOND), Hit(20, 30, FIRST)]


def test_nothing_found_is_nothing() -> None:
    assert list(merged([], (FIRST,))) == []
