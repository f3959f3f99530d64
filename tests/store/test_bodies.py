from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.store import bodies
from audit.store.bodies import Block, Run, Split, blocks_of_base64, split, split_answer
from tests.store.bodies_of import HOSTILE, LONG_TEXT, PICTURE, a_body, a_conversation, told


def texts(found: Split) -> list[bytes]:
    return [found.body[part.start : part.end] for part in found.ranges]


def is_in_order(found: Split) -> bool:
    bounds = [edge for part in found.ranges for edge in (part.start, part.end)]
    return bounds == sorted(bounds) and (not bounds or (bounds[0] >= 0 and bounds[-1] <= len(found.body)))


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_no_part_lies_in_another_whatever_a_body_holds(body: bytes) -> None:
    assert is_in_order(split(body))
    assert is_in_order(split_answer(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=9), inner, max_size=5),
    max_leaves=12,
)
NAMES = st.sampled_from(["messages", "input", "contents", "tools", "system", "text", "x", 'a"\\'])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(NAMES, JSON), max_size=6),
    st.sampled_from(["", " ", "\n\t"]),
    st.integers(min_value=1, max_value=9),
)
def test_any_object_is_split_in_order(members: list[tuple[str, object]], blank: str, times: int) -> None:
    values = [json.dumps([value] * times, separators=(f",{blank}", f":{blank}")) for _, value in members]
    pairs = [f"{blank}{json.dumps(name)}{blank}:{value}" for (name, _), value in zip(members, values, strict=True)]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WORTH_A_BLOCK", "LONG", "WORTH_A_RUN"):
            patch.setattr(bodies, name, 3)
        found = split(f"{blank}{{{','.join(pairs)}{blank}}}".encode())
    assert is_in_order(found)
    unique = len({name for name, _ in members}) == len(members)
    if unique and found.run is not None:
        assert len(found.run.ends) == times


@pytest.mark.parametrize("name", bodies.RUNS)
def test_what_was_said_is_a_run_whose_beginnings_are_those_of_the_request_before(name: str) -> None:
    first, second = (split(body).run for body in list(a_conversation(2, run=name)))
    assert first is not None
    assert second is not None
    assert second.digests[: len(first.digests)] == first.digests
    assert len(second.digests) == len(first.digests) + 2


def test_a_run_stands_behind_the_bracket_and_ends_with_its_last_element() -> None:
    body = b'{"messages" : [ {"a":1} , "two"\n, 3 ] }'
    run = split(body).run
    assert run is not None
    assert body[run.start : run.end] == b' {"a":1} , "two"\n, 3'
    assert [body[run.start : end] for end in run.ends] == [b' {"a":1}', b' {"a":1} , "two"', b' {"a":1} , "two"\n, 3']


def test_a_run_is_told_by_every_byte_of_it() -> None:
    said = [told("user", "one"), told("assistant", "two"), told("user", "three")]
    plain = split(a_body(said)).run
    edited = split(a_body([said[0], told("assistant", "2"), said[2]])).run
    assert plain is not None
    assert edited is not None
    assert [one == other for one, other in zip(plain.digests, edited.digests, strict=True)] == [True, False, False]


MARK = {"cache_control": {"type": "ephemeral", "ttl": "5m"}}


@pytest.mark.parametrize(
    "marked",
    [
        lambda text: {"type": "text", "text": text, **MARK},
        lambda text: {"type": "text", **MARK, "text": text},
        lambda text: {**MARK, "type": "text", "text": text},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_mark_of_what_is_to_be_cached_is_not_of_the_run(
    marked: Callable[[str], object], separators: tuple[str, str]
) -> None:
    before = [{"role": "user", "content": [{"type": "text", "text": "one"}]}, told("assistant", "two")]
    plain = json.dumps({"messages": [*before, {"content": [{"type": "text", "text": "3"}]}]}, separators=separators)
    marks = json.dumps({"messages": [*before, {"content": [marked("3")]}]}, separators=separators)
    (with_it, without) = split(marks.encode()).run, split(plain.encode()).run
    assert with_it is not None
    assert without is not None
    assert with_it.digests == without.digests
    assert len(with_it.marks) == 1


def test_so_is_a_point_of_caching() -> None:
    def run(*points: object) -> Run | None:
        return split(json.dumps({"messages": [{"content": [{"text": "hello"}, *points]}]}).encode()).run

    with_it, without = run({"cachePoint": {"type": "default"}}), run()
    assert with_it is not None
    assert without is not None
    assert (with_it.digests, len(with_it.marks)) == (without.digests, 1)


@pytest.mark.parametrize(
    "text", ['"cache_control":{"type":"ephemeral"}', '{"a":1,"cache_control":{"type":"ephemeral"}}', '"cache"']
)
def test_words_about_marks_are_none(text: str) -> None:
    run = split(a_body([told("user", text)])).run
    assert run is not None
    assert run.marks == ()


def test_more_marks_than_any_provider_takes_are_none() -> None:
    many = [{"text": "x", **MARK}] * (bodies.MOST_MARKS + 1)
    most, too_many = split(a_body(many[1:])).run, split(a_body(many)).run
    assert most is not None
    assert too_many is not None
    assert (len(most.marks), too_many.marks) == (bodies.MOST_MARKS, ())


def test_what_is_between_two_offsets_is_told_without_its_marks() -> None:
    run = Run(0, (100,), (b"",), ((10, 20), (30, 40)))
    assert list(run.pieces(0, 100)) == [(0, 10), (20, 30), (40, 100)]
    assert list(run.pieces(10, 40)) == [(20, 30)]
    assert list(run.pieces(15, 35)) == [(20, 30)]
    assert list(run.pieces(12, 18)) == []
    assert list(run.pieces(50, 60)) == [(50, 60)]


def test_a_short_run_tells_of_its_conversation_and_is_stored_with_the_rest() -> None:
    short = split(a_body([told("user", "hello")]))
    assert short.run is not None
    assert short.ranges == ()
    longer = split(a_body([told("user", "hello")], x="y" * 600))
    assert longer.run is not None
    assert longer.ranges == ()


def test_lists_that_nobody_said_are_no_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_ELEMENTS", 3)
    assert split(a_body([1, 2, 3])).run is not None
    assert split(a_body([1, 2, 3, 4])).run is None
    assert split(a_body([])).run is None


def test_the_first_list_of_what_was_said_counts() -> None:
    run = split(b'{"contents": [1, 2, 3], "input": "words", "messages": {}}').run
    assert run is not None
    assert len(run.ends) == 3


def test_long_values_are_blocks_and_known_ones_sooner() -> None:
    tools = [{"name": "count", "description": "z" * 600}]
    body = json.dumps({"x": "y" * 600, "tools": tools, "z": "y " * 5_000, "messages": []}).encode()
    assert texts(split(body)) == [json.dumps(tools).encode(), json.dumps("y " * 5_000).encode()]


def test_equal_blocks_are_told_by_equal_digests_wherever_they_stand() -> None:
    one, other = split(b'{"system":"' + b"s" * 600 + b'"}'), split(b'{"a":1, "instructions" : "' + b"s" * 600 + b'"}')
    (block,), (same,) = one.ranges, other.ranges
    assert isinstance(block, Block)
    assert isinstance(same, Block)
    assert block.digest == same.digest


def test_the_run_is_not_a_block_as_well() -> None:
    found = split(a_body([told("user", LONG_TEXT * 3)]))
    assert found.ranges == (found.run,)


def test_the_value_of_a_run_is_no_block_even_where_most_of_it_is_blank() -> None:
    found = split(b'{"messages": [1,' + b" " * 5_000 + b"2" + b" " * 5_000 + b"]}")
    assert found.ranges == (found.run,)
    assert split(b'{"messages": [1' + b" " * 5_000 + b"]}").ranges == ()


@pytest.mark.parametrize("length", [4_095, 4_096, 4_097, 8_191, 8_192, 20_000])
@pytest.mark.parametrize("before", [0, 1, 4_094, 4_095, 4_096, 5_000])
def test_long_base64_is_found_wherever_it_stands(length: int, before: int) -> None:
    body = b" " * before + b"A" * length + b'=="' + b"b" * 50 + b'"'
    found = [body[block.start : block.end] for block in blocks_of_base64(body, 0, len(body))]
    assert found == ([b"A" * length + b"=="] if length >= 4_096 else [])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"", b" ", b'"', b"==", b"="]), st.integers(0, 40)), max_size=12))
def test_it_finds_what_a_plain_search_would(pieces: list[tuple[bytes, int]]) -> None:
    body = b"".join(between + b"Q" * length for between, length in pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "LONG_BASE64", 10)
        found = [(block.start, block.end) for block in blocks_of_base64(body, 0, len(body))]
    assert found == [one.span() for one in re.finditer(rb"[A-Za-z0-9+/_-]{10,}={0,2}", body)]


def test_pictures_in_answers_are_the_blocks_of_those_in_requests() -> None:
    answer = json.dumps({"data": [{"b64_json": PICTURE}]}).encode()
    (block,) = split_answer(answer).ranges
    asked = json.dumps({"image": f"data:image/png;base64,{PICTURE}", "x": 1}).encode()
    (again,) = blocks_of_base64(asked, 0, len(asked))
    assert isinstance(block, Block)
    assert block.digest == again.digest
    assert split_answer(answer[:4_000]).ranges == ()


def test_what_is_long_and_not_understood_is_cut_for_its_length_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PIECE", 1_000)
    assert [len(text) for text in texts(split(b"\x00 " * 1_250))] == [1_000, 1_000, 500]
    assert [len(text) for text in texts(split(b"\x00 " * 1_000))] == [1_000, 1_000]
    assert texts(split(b"\x00 " * 499)) == []


def test_the_longest_bodies_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    body = a_body([told("user", LONG_TEXT)], image=PICTURE)
    assert len(split(body).ranges) == 2
    monkeypatch.setattr(bodies, "MOST_READ", len(body) - 1)
    assert split(body) == Split(body)
    assert split_answer(body) == Split(body)


def test_more_of_the_same_takes_no_more_for_each_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """No value is looked for: where it stands follows from where the one before it ends."""
    seen = []
    plain = bodies._KEY

    class Counting:
        def match(self, body: bytes, at: int) -> re.Match[bytes] | None:
            seen.append(at)
            return plain.match(body, at)

    monkeypatch.setattr(bodies, "_KEY", Counting())
    quotes = b'\\"' * 4_000
    split(b'{"a":"' + quotes + b'x","b":"' + quotes + b'","c":"' + quotes + b'"}')
    assert len(seen) == 3
