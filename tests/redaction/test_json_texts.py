from __future__ import annotations

import base64

import pytest

from audit.redaction.json_texts import is_binary, looks_like_json, passages_of, values_of


def texts(text: str) -> list[str]:
    return [passage.text for passage in passages_of(text)]


def test_a_documents_strings_are_read_one_by_one_keys_too() -> None:
    assert texts(r'{"key": ["a\nb", "", 1.5e9, {"\u006bey": "c\"d"}]}') == ["key", "a\nb", "key", 'c"d']


def test_what_is_no_json_is_read_as_it_is() -> None:
    assert texts("say {this}") == ["say {this}"]


def test_what_only_begins_as_json_is_read_both_ways() -> None:
    assert texts(r'{"a": "one\ntwo') == ["one\ntwo", r'{"a": "one\ntwo']
    assert texts('["abc"] and more') == ["abc", '["abc"] and more']


@pytest.mark.parametrize("text", ["", "{}", '{"a": 1}', ' ["a"]', "[[1]]", '"a"', "[-1]"])
def test_json_is_told_by_how_it_begins(text: str) -> None:
    assert looks_like_json(text) is (text != "")


@pytest.mark.parametrize(
    "text",
    [
        '"my card:" 4111 1111 1111 1111',
        '"my card", 4111111111111111',
        '["card"] 4111111111111111',
        '["card" 4111 1111 1111 1111]',
        '{"a": "card"} 4111 1111 1111 1111',
    ],
)
def test_numbers_beside_what_could_be_json_are_read(text: str) -> None:
    assert values_of(text) is None
    assert texts(text)[-1] == text


def test_a_line_of_a_number_is_read_and_numbers_within_a_document_are_not() -> None:
    assert texts('"card"\n4111111111111111\n-5\n') == ["card", "\n4111111111111111", "\n-5"]
    assert texts('{"card": 4111111111111111}\n[4111111111111111]') == ["card"]


def test_numbers_in_an_array_are_values() -> None:
    assert values_of(" [1, -2.5,\n3e4 , true, null]") == [(0, 3), (3, 9), (9, 14), (14, 21), (21, 27)]


def test_images_are_left_alone() -> None:
    image = base64.b64encode(bytes(range(256)) * 2).decode()
    assert is_binary(image)
    assert is_binary(f"data:image/png;base64,{image}")
    assert not is_binary(f"see {image}")
    assert texts(f'{{"url": "{image}"}}') == ["url"]


def test_values_are_counted_as_far_as_there_is_nothing_else() -> None:
    assert values_of('{"a": 1}\n{"b": 2}\n') == [(0, 8), (8, 17)]
    assert values_of('[{"a": 1},\r\n{"b": 2}]') == [(0, 9), (9, 20)]
    assert values_of("[]") == []
    assert values_of('{"a": 1} and') is None
    assert values_of('{"a": ') is None
