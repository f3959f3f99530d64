from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from audit.call import Message, Part, Reading
from audit.store.engine import open_engine
from audit.store.search import (
    MAX_INDEXED,
    add_to_index,
    add_words,
    folded,
    index_of,
    matching,
    spoken,
    wanted_phrases,
    words_of,
)
from audit.store.write import Writer
from tests.store.samples import a_call

SAID = {
    1: "The quick brown fox jumps over the lazy dog.",
    2: "A café in Zürich: naïve, résumé. Don't!",
    3: "请总结一下这份报告。",
    4: "東京タワーはどこですか",
    5: "한국어 문장입니다",
    6: "",
    7: "x" * 5_000 + " beyond",
    8: "word " * (MAX_INDEXED // 5) + "unreachable",
}


@pytest.fixture
def indexed(engine: Engine, writer: Writer) -> Engine:
    writer.append([a_call(number) for number in SAID])
    with engine.begin() as connection:
        add_to_index(connection, [(pk, index_of(engine).made_of(said)) for pk, said in SAID.items()])
    return engine


def found(engine: Engine, query: str) -> list[int]:
    with engine.begin() as connection:
        wanted = matching(connection, query)
        assert wanted is not None
        return sorted(connection.execute(wanted).scalars())


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        ("fox", [1]),
        ("FOX Brown", [1]),
        ("fox cat", []),
        ("qui", [1]),
        ("qui fox", []),
        ("fox qui", [1]),
        ("cafe", [2]),
        ("CAFÉ zurich", [2]),
        ("don't", [2]),
        ("总结", [3]),
        ("结总", [3]),
        ("报", [3]),
        ("东", []),
        ("タワー", [4]),
        ("한국어", [5]),
        ("한국", [5]),
        ('") OR words:"', []),
        ("fox' | 'cafe", []),
        ("beyond", [7]),
        ("unreachable", []),
        ("fox " * 1_000, [1]),
    ],
)
def test_calls_are_found_by_their_words(indexed: Engine, query: str, calls: list[int]) -> None:
    assert found(indexed, query) == calls


@pytest.mark.parametrize("query", ["", "  ", "!?", '"', "__"])
def test_a_query_without_words_is_none(engine: Engine, query: str) -> None:
    with engine.begin() as connection:
        assert matching(connection, query) is None


def test_words_can_be_taken_out_of_an_index_and_put_into_another(indexed: Engine) -> None:
    with indexed.begin() as connection:
        read = list(words_of(connection))
        assert list(words_of(connection)) == read
        add_words(connection, [(pk + 100, words) for pk, words in read])
        again = {pk: words for pk, words in words_of(connection) if pk > 100}
    assert [pk for pk, _ in read] == [1, 2, 3, 4, 5, 7, 8]
    assert {"the", "fox", "dog"} <= set(read[0][1])
    assert found(indexed, "zurich") == [2, 102]
    assert found(indexed, "总结") == [3, 103]
    assert {pk - 100: sorted(set(words)) for pk, words in again.items()} == {
        pk: sorted({word for word in words if len(word) <= 100 or len(words) == len(again[pk + 100])})
        for pk, words in read
    }


def test_words_are_read_where_nothing_may_be_written(indexed: Engine) -> None:
    reading = open_engine(indexed.url.render_as_string(hide_password=False), read_only=True)
    with reading.begin() as connection:
        assert len(list(words_of(connection))) == 7
    with pytest.raises(DBAPIError, match=r"read-?only"), reading.begin() as connection:
        connection.execute(text("DELETE FROM calls"))
    reading.dispose()


def test_nothing_said_needs_no_index(engine: Engine) -> None:
    with engine.begin() as connection:
        add_to_index(connection, [(1, index_of(engine).made_of("")), (2, index_of(engine).made_of(""))])
        assert list(words_of(connection)) == []
    assert found(engine, "anything") == []


@pytest.mark.parametrize(
    ("query", "phrases"),
    [
        ("quick fox", []),
        ('"quick brown" fox', ["quick brown"]),
        ('"a b" "c d"', ["a b", "c d"]),
        ("总结 x", ["总结"]),
        ("总", []),
        ('"请总结" 总结', ["请总结"]),
        ('"open', []),
    ],
)
def test_phrases_are_what_is_quoted_and_runs_of_ideographs(query: str, phrases: list[str]) -> None:
    assert wanted_phrases(query) == phrases


@pytest.mark.parametrize(
    ("text", "plain"),
    [("The  Quick,brown\nfox", "the quick brown fox"), ("Café", "cafe"), ("总结 x", "总 结 x"), ("が 가", "か 가")],
)
def test_texts_are_compared_by_their_words(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_all_that_was_said_is_what_both_sides_said() -> None:
    question = Message(
        role="user", parts=(Part(kind="text", text="one"), Part(kind="image"), Part(kind="text", text="two"))
    )
    answer = Message(role="assistant", parts=(Part(kind="reasoning", text="three"),))
    reading = Reading(dialect="d", dialect_version=1, provider="p", input=(question,), output=(answer,))
    assert spoken(reading) == "one\ntwo\nthree"
