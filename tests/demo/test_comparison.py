"""What the comparison is there for: that nothing wrong goes unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.call import Usage
from audit.demo.comparison import Comparison, compare
from audit.store.engine import open_engine, opened
from audit.store.read import Reader
from audit.store.rows import Totals
from audit.store.schema import upgrade
from audit.store.scope import Scope
from audit.store.write import Writer
from tests.databases import the_database
from tests.demo.conftest import Performed
from tests.store.samples import NOON, a_call, an_id

Rows = list[dict[str, Any]]
SAMPLE = "/router/v1/responsesd"


def doctored(served: Rows, path: str, **facts: Any) -> Rows:
    """The provider's list with other facts in the first row about a path; those of `usage` by themselves."""
    (first, *_) = [row for row in served if row["path"] == path]
    usage = {**first["usage"], **facts.pop("usage", {})}
    return [{**row, **facts, "usage": usage} if row is first else row for row in served]


def only(found: Comparison) -> str:
    """The one difference there is."""
    assert not found.right
    (difference,) = found.differences
    return difference


def spoil(database: str, *statements: str) -> None:
    """Change the record behind our back."""
    with opened(database) as engine, engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_what_agrees_is_right(performed: Performed, reader: Reader) -> None:
    found = compare(performed.served, reader, sent=performed.sent)
    assert found.right
    assert found.sent == found.served == found.recorded == len(performed.served)
    assert found.differences == ()


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"usage": {"input_tokens": 8}}, "input tokens served 8, recorded 7"),
        ({"usage": {"output_tokens": None}}, "output tokens served None, recorded 15"),
        ({"usage": {"total_tokens": 23}}, "total tokens served 23, recorded 22"),
        ({"usage": {"cached_input_tokens": 5}}, "cached tokens served 5, recorded "),
        ({"usage": {"cache_write_tokens": 5}}, "tokens written to the cache served 5, recorded "),
        ({"usage": {"reasoning_tokens": 5}}, "reasoning tokens served 5, recorded "),
        ({"status": 201}, "status served 201, recorded 200"),
        ({"model_served": "o3"}, "model served served 'o3', recorded 'o3-pro'"),
        ({"model_requested": "codex"}, "model requested served 'codex', recorded 'codex-mini-latest'"),
        ({"response_id": "resp_2"}, "response id served 'resp_2', recorded "),
        ({"streamed": True}, "streamed served True, recorded False"),
        ({"outcome": "blocked_prompt"}, "outcome served 'blocked_prompt', recorded 'clean'"),
        ({"refusal": True}, "refusal served True, recorded False"),
        ({"finish_reasons": {"1": "b", "0": "a"}}, "finish reasons served 'a,b', recorded "),
        ({"finish_reasons": {}}, "finish reasons served None, recorded "),
        ({"ending": "cut"}, "ending served 'failed', recorded 'eof'"),
        ({"ending": "odd"}, "ending served 'odd', recorded 'eof'"),
        ({"audit_headers": ["x-audit-project"]}, "tags on the wire served [], recorded ['x-audit-project']"),
        ({"request_bytes": 1}, "request bytes served 1, recorded "),
        ({"complete": False}, "whole answer served False, recorded True"),
        ({"error": "boom"}, "error served 'boom', recorded None"),
        ({"response_sha256": "00"}, "response bytes served '00', recorded "),
    ],
)
def test_a_single_figure_that_differs_is_told(
    performed: Performed, reader: Reader, facts: dict[str, Any], told: str
) -> None:
    served = doctored(performed.served, SAMPLE, **facts)
    difference = only(compare(served, reader, sent=performed.sent))
    assert difference.startswith(f"request {performed.served[0]['sequence']} to {SAMPLE}, call ")
    assert told in difference


def test_a_served_request_that_is_not_in_the_record_is_told(performed: Performed, reader: Reader) -> None:
    lost = {**performed.served[-1], "sequence": 99, "request_sha256": "00"}
    found = compare([*performed.served, lost], reader, sent=performed.sent + 1)
    assert only(found) == f"request 99 to {lost['path']}: not in the record"
    assert (found.served, found.recorded) == (performed.sent + 1, performed.sent)


def test_a_call_that_was_never_served_is_told(performed: Performed, reader: Reader) -> None:
    served = [row for row in performed.served if row["path"] != SAMPLE]
    found = compare(served, reader, sent=len(served))
    assert only(found).endswith(f" to {SAMPLE}: in the record, but never served")


def test_requests_that_did_not_arrive_are_told(performed: Performed, reader: Reader) -> None:
    found = compare(performed.served, reader, sent=performed.sent + 2)
    assert only(found) == f"requests: {performed.sent + 2} sent, {performed.sent} served"


def test_a_call_that_vanished_from_the_record_is_told(performed: Performed, reader: Reader, database: str) -> None:
    spoil(database, "delete from calls where pk = (select max(pk) from calls)")
    found = compare(performed.served, reader, sent=performed.sent)
    assert not found.right
    assert any(difference.endswith("not in the record") for difference in found.differences)


def test_a_figure_that_was_changed_in_the_record_is_told(performed: Performed, reader: Reader, database: str) -> None:
    spoil(database, "update calls set native_output_tokens = native_output_tokens + 1 where model_served = 'o3-pro'")
    assert "output tokens served 15, recorded 16" in only(compare(performed.served, reader, sent=performed.sent))


def test_a_price_that_its_working_does_not_give_is_told(performed: Performed, reader: Reader, database: str) -> None:
    spoil(database, "update calls set cost = cost * 2 where model_served = 'o3-pro'")
    assert any("cost served " in told for told in compare(performed.served, reader, sent=performed.sent).differences)


def test_lost_exchanges_are_told(performed: Performed, reader: Reader, database: str) -> None:
    engine = open_engine(database)
    Writer(engine).lost(an_id(1), NOON, 3, "disk full")
    engine.dispose()
    assert only(compare(performed.served, reader, sent=performed.sent)) == "exchanges lost: 3"


def test_calls_without_the_demos_tags_are_told(performed: Performed, reader: Reader, database: str) -> None:
    spoil(database, "update calls set project = null where model_served = 'o3-pro'")
    assert "tags served True, recorded False" in only(compare(performed.served, reader, sent=performed.sent))


def test_sums_that_are_not_those_of_the_calls_are_told(
    performed: Performed, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the pages' sums went wrong, though every call is right."""
    right = reader.totals

    def wrong(scope: Scope) -> Totals:
        totals = right(scope)
        return replace(totals, calls=totals.calls + 1, input_tokens=1, costs=(), lost=0)

    monkeypatch.setattr(reader, "totals", wrong)
    told = compare(performed.served, reader, sent=performed.sent).differences
    assert [difference.partition(":")[0] for difference in told] == [
        "sum of input_tokens",
        "sum of cost",
        "number of calls",
    ]


def test_of_requests_that_are_alike_the_first_served_is_the_first_recorded(
    performed: Performed, reader: Reader
) -> None:
    """A retry sends the same bytes: its failures are found by order."""
    swapped = _swapped(performed.served)
    assert any("status served" in told for told in compare(swapped, reader, sent=performed.sent).differences)


def _swapped(served: Sequence[dict[str, Any]]) -> Rows:
    """The list with the two attempts at one request in the wrong order."""
    by_body: dict[str, list[int]] = {}
    for place, row in enumerate(served):
        by_body.setdefault(row["request_sha256"] + row["path"], []).append(place)
    first, second = next(places for places in by_body.values() if len(places) == 2)
    rows = list(served)
    rows[first], rows[second] = rows[second], rows[first]
    return rows


def test_an_empty_record_of_nothing_served_is_right(tmp_path: Path) -> None:
    engine = open_engine(the_database(tmp_path))
    upgrade(engine)
    assert compare([], Reader(engine), sent=0).right
    Writer(engine).append([a_call(usage=Usage(input_tokens=1))])
    assert not compare([], Reader(engine), sent=0).right
    engine.dispose()
