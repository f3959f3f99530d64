from __future__ import annotations

import pytest

from audit.simulator.prose import UNICODE, count_tokens, dice, pieces, prose


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("  \n", 0), ("four", 1), ("fiver", 2), ("a, b!", 4), ("你好世界吗", 2), ("👍🏽", 2)]
)
def test_a_token_is_four_letters_or_one_sign(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


@pytest.mark.parametrize("text", ["", " ", "One two\n\nthree  ", UNICODE, "\x00 \ud83d\n", prose("m", "p")])
def test_pieces_join_to_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_the_same_prompt_gives_the_same_text() -> None:
    assert prose("m", "harbours") == prose("m", "harbours")
    assert len({prose("m", "harbours"), prose("m", "rivers"), prose("n", "harbours"), prose("m", "harbours", 1)}) == 4


def test_the_text_is_about_the_longest_word() -> None:
    assert "lighthouses" in prose("m", "Explain some lighthouses")
    assert "{" not in "".join(prose("m", f"prompt {number}") for number in range(50))


def test_dice_take_any_text_as_seed() -> None:
    assert dice("\ud83d").random() == dice("\ud83d").random()
