"""Connections that ask whether their server is still there when it says nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from audit.store import patience
from audit.store.engine import open_engine, store_error
from tests.databases import an_empty_database

SLOW = text("SELECT pg_sleep(0.3)")


@pytest.fixture
def engine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(patience, "SILENCE_S", 0.05)
    monkeypatch.setattr(patience, "ANSWER_S", 2)
    engine = open_engine(an_empty_database("postgresql", tmp_path_factory.mktemp("database")))
    yield engine
    engine.dispose()


def test_a_server_that_computes_is_waited_for(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(SLOW).one() is not None


def test_a_server_that_answers_nobody_is_given_up(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections, as the kernel does for a frozen process, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        place = {"host": "127.0.0.1", "port": frozen.getsockname()[1], "connect_timeout": 2}
        monkeypatch.setattr(patience, "make_conninfo", lambda **_: " ".join(f"{k}={v}" for k, v in place.items()))
        with engine.connect() as connection:
            with pytest.raises(OperationalError, match="fallen silent") as caught:
                connection.execute(SLOW)
            assert caught.value.connection_invalidated
    assert not store_error(caught.value).permanent
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_what_a_url_says_goes_before_what_is_usual(engine: Engine) -> None:
    url = make_url(engine.url).update_query_dict({"application_name": "mine", "connect_timeout": "3"})
    told = open_engine(url.render_as_string(hide_password=False))
    with told.connect() as connection:
        options = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    told.dispose()
    assert options["application_name"] == "mine"
    assert options["tcp_user_timeout"] == "60000"
