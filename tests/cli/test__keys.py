from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest

from audit.cli._keys import called, fingerprints
from audit.store.rows import KeyRow


def a_key(fingerprint: str, name: str | None = None) -> KeyRow:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    facts = {"provider": "openai", "first_seen_at": moment, "last_seen_at": moment, "calls": 1, "unpriced": 0}
    return KeyRow(fingerprint=fingerprint, name=name, costs=(), **facts)  # type: ignore[arg-type]


KEYS = (a_key("abcd1111", "search"), a_key("abcd2222", "search"), a_key("ef", "billing"), a_key("ef33"))


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["billing"], ("ef",)),
        (["search"], ("abcd1111", "abcd2222")),
        (["abcd1"], ("abcd1111",)),
        (["ef"], ("ef",)),
        (["ef3", "", "ef33"], ("ef33", "")),
        ([], ()),
    ],
)
def test_keys_are_meant_by_name_by_fingerprint_or_its_beginning(words: list[str], meant: tuple[str, ...]) -> None:
    assert fingerprints(KEYS, words) == meant


@pytest.mark.parametrize(
    ("word", "why"), [("abcd", "2 keys begin with 'abcd'"), ("x", "no key is called 'x', or begins with it")]
)
def test_a_word_that_fits_no_key_or_several_is_refused(word: str, why: str) -> None:
    with pytest.raises(click.BadParameter, match=why) as refused:
        fingerprints(KEYS, [word])
    assert refused.value.param_hint == "--key"


def test_a_name_that_two_keys_have_comes_with_their_fingerprints() -> None:
    assert called(KEYS) == {
        "abcd1111": "search (abcd1111)",
        "abcd2222": "search (abcd2222)",
        "ef": "billing",
        "ef33": "ef33",
    }
