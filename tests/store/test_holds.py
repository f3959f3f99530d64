"""Legal holds: placed and released, both in the ledger."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from audit.errors import AuditError, StoreError
from audit.store import tables
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.holds import held, holds_of, in_force, place_hold, release_hold
from audit.store.write import Writer
from tests.store.samples import a_call, an_id


def test_a_hold_is_in_force_until_it_is_released(engine: Engine) -> None:
    hold = place_hold(engine, By.USER, "ann", reason="a claim", actor="root")
    with engine.begin() as connection:
        (found,) = in_force(connection)
    assert (found.id, found.by, found.value, found.reason, found.placed_by) == (hold, By.USER, "ann", "a claim", "root")
    release_hold(engine, hold, reason="settled", actor="bob")
    with engine.begin() as connection:
        assert in_force(connection) == []
        assert [one.released_at is None for one in holds_of(connection)] == [False]


def test_both_are_acts(engine: Engine) -> None:
    hold = place_hold(engine, By.USER, "ann", reason="a claim", actor="root")
    release_hold(engine, hold, reason="settled", actor="bob")
    with engine.begin() as connection:
        acts = {act.kind: act for act in connection.execute(select(tables.acts))}
        entered = set(connection.execute(select(tables.entries.c.id)).scalars())
    assert acts["hold"].id == hold
    assert acts["hold"].statement == {"by": "user", "value": "ann", "reason": "a claim"}
    assert acts["hold-release"].statement == {"hold": str(hold), "reason": "settled"}
    assert entered == {act.id for act in acts.values()}


def test_what_is_not_in_force_cannot_be_released(engine: Engine) -> None:
    hold = place_hold(engine, By.USER, "ann", reason="a claim", actor="root")
    release_hold(engine, hold, reason="settled", actor="bob")
    for unknown in (hold, an_id(1)):
        with pytest.raises(AuditError, match="audit hold list"):
            release_hold(engine, unknown, reason="again", actor="bob")


def test_a_database_without_tables_is_told_of(empty_url: str) -> None:
    engine = open_engine(empty_url)
    with pytest.raises(StoreError, match="audit db upgrade"):
        place_hold(engine, By.USER, "ann", reason="a claim", actor="root")
    with pytest.raises(StoreError, match="audit db upgrade"):
        release_hold(engine, an_id(1), reason="settled", actor="root")
    engine.dispose()


@pytest.mark.parametrize(
    ("by", "value"),
    [(By.USER, "ann"), (By.KEY, "k"), (By.SESSION, "s"), (By.CONVERSATION, str(an_id(9))), (By.LABEL, "a=b")],
)
def test_what_a_hold_does_not_name_is_not_held_though_it_has_no_such_name(
    engine: Engine, writer: Writer, by: By, value: str
) -> None:
    writer.append([a_call(1)])
    place_hold(engine, by, value, reason="a claim", actor="root")
    with engine.begin() as connection:
        free = select(tables.calls.c.id).where(~held(in_force(connection)))
        assert connection.execute(free).scalars().all() == [an_id(1)]
