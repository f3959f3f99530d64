"""One simulator for all tests of it, on a real port: `ASGITransport` would gather a stream before handing it on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import uvicorn

from audit.simulator.app import create_app
from audit.simulator.server import listen

Row = dict[str, Any]


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """The address of a simulator that runs in a thread, so that its coverage is measured."""
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(create_app(), http="h11", ws="none", log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def client(base_url: str) -> Iterator[httpx2.Client]:
    """A client that knows the address."""
    with httpx2.Client(base_url=base_url, timeout=10) as client:
        yield client


@pytest.fixture
def served(client: httpx2.Client) -> Callable[[], list[Row]]:
    """Returns the ledger's rows of this test so far."""
    after = client.get("/__sim/health").json()["served"]
    return lambda: client.get("/__sim/served", params={"after": after}).json()


@pytest.fixture
def row(served: Callable[[], list[Row]]) -> Callable[[], Row]:
    """Returns the ledger's last row."""
    return lambda: served()[-1]
