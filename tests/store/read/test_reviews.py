from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from audit.call import Source
from audit.store.read import Reader
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.write import Writer
from tests.store.samples import a_call, a_finding, an_id

TOLD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ann@one", {}),
    ("ann@one", {"category": "hate"}),
    ("Ann@one", {}),
    ("ann@two", {"call": an_id(2)}),
    ("annabel@one", {}),
    ("ann@one", {"verdict": ReviewVerdict.CANNOT_JUDGE}),
    ("ann@one", {"side": Source.COMPLETION}),
    ("bob", {"verdict": ReviewVerdict.CANNOT_JUDGE}),
)


@pytest.fixture
def decided(engine: Engine, writer: Writer) -> Reader:
    """Eight decisions of several people; the sixth is about what the first was about."""
    writer.append([a_call(1, findings=(a_finding("hate"),)), a_call(2)])
    for number, (reviewer, over) in enumerate(TOLD, start=1):
        plain = {"call": an_id(1), "side": Source.PROMPT, "verdict": ReviewVerdict.BORDERLINE, "reason": f"{number}"}
        decide(engine, Review(**{**plain, **over}), reviewer=reviewer)
    return Reader(engine)


def test_they_come_newest_first_and_tell_which_is_what_their_reviewer_says_now(decided: Reader) -> None:
    found = decided.reviews()
    assert [one.reason for one in found] == list("87654321")
    assert [one.reason for one in found if not one.latest] == ["1"]
    second = found[-2]
    assert (second.call, second.side, second.category) == (an_id(1), Source.PROMPT, "hate")
    assert (second.verdict, second.severity, second.reviewer) == (ReviewVerdict.BORDERLINE, None, "ann@one")
    assert [one.version for one in found if one.reason in "16"] == [2, 1]


@pytest.mark.parametrize(
    ("wanted", "reasons"),
    [
        ({"call": an_id(2)}, "4"),
        ({"call": an_id(3)}, ""),
        ({"verdict": ReviewVerdict.CANNOT_JUDGE}, "86"),
        ({"reviewer": "ann"}, "76421"),
        ({"reviewer": "ann@one"}, "7621"),
        ({"reviewer": "bob"}, "8"),
        ({"reviewer": "a%"}, ""),
        ({"limit": 2}, "87"),
        ({"reviewer": "ann", "verdict": ReviewVerdict.BORDERLINE, "call": an_id(1)}, "721"),
    ],
    ids=str,
)
def test_they_can_be_chosen(decided: Reader, wanted: dict[str, Any], reasons: str) -> None:
    assert "".join(one.reason for one in decided.reviews(**wanted)) == reasons


def test_whether_it_is_the_latest_does_not_depend_on_what_is_chosen(decided: Reader) -> None:
    first = decided.reviews(reviewer="ann@one", verdict=ReviewVerdict.BORDERLINE)[-1]
    assert (first.reason, first.latest) == ("1", False)


def test_a_call_comes_with_what_was_decided_about_it(decided: Reader) -> None:
    detail = decided.call(an_id(2))
    assert detail is not None
    assert detail.reviews == decided.reviews(call=an_id(2))


def test_a_call_is_known_by_the_beginning_of_its_id(decided: Reader) -> None:
    assert decided.id_of(str(an_id(2))) == an_id(2)
    assert decided.id_of(str(an_id(2))[:-2]) is None, "two calls begin so"
    assert decided.id_of("nothing") is None
