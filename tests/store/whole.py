"""A record that has something of everything: rows in every table, calls of two months, and words to be found by.

Those of one call wait to be entered into the index.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select

from audit.call import Source, Tags
from audit.canary.state import Flip, State
from audit.canary.verdict import Judgement, Verdict
from audit.ledger.note import Signer
from audit.store import tables
from audit.store.checks import Checks
from audit.store.choosing import By
from audit.store.engine import open_engine
from audit.store.holds import place_hold
from audit.store.issued import add_key
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.schema import upgrade
from audit.store.search import matching
from audit.store.sequencing import Sequencer
from audit.store.write import Writer
from tests.databases import an_empty_database
from tests.store.bodies_of import LONG_TEXT, PICTURE, a_body, a_conversation, talking, told
from tests.store.samples import NOON, a_call, a_finding, a_new_key, a_price, an_id, said

__all__ = ["CALLS", "SIGNER", "an_empty_engine", "fill_all", "found_by"]

CALLS = 7
SIGNER = Signer.generate("audit/test")


def fill_all(engine: Engine, signer: Signer = SIGNER) -> None:
    """Bring the schema up to date, and put something into every table."""
    upgrade(engine)
    picture = [told("system", LONG_TEXT), told("user", "data:image/png;base64," + PICTURE), told("user", "look")]
    first, second = (Writer(engine, clock=lambda at=at: at) for at in (NOON - timedelta(days=31), NOON))
    first.append([a_call(1, input=said("A café, an apple"), findings=(a_finding(score=0.5, details={"a": [1]}),))])
    first.append(talking(list(a_conversation(3)), 2, key_fingerprint="abcd"))
    first.close()
    tags = Tags(project="search", labels=(("team", "Ü"), ("case", "z"), ("Case", "a")))
    last = a_call(5, price=a_price("0.25"), input=said("总结 an apple"), exchange={"tags": tags})
    second.append([last], words_later=True)
    second.append(talking([a_body(picture[:2]), a_body(picture)], 6))
    second.lost(an_id(900), NOON, 2, "the disk was full")
    place_hold(engine, By.USER, "ann", reason="a lawsuit", actor="root")
    about = {"call": an_id(1), "side": Source.PROMPT, "category": "hate"}
    decide(engine, Review(**about, verdict=ReviewVerdict.CORRECT_PASS, reason="fruit"), reviewer="ann")
    add_key(engine, a_new_key("ci", labels=(("team", "red"),)))
    checks = Checks(engine)
    pk = checks.claim("hello", "openai", "gpt", slot_at=NOON, by="me", started_at=NOON)
    assert pk is not None
    checks.finish(pk, Judgement(verdict=Verdict.ERROR, reasons=("HTTP 503",)), None, ended_at=NOON)
    flip = Flip(at=NOON, seen_at=NOON, before=State.UNKNOWN, state=State.DOWN, reason="so", check_pk=pk)
    checks.add_flip("openai", "gpt", old=None, new=flip)
    sequencer = Sequencer(engine, signer)
    sequencer.advance()
    sequencer.sign()


def found_by(engine: Engine, query: str) -> int:
    """Return how many calls are found by words."""
    with engine.begin() as connection:
        wanted = matching(connection, query)
        assert wanted is not None
        return len(connection.execute(wanted).all())


def empty_tables(engine: Engine) -> set[str]:
    """Return which tables have no rows."""
    with engine.begin() as connection:
        counted = {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in _ALL}
    return {name for name, count in counted.items() if not count}


@contextmanager
def an_empty_engine(kind: str, folder: Path) -> Iterator[Engine]:
    """Yield the engine of a database without any table."""
    engine = open_engine(an_empty_database(kind, folder))
    yield engine
    engine.dispose()


_ALL = tables.metadata.sorted_tables
