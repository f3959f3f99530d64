from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from audit.store.acts import record_act
from audit.store.ledger import Author
from audit.store.read.acts import acts
from audit.store.rows.acts import ActRow, Kind
from tests.store.samples import NOON


def test_acts_come_newest_first_and_by_kind_and_time(engine: Engine) -> None:
    author, kinds = Author(), (Kind.HOLD, Kind.VIEW, Kind.HOLD)
    with author.transaction(engine) as connection:
        ids = [
            record_act(connection, author, NOON + timedelta(hours=at), kind=kind, actor="ann", statement={"n": at})
            for at, kind in enumerate(kinds)
        ]
    with engine.begin() as connection:
        assert [one.id for one in acts(connection, None, None, 9)] == ids[::-1]
        assert [one.id for one in acts(connection, None, None, 1)] == [ids[2]]
        assert [one.id for one in acts(connection, None, NOON + timedelta(hours=1), 9)] == [ids[2], ids[1]]
        (view,) = acts(connection, Kind.VIEW, None, 9)
    at = NOON + timedelta(hours=1)
    assert view == ActRow(id=ids[1], at=at, kind="view", actor="ann", statement={"n": 1}, place=None)
