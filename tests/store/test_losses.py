from __future__ import annotations

from datetime import timedelta, timezone

from sqlalchemy import Engine

from audit.store.ledger import Author
from audit.store.losses import enter_losses, statement_of
from audit.store.read.acts import acts
from tests.store.samples import NOON, an_id

LOSS = {"pk": 1, "id": an_id(7), "at": NOON, "count": 2, "reason": "the disk was full"}


def test_a_loss_is_an_act_with_its_id(engine: Engine) -> None:
    author = Author()
    with author.transaction(engine) as connection:
        enter_losses(connection, author, NOON, [LOSS], actor="ann@host")
        (act,) = acts(connection, "loss", None, 9)
    assert (act.id, act.actor, act.statement) == (an_id(7), "ann@host", statement_of(LOSS))


def test_a_loss_is_told_alike_whatever_zone_its_time_was_told_in() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))
    assert statement_of({**LOSS, "at": elsewhere}) == statement_of(LOSS)
