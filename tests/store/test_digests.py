from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, insert, update

from audit.store import tables
from audit.store.digests import LARGE_LOT, LOT, Rows, counts, digests, lots, together
from audit.store.loading import MONTH_KEYS, insert_rows
from tests.store.samples import NOON, an_id

CHECK = {"canary": "c", "provider": "p", "model": "m", "slot_at": NOON, "claimed_by": "x", "started_at": NOON}


def loss(number: int) -> dict[str, Any]:
    return {"id": an_id(number), "at": NOON, "count": number, "reason": "the disk was full"}


def of(table: Any, *rows: tuple[Any, ...]) -> str:
    told = Rows(table)
    told.add(rows)
    return told.digest.sha256


def test_every_table_is_told_with_its_rows(engine: Engine) -> None:
    seen: list[int] = []
    with engine.begin() as connection:
        insert_rows(connection, tables.losses, [loss(number) for number in range(LOT + 1)])
        found = {one.name: one for one in digests(connection, seen.append)}
        assert counts(connection) == {name: one.rows for name, one in found.items()}
    assert found.keys() == tables.metadata.tables.keys()
    assert found["losses"].rows == LOT + 1
    assert seen == [LOT, 1]


def test_bodies_come_a_few_at_a_time(engine: Engine) -> None:
    part = {"before": None, "codec": 1, "recipe": None, "content": b"x"}
    with engine.begin() as connection:
        rows = [{"pk": pk, "digest": bytes([pk]) * 32, **part} for pk in range(LARGE_LOT + 1)]
        insert_rows(connection, tables.parts, rows)
        assert [len(lot) for lot in lots(connection, tables.parts)] == [LARGE_LOT, 1]


def test_a_value_that_changes_changes_the_digest_of_its_table_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        insert_rows(connection, tables.losses, [loss(1), loss(2)])
        before = digests(connection)
        connection.execute(update(tables.losses).where(tables.losses.c.count == 2).values(count=3))
        after = digests(connection)
    assert {one.name for one, other in zip(before, after, strict=True) if one != other} == {"losses"}
    assert together(before) != together(after)
    assert together(before) == together(before[::-1])


def test_text_is_in_the_order_of_its_bytes_whatever_the_databases_language(engine: Engine) -> None:
    names = ("b", "B", "a-b", "ab", "Ä", "z", "_")
    with engine.begin() as connection:
        rows = [{"fingerprint": name, "provider": "p", "first_seen_at": NOON, "last_seen_at": NOON} for name in names]
        connection.execute(insert(tables.api_keys), rows)
        (found,) = lots(connection, tables.api_keys)
    assert [row.fingerprint for row in found] == sorted(names)


def test_a_keys_month_is_no_part_of_what_is_stored() -> None:
    rest = (1, None, None, b"")
    assert of(tables.exchanges, (5, *rest)) == of(tables.exchanges, (672 * MONTH_KEYS + 5, *rest))
    assert of(tables.exchanges, (5, *rest)) != of(tables.exchanges, (6, *rest))
    assert of(tables.parts, (5, *rest)) != of(tables.parts, (672 * MONTH_KEYS + 5, *rest))


def test_json_counts_as_the_value_that_it_is() -> None:
    assert of(tables.checks, (1, {"a": 1, "b": None})) == of(tables.checks, (1, {"b": None, "a": 1}))
    vast = {"a": 10**30, "b": 1}
    assert of(tables.checks, (b"\xff", NOON, vast)) == of(tables.checks, (b"\xff", NOON, dict(reversed(vast.items()))))
    assert of(tables.checks, (b"\xff", NOON, vast)) != of(tables.checks, (b"\xfe", NOON, vast))


def test_rows_do_not_run_into_each_other() -> None:
    assert of(tables.checks, ("a", "b"), ("c",)) != of(tables.checks, ("a",), ("b", "c"))
