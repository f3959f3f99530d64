"""A small record of many kinds of calls, in a signed and anchored log, for what tampers with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine

from audit.call import Arrival, Call, ErrorInfo, Source, Tags, Usage
from audit.ledger.anchors import FileAnchor
from audit.store.choosing import By
from audit.store.effective import Effective
from audit.store.erasing import Request, What, erase
from audit.store.holds import place_hold, release_hold
from audit.store.looks import Look
from audit.store.retaining import Policy, remove_due
from audit.store.reviews import decide
from audit.store.rows import Review, ReviewVerdict
from audit.store.sequencing import Sequencer
from audit.store.views import enter_look, enter_view
from audit.store.write import Writer
from tests.ledger.keys import KEY
from tests.store.bodies_of import a_conversation, talking
from tests.store.samples import NOON, a_call, a_finding, a_price, said

__all__ = ["make_record"]


def make_record(engine: Engine, anchor: Path) -> None:
    """Fill an empty database with about 60 calls and acts of every kind, erase some, and sign the log twice."""
    sequencer, writer = Sequencer(engine, KEY, [FileAnchor(anchor)]), Writer(engine)
    _remove_a_month(engine)
    writer.append(early := _calls(1, 20))
    writer.append(talking(list(a_conversation(8)), first=200))
    writer.lost(uuid4(), NOON, 3, "the disk was full")
    sequencer.advance()
    sequencer.sign()
    writer.append(late := _calls(30, 20))
    writer.close()
    other = Writer(engine)
    other.append(talking(list(a_conversation(6)), first=300))
    other.append(_calls(60, 6))
    other.lost(uuid4(), NOON, 1, "it could not be written")
    settings = Effective(host="h", home="/srv", program="audit", values={"proxy.port": "1"})
    for values in (settings.values, {"proxy.port": "2"}):
        writer.writes_by(replace(settings, values=values))
    enter_view(engine, uuid4(), way="audit calls show", actor="bob@h")
    enter_look(engine, Look(way="audit backup", into="/srv/kept.db"), actor="bob@h")
    for user in ("user 5", "user 6"):
        hold = place_hold(engine, By.USER, user, reason="a lawsuit", actor="ann")
    release_hold(engine, hold, reason="it is settled", actor="ann")
    _decide(engine, early[3], ReviewVerdict.CORRECT_PASS, category="hate", severity="low")
    for verdict in (ReviewVerdict.BORDERLINE, ReviewVerdict.CANNOT_JUDGE):
        _decide(engine, early[2], verdict)
        _decide(engine, late[4], verdict)  # erased below
    other.close()
    for user, what in (("user 3", What.BODIES), ("user 34", What.ALL)):
        erase(engine, Request(by=By.USER, value=user, what=what, ground="art. 17", actor="ann"))
    sequencer.advance()
    sequencer.sign()


def _remove_a_month(engine: Engine) -> None:
    """Have calls of a past month, and remove them by age: in PostgreSQL all at once."""
    writer, now = Writer(engine, clock=lambda: NOON - timedelta(days=90)), datetime.now(UTC)
    writer.append(_calls(400, 6))
    writer.close()
    remove_due(engine, [Policy(name="all", bodies_before=now, metadata_before=now)], actor="ann", now=now)


def _decide(engine: Engine, call: Call, verdict: ReviewVerdict, **more: str) -> None:
    review = Review(call=call.exchange.id, side=Source.PROMPT, verdict=verdict, reason=f"{verdict}, it seems", **more)
    decide(engine, review, reviewer="bob@h")


def _calls(first: int, count: int) -> list[Call]:
    return [_call(number) for number in range(first, first + count)]


def _call(number: int) -> Call:
    labels = (("env", f"test {number % 3}"), ("team", "a")) if number % 2 else ()
    exchange = {
        "id": uuid4(),
        "request_body": b'{"model":"m","messages":[{"role":"user","content":"question %d"}]}' % number,
        "response_body": b"" if number % 5 == 0 else b'{"answer":%d}' % number,
        "request_headers": (("content-type", "application/json"),),
        "response_headers": (("x-request-id", f"r{number}"),),
        "arrivals": (Arrival(3, 1000),),
        "tags": Tags(project="p", user=f"user {number}", session="s", labels=labels),
        "key_fingerprint": "k",
        "duration_us": 1000 * number,
    }
    findings = (
        (a_finding("hate", score=0.25, details={"a": [1, "b"]}), a_finding("violence")) if number % 4 == 0 else ()
    )
    return a_call(
        exchange=exchange,
        minutes=number,
        price=a_price(f"0.{number:03}") if number % 3 == 0 else None,
        unpriced_reason=None if number % 3 == 0 else "no price is known",
        findings=findings,
        usage=Usage(input_tokens=number, output_tokens=7),
        error=ErrorInfo(code="rate_limit", message="slow down") if number % 7 == 0 else None,
        model_requested="gpt",
        notes=("one",) if number % 6 == 0 else (),
        input=said(f"question {number}"),
    )
