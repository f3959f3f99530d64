from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, update

from audit.store import tables
from audit.store.acts import record_act
from audit.store.ledger import Author
from audit.store.read.erased import Erased, intact_acts
from audit.store.rows.verified import Verdict, Verified
from tests.store.samples import NOON, an_id


def record(engine: Engine, kind: str, statement: dict[str, Any]) -> Any:
    author = Author()
    with author.transaction(engine) as connection:
        return record_act(connection, author, NOON, kind=kind, actor="ann", statement=statement)


def found(engine: Engine) -> tuple[Erased, Verified]:
    told = Verified()
    with engine.begin() as connection:
        return intact_acts(connection, told), told


def test_acts_say_what_is_gone(engine: Engine) -> None:
    acts = [
        record(engine, "erasure", {"what": "bodies", "ids": [an_id(1).hex]}),
        record(engine, "erasure", {"what": "all", "ids": [an_id(2).hex, an_id(3).hex]}),
        record(engine, "view", {"ids": [an_id(4).hex]}),
    ]
    erased, told = found(engine)
    assert erased == Erased(acts=dict.fromkeys(acts, Verdict.OK), bodies={an_id(1)}, whole={an_id(2), an_id(3)})
    assert (told.is_whole, told.acts) == (True, {"erasure": 2, "view": 1})


@pytest.mark.parametrize(
    "change", [{"actor": "bob"}, {"kind": "hold"}, {"statement": {"ids": []}}, {"at": NOON.replace(hour=1)}]
)
def test_an_altered_act_says_nothing(engine: Engine, change: dict[str, Any]) -> None:
    act = record(engine, "erasure", {"what": "all", "ids": [an_id(1).hex]})
    with engine.begin() as connection:
        connection.execute(update(tables.acts).values(**change))
    erased, told = found(engine)
    assert (erased, told.acts) == (Erased(acts={act: Verdict.ALTERED}), {})
    assert [(one.verdict, one.what) for one in told.amiss] == [(Verdict.ALTERED, f"act {act}")]


def test_what_acts_say_of_rows_that_stay_is_kept(engine: Engine) -> None:
    kinds = ("price", "loss", "review", "hold", "hold-release")
    for kind in (*kinds, "view"):
        record(engine, kind, {"of": kind})
    erased, _ = found(engine)
    told = {kind: [(act.actor, act.at, act.statement) for act in acts] for kind, acts in erased.told.items()}
    assert told == {kind: [("ann", NOON, {"of": kind})] for kind in kinds}


def test_an_act_whose_salt_is_gone_is_altered(engine: Engine) -> None:
    record(engine, "erasure", {"what": "all", "ids": [an_id(1).hex]})
    with engine.begin() as connection:
        connection.execute(update(tables.entries).values(salt=None))
    erased, told = found(engine)
    assert (erased.whole, told.faults) == (set(), 1)
