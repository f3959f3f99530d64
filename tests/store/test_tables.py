from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from audit.call import Ending, ErrorInfo, Outcome
from audit.store.scope import Standing
from audit.store.tables import calls
from audit.store.write import Writer
from tests.store.samples import a_call

ERROR = ErrorInfo(code="overloaded", message="try later")
EXPECTED: list[tuple[Standing, dict[str, object], dict[str, object]]] = [
    (Standing.OK, {}, {}),
    (Standing.OK, {}, {"complete": None}),
    (Standing.OK, {"ending": Ending.CLOSED}, {"complete": True}),
    (Standing.OK, {"status": 302}, {}),
    (Standing.OK, {"status": 400}, {"error": ERROR, "outcome": Outcome.BLOCKED_PROMPT}),
    (Standing.OK, {"ending": Ending.CLOSED}, {"complete": False, "outcome": Outcome.BLOCKED_COMPLETION}),
    (Standing.OK, {}, {"outcome": Outcome.FILTER_ERROR}),
    (Standing.ERROR, {"status": 400}, {}),
    (Standing.ERROR, {"status": 529}, {"error": ERROR, "complete": None}),
    (Standing.ERROR, {}, {"error": ERROR}),
    (Standing.ERROR, {}, {"error": ErrorInfo(message="no code")}),
    (Standing.ERROR, {}, {"error": ErrorInfo()}),
    (Standing.ERROR, {}, {"complete": False}),
    (Standing.ERROR, {"status": 500, "ending": Ending.CLOSED}, {"complete": None}),
    (Standing.ERROR, {"ending": Ending.CLOSED}, {"error": ERROR, "complete": False}),
    (
        Standing.ERROR,
        {"status": None, "ending": Ending.FAILED, "failure": "httpx.ConnectError: no"},
        {"complete": None},
    ),
    (Standing.ERROR, {"ending": Ending.FAILED, "failure": "httpx.ReadError: cut"}, {"complete": True}),
    (Standing.ERROR, {"status": None, "ending": Ending.FAILED}, {"complete": None}),
    (Standing.ERROR, {"status": None}, {"complete": None}),
    (Standing.UNFINISHED, {"ending": Ending.CLOSED}, {"complete": False}),
    (Standing.UNFINISHED, {"ending": Ending.CLOSED}, {"complete": None}),
    (Standing.UNFINISHED, {"ending": Ending.ABANDONED}, {"complete": False}),
    (Standing.UNFINISHED, {"ending": Ending.CANCELLED, "failure": "asyncio.CancelledError: "}, {"complete": None}),
    (Standing.UNFINISHED, {"status": None, "ending": Ending.CANCELLED}, {"complete": None}),
    (Standing.UNFINISHED, {"status": None, "ending": Ending.UNKNOWN}, {"complete": None}),
]


def test_how_a_call_fared_is_told_from_its_facts(engine: Engine, writer: Writer) -> None:
    writer.append([a_call(number, exchange=facts, **read) for number, (_, facts, read) in enumerate(EXPECTED)])
    with engine.begin() as connection:
        found = connection.execute(select(calls.c.standing).order_by(calls.c.pk)).scalars().all()
    assert list(zip(found, EXPECTED, strict=True)) == [(standing, case) for case in EXPECTED for standing in [case[0]]]


@pytest.mark.parametrize("standing", Standing)
def test_every_standing_is_among_them(standing: Standing) -> None:
    assert standing in [expected for expected, _, _ in EXPECTED]
