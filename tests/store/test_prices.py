from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from audit.store.ledger import Author
from audit.store.prices import enter_prices, told
from audit.store.read.acts import acts
from tests.store.samples import NOON


def working(**over: Any) -> dict[str, Any]:
    parts = [["input", "2.5", 1_000_000], ["request", "0.01", 1]]
    return {"source": "a list", "model": "gpt", "currency": "USD", "multiplier": "1", "parts": parts, **over}


@pytest.mark.parametrize(
    ("over", "text"),
    [
        ({}, "gpt by a list: input 2.5/1,000,000, request 0.01 USD"),
        ({"multiplier": "0.5", "parts": []}, "gpt by a list: nothing USD, × 0.5"),
    ],
)
def test_a_price_in_words(over: dict[str, Any], text: str) -> None:
    assert told(working(**over)) == text


def test_each_price_is_an_act(engine: Engine) -> None:
    author, workings = Author(), {"sha256:b": working(), "sha256:a": working(model="mini")}
    with author.transaction(engine) as connection:
        enter_prices(connection, author, NOON, workings, actor="ann@host")
        found = acts(connection, "price", None, 9)
    assert {(one.actor, one.statement["digest"], one.statement["text"]) for one in found} == {
        ("ann@host", digest, told(one)) for digest, one in workings.items()
    }
