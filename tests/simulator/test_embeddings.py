from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from audit.simulator.embeddings import vector


def test_vectors_have_length_one_and_repeat() -> None:
    assert math.hypot(*vector("harbour", 64)) == pytest.approx(1, abs=1e-6)
    assert vector("harbour", 8) == vector("harbour", 8) != vector("river", 8)


def test_numbers_and_base64_are_the_same(client: httpx2.Client, row: Callable[[], Any]) -> None:
    asked = {"model": "text-embedding-3-small", "input": ["a b", "c"], "dimensions": 8}
    plain = client.post("/v1/embeddings", json=asked).json()
    packed = client.post("/v1/embeddings", json={**asked, "encoding_format": "base64"}).json()

    values = struct.unpack("<8f", base64.b64decode(packed["data"][1]["embedding"]))
    assert values == pytest.approx(plain["data"][1]["embedding"])
    assert [one["index"] for one in plain["data"]] == [0, 1]
    assert plain["usage"] == {"prompt_tokens": 11, "total_tokens": 11}
    assert row()["usage"] | {"input_tokens": 11, "output_tokens": None} == row()["usage"]


def test_input_may_be_tokens(client: httpx2.Client) -> None:
    body = client.post("/v1/embeddings", json={"model": "m+no_usage", "input": [1, 2, 3]}).json()

    assert len(body["data"]) == 1
    assert len(body["data"][0]["embedding"]) == 256
    assert "usage" not in body
