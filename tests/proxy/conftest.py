"""A provider that plays what it is told, and a proxy before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proxy.origin import Origin, running_origin


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    with running_origin() as origin:
        yield origin


@pytest.fixture(autouse=True)
def _renewed(request: pytest.FixtureRequest) -> None:
    if "origin" in request.fixturenames:
        request.getfixturevalue("origin").renew()
