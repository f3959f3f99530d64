from __future__ import annotations

from sqlalchemy import Engine, select

from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit
from audit.store import tables
from audit.store.acts import record_act, record_acts
from audit.store.entries import act_of
from audit.store.ledger import Author
from audit.store.read.verification import verify
from tests.store.samples import NOON


def test_an_act_is_written_down_and_entered(engine: Engine) -> None:
    author, statement = Author(), {"ids": ["a"], "ground": "art. 17"}
    with author.transaction(engine) as connection:
        ids = [
            record_act(connection, author, NOON, kind="erasure", actor=actor, statement=statement)
            for actor in ("ann", "bob")
        ]
    with engine.begin() as connection:
        acts = {row.id: row for row in connection.execute(select(tables.acts))}
        entries = connection.execute(select(tables.entries).order_by(tables.entries.c.pk)).all()
    assert [(entry.id, entry.number, entry.place) for entry in entries] == [(ids[0], 0, None), (ids[1], 1, None)]
    for entry, actor in zip(entries, ("ann", "bob"), strict=True):
        act, salt = acts[entry.id]._asdict(), bytes(entry.salt)
        assert act == {"id": entry.id, "at": NOON, "kind": "erasure", "actor": actor, "statement": statement}
        assert bytes(entry.metadata_commitment) == commit(salt, METADATA, act_of(act))
        assert bytes(entry.request_commitment) == commit(salt, REQUEST, b"")
        assert bytes(entry.response_commitment) == commit(salt, RESPONSE, b"")


def test_several_are_entered_in_their_order(engine: Engine) -> None:
    author, statements = Author(), [{"ids": [str(number)]} for number in range(3)]
    with author.transaction(engine) as connection:
        first = record_act(connection, author, NOON, kind="view", actor="ann", statement={})
        ids = record_acts(connection, author, NOON, kind="view", actor="bob", statements=statements)
        assert record_acts(connection, author, NOON, kind="view", actor="bob", statements=()) == []
    acts, entries = tables.acts.c, tables.entries.c
    with engine.begin() as connection:
        told = select(acts.id, acts.statement, entries.number).join_from(
            tables.acts, tables.entries, acts.id == entries.id
        )
        found = connection.execute(told.order_by(entries.pk)).all()
        whole = verify(connection, ())
    assert [(row.id, row.statement, row.number) for row in found] == [
        (first, {}, 0),
        *((ids[number], statements[number], number + 1) for number in range(3)),
    ]
    assert (whole.is_whole, whole.acts) == (True, {"view": 4})
