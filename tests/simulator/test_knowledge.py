from __future__ import annotations

import pytest

from audit.simulator.knowledge import known_answer


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is 17 + 25? Answer with the number only.", "42"),
        ("what's 6*7?", "42"),
        ("Calculate (2 + 3) × 4.", "20"),
        ("How much is 7 ÷ 2?", "3.5"),
        ("Compute 10 - 4 / 2", "8"),
        ("What is 100 − 1?", "99"),
        ("What is 1 / 3?", "0.333333"),
        ("2 + 2 = ?", "4"),
        ("Multiply 12.5 * 2", "25"),
        ("Reply with only the product of 17 and 23.", "391"),
        ("Reply with only the sum of 17 and 23.", "40"),
        ("What is the capital of France?", "Paris"),
        ('Reply with exactly "all is well".', "all is well"),
        ("Respond with exactly: PONG 7", "PONG 7"),
        ("Say the word banana", "banana"),
        ("Answer with the single word 'yes'.", "yes"),
        ("pages of notes\n" * 1000 + "What is 20 + 22?", "42"),
    ],
)
def test_what_has_one_right_answer_is_answered_right(prompt: str, answer: str) -> None:
    assert known_answer(prompt) == answer
    assert known_answer(prompt, wrong=True) not in (None, answer)


@pytest.mark.parametrize(
    "prompt",
    [
        "Write about 17 + 25 ships",
        "What is new since 2026-11-23?",
        "What is 1 / 0?",
        "What is 007 + 08?",
        "Answer with the number only.",
        "What is (1 + 2?",
        "",
    ],
)
def test_the_rest_is_not_known(prompt: str) -> None:
    assert known_answer(prompt) is None
