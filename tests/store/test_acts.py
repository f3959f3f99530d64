from __future__ import annotations

from sqlalchemy import Engine, select

from audit.ledger.leaf import METADATA, REQUEST, RESPONSE, commit
from audit.store import tables
from audit.store.acts import record_act
from audit.store.entries import act_of
from audit.store.ledger import Author
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
