"""An upstream on a real port: `ASGITransport` would gather a stream before handing it on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.recording.backlog import Backlog
from audit.recording.journal import Journal
from audit.recording.recorder import Recorder
from tests.recording.callers import Caller
from tests.recording.kept import a_recorder
from tests.recording.upstream import Upstream, running


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """A server that sends what a test tells it to."""
    with running() as upstream:
        yield upstream


@pytest.fixture(params=["httpx2", "httpx"])
def family(request: pytest.FixtureRequest) -> str:
    """Each family's name."""
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def caller(request: pytest.FixtureRequest, family: str) -> Caller:
    """Callers of every family and kind."""
    return Caller(family, request.param)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal in this test's folder."""
    return Journal(tmp_path)


@pytest.fixture
def backlog(journal: Journal) -> Backlog:
    """What of it is not in the database yet."""
    return Backlog(journal.folder, journal.name)


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    """A recorder that journals in this test's folder."""
    return a_recorder(tmp_path)
