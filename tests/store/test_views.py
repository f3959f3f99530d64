from __future__ import annotations

import pytest
from sqlalchemy import Engine

from audit.errors import StoreError
from audit.store.engine import open_engine
from audit.store.looks import Look
from audit.store.read.acts import acts
from audit.store.views import enter_look, enter_view
from audit.store.write import Writer
from tests.store.samples import a_call, an_id


def test_a_view_says_who_looks_at_which_call_by_which_way(engine: Engine) -> None:
    act = enter_view(engine, an_id(1), way="audit calls show", actor="ann@host")
    with engine.begin() as connection:
        (view,) = acts(connection, "view", None, 9)
    assert (view.id, view.actor) == (act, "ann@host")
    assert view.statement == {"call": an_id(1).hex, "way": "audit calls show"}


def test_a_look_at_many_calls_is_one_act(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(number) for number in (1, 2, 3)])
    into = enter_look(engine, Look(way="audit backup", into="/srv/kept.db"), actor="ann@host")
    some = Look(way="audit redact --dry-run", calls=2, selection={"projects": ["p"]})
    shown = enter_look(engine, some, actor="bob@host")
    with engine.begin() as connection:
        found = {act.id: (act.actor, act.statement) for act in acts(connection, "view", None, 9)}
    assert found == {
        into: ("ann@host", {"calls": 3, "way": "audit backup", "into": "/srv/kept.db"}),
        shown: ("bob@host", {"calls": 2, "way": "audit redact --dry-run", "selection": {"projects": ["p"]}}),
    }


def test_who_may_only_read_cannot_enter_any(url: str) -> None:
    engine = open_engine(url, read_only=True)
    with pytest.raises(StoreError):
        enter_view(engine, an_id(1), way="audit calls show", actor="ann@host")
    with pytest.raises(StoreError):
        enter_look(engine, Look(way="audit backup"), actor="ann@host")
    engine.dispose()
