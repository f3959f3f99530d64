"""Servers: how they are named, which of their refusals may pass, and which connections are not kept."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError, ProgrammingError

from audit.errors import StoreError
from audit.store.engine import file_of, hidden, is_there, open_engine, store_error
from audit.store.tables import losses
from tests.store.samples import NOON, an_id


@pytest.mark.parametrize("name", ["password", "sslpassword"])
def test_a_shown_url_has_no_password_among_its_parameters(name: str) -> None:
    shown = hidden(f"postgresql://ada@/audit?host=a:1&host=b:2&{name}=secret")
    assert "secret" not in shown
    assert "host=a%3A1&host=b%3A2" in shown


def test_a_url_may_name_several_hosts() -> None:
    url = "postgres://ada:secret@/audit?host=a:1&host=b:2&target_session_attrs=read-write"
    engine = open_engine(url)
    _, options = engine.dialect.create_connect_args(engine.url)
    assert (options["host"], options["port"]) == ("a,b", "1,2")
    assert options["target_session_attrs"] == "read-write"
    assert file_of(url) is None


def test_several_hosts_in_the_place_of_one_are_told_how_to_be_written() -> None:
    url = "postgresql://ada:secret@a:1,b:2/audit"
    with pytest.raises(StoreError, match=r"host=one:5432&host=two:5432") as caught:
        open_engine(url)
    assert "secret" not in str(caught.value)
    assert is_there(url)


class Refusal(Exception):
    """What the driver raises, by PostgreSQL's code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "permanent"),
    [
        ("57P01", False),  # shut down
        ("57P02", False),  # crashed
        ("57P03", False),  # starting
        ("57014", False),  # cancelled
        ("53100", False),  # disk full
        ("53300", False),  # too many connections
        ("25006", False),  # a standby
        ("25P02", False),
        ("26000", False),
        ("0A000", False),  # a plan of before a migration
        ("40001", False),
        ("40P01", False),
        ("55P03", False),
        ("58030", False),
        ("28P01", False),  # a password can be put right at the server, while those who wait go on
        ("3D000", False),
        ("42501", False),
        ("42601", True),
        ("42P01", True),
        ("42703", True),
        ("XX001", True),
    ],
)
@pytest.mark.parametrize("kind", [InternalError, ProgrammingError])
def test_what_may_pass_is_told_from_what_stays(sqlstate: str, permanent: bool, kind: type[DBAPIError]) -> None:
    assert store_error(kind("INSERT", {}, Refusal(sqlstate))).permanent is permanent


def test_a_standby_is_told_how_to_be_passed_over(request: pytest.FixtureRequest) -> None:
    """And its connection is not kept: another may reach the one that takes writes."""
    engine = open_engine(request.getfixturevalue("_upgraded_postgresql"))
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DBAPIError) as caught:
            connection.execute(insert(losses), {"id": an_id(1), "at": NOON, "count": 1, "reason": "x"})
    engine.dispose()
    assert "target_session_attrs=read-write" in str(store_error(caught.value))
    assert caught.value.connection_invalidated


@pytest.mark.parametrize("said", ["database disk image is malformed", "file is not a database"])
def test_a_damaged_database_is_told_as_such_and_not_tried_again(said: str) -> None:
    error = store_error(OperationalError("SELECT 1", {}, Exception(said)))
    assert error.permanent
    assert "restore a backup" in str(error)
