from __future__ import annotations

import pytest
from sqlalchemy import Engine

from audit.errors import StoreError
from audit.store.engine import open_engine
from audit.store.read.acts import acts
from audit.store.views import enter_view
from tests.store.samples import an_id


def test_a_view_says_who_looks_at_which_call_by_which_way(engine: Engine) -> None:
    act = enter_view(engine, an_id(1), way="audit calls show", actor="ann@host")
    with engine.begin() as connection:
        (view,) = acts(connection, "view", None, 9)
    assert (view.id, view.actor) == (act, "ann@host")
    assert view.statement == {"call": an_id(1).hex, "way": "audit calls show"}


def test_who_may_only_read_cannot_enter_any(url: str) -> None:
    engine = open_engine(url, read_only=True)
    with pytest.raises(StoreError):
        enter_view(engine, an_id(1), way="audit calls show", actor="ann@host")
    engine.dispose()
