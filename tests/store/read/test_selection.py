from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from audit.call import Call, Outcome
from audit.store.read import Reader, selection
from audit.store.read.selection import id_range
from audit.store.scope import Canaries, Level, Scope, Standing
from audit.store.write import Writer
from tests.store.samples import NOON, a_call, a_finding, an_id, said

MINUTE = timedelta(minutes=1)


def found(reader: Reader, scope: Scope) -> list[int]:
    return sorted(row.id.int & 0xFF for row in reader.calls(scope).rows)


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 9]),
        ({"since": NOON + 10 * MINUTE}, [2, 3, 4, 5, 6, 9]),
        ({"until": NOON + 10 * MINUTE}, [1]),
        ({"providers": ("azure", "anthropic")}, [3, 5, 9]),
        ({"models": ("gpt",)}, [4, 9]),
        ({"models": ("unknown", "haiku")}, [3, 5]),
        ({"requested": ("gpt",)}, [1, 2, 4, 6, 9]),
        ({"requested": ("unknown", "sonnet")}, [3, 5]),
        ({"keys": ("k2",)}, [3]),
        ({"keys": ("k2", "")}, [3, 5, 9]),
        ({"projects": ("billing",)}, [3]),
        ({"projects": ("",)}, [5, 9]),
        ({"users": ("bob", "ann")}, [1, 2, 4, 6]),
        ({"sessions": ("of bob",)}, [2]),
        ({"conversations": (str(an_id(2)),)}, [2]),
        ({"conversations": (str(an_id(2)), str(an_id(3)))}, [2, 3]),
        ({"conversations": ("no id",)}, []),
        ({"labels": (("env", "prod"),)}, [1, 4, 6]),
        ({"labels": (("env", "prod"), ("env", "test"))}, [1, 2, 4, 6]),
        ({"labels": (("env", "test"), ("team", "a"))}, []),
        ({"outcomes": ("clean", "annotated")}, [1, 2]),
        ({"operations": ("count_tokens",)}, [8]),
        ({"standings": (Standing.ERROR, Standing.UNFINISHED)}, [4, 6]),
        ({"matches": ("different", "same")}, [3, 9]),
        ({"categories": ("hate",)}, [1, 2]),
        ({"categories": ("hate", "violence")}, [1, 2, 5]),
        ({"categories": ("hate",), "sides": ("completion",)}, [1]),
        ({"categories": ("violence",), "sides": ("completion",)}, []),
        ({"sides": ("prompt",)}, [1, 2, 5]),
        ({"categories": ("hate",), "levels": ("low",)}, [2]),
        ({"levels": ("low", "high")}, [2, 5]),
        ({"levels": (Level.FAILED,)}, [9]),
        ({"levels": (Level.FOUND,)}, []),
        ({"levels": (Level.NOT_FOUND,)}, []),
        ({"unpriced": True}, [6]),
        ({"without_usage": True}, [4, 5]),
        ({"canaries": Canaries.WITH}, [1, 2, 3, 4, 5, 6, 7, 9]),
        ({"canaries": Canaries.ONLY}, [7]),
        ({"canary": "hello"}, [7]),
        ({"canary": "other", "canaries": Canaries.WITH}, []),
        ({"search": "apples"}, [1]),
        ({"search": "appl"}, [1]),
        ({"search": "pears"}, []),
        ({"search": "?!"}, []),
        ({"search": "", "canary": ""}, [1, 2, 3, 4, 5, 6, 9]),
        ({"search": "  "}, [1, 2, 3, 4, 5, 6, 9]),
        ({"search": '"resp-00000001"'}, [1]),
        ({"search": "resp-00000001"}, [1]),
        ({"search": " req-00000001 "}, [1]),
        ({"search": str(an_id(4))}, [4]),
        ({"search": "01930000-0000"}, [1, 2, 3, 4, 5, 6, 9]),
        ({"search": "01930000-0000", "providers": ("azure",)}, [5, 9]),
        ({"search": "0193000"}, []),
    ],
)
def test_a_scope_chooses_calls(reader: Reader, over: dict[str, Any], expected: list[int]) -> None:
    assert found(reader, Scope(**over)) == expected


@pytest.fixture
def ungraded(engine: Engine) -> Reader:
    """Filters that grade nothing: of call 1 one answer was found to be copied, of call 2 it is not known."""
    either = (a_finding("copied", severity=None, detected=True), a_finding("copied", severity=None, choice=1))
    neither = (a_finding("copied", severity=None, error="timeout"),)
    calls = [a_call(1, outcome=Outcome.ANNOTATED, findings=either), a_call(2, outcome=Outcome.CLEAN, findings=neither)]
    assert Writer(engine).append(calls).new == 2
    return Reader(engine)


@pytest.mark.parametrize(
    ("level", "expected", "count"),
    [(Level.FOUND, [1], "detected"), (Level.NOT_FOUND, [1], "not_found"), (Level.FAILED, [2], "errors")],
)
def test_what_filters_do_not_grade_they_find_or_not(
    ungraded: Reader, level: Level, expected: list[int], count: str
) -> None:
    assert found(ungraded, Scope(categories=("copied",), levels=(level,))) == expected
    (row,) = ungraded.categories(Scope())
    assert getattr(row, count) == len(expected)
    assert row.ran == 1


def a_chat(number: int, question: str, answer: str) -> Call:
    request = {"model": "gpt", "messages": [{"role": "user", "content": question}]}
    message = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
    response = {"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt", "choices": [message]}
    facts = {
        "request_body": json.dumps(request).encode(),
        "response_body": json.dumps(response).encode(),
        "request_headers": (("content-type", "application/json"),),
        "response_headers": (("content-type", "application/json"),),
    }
    return a_call(number, minutes=number, exchange=facts, input=said(question), output=said(answer))


@pytest.fixture
def chats(engine: Engine, writer: Writer) -> Reader:
    writer.append(
        [
            a_chat(1, "Is the red apple sweet?", "The apple is red."),
            a_chat(2, "请总结一下报告", "报告的结论如下"),
            a_chat(3, "apple red", "no, the Red\nApple: is green"),
            a_call(4, input=said("the red apple that no one can read again"), exchange={"url": "http://[broken"}),
        ]
    )
    return Reader(engine)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("red apple", [1, 3, 4]),
        ('"red apple"', [1, 3]),
        ('"apple red"', [3]),
        ('"RED APPLE" sweet', [1]),
        ('"red app"', []),
        ("总结", [2]),
        ("结总", []),
        ("结论 总结", [2]),
    ],
)
def test_phrases_are_told_by_reading_again(chats: Reader, search: str, expected: list[int]) -> None:
    assert found(chats, Scope(search=search)) == expected


def test_every_figure_is_of_the_searched_calls(chats: Reader) -> None:
    assert chats.totals(Scope(search='"red apple"')).calls == 2
    assert chats.facets(Scope(search="sweet")).providers[0].calls == 1


def test_only_the_newest_candidates_are_read_again(chats: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MAX_REREAD", 2)
    page = chats.calls(Scope(search='"red apple"'))
    assert ([row.id for row in page.rows], page.total, page.bounded) == ([an_id(3)], 1, True)
    assert not chats.calls(Scope(search='"red apple"', providers=("none",))).bounded


@pytest.mark.parametrize(
    ("beginning", "least", "greatest"),
    [
        ("0", "00000000-0000-0000-0000-000000000000", "0fffffff-ffff-ffff-ffff-ffffffffffff"),
        ("01930000-00", "01930000-0000-0000-0000-000000000000", "01930000-00ff-ffff-ffff-ffffffffffff"),
        (str(an_id(7)).upper(), str(an_id(7)), str(an_id(7))),
    ],
)
def test_ids_with_one_beginning_lie_between_two(beginning: str, least: str, greatest: str) -> None:
    assert id_range(beginning) == (UUID(least), UUID(greatest))


@pytest.mark.parametrize("beginning", ["", "-", "g", "0" * 33, "01 2"])
def test_what_no_id_begins_with_has_no_range(beginning: str) -> None:
    assert id_range(beginning) is None
