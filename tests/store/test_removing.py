"""Parts of bodies go when nothing needs them any more, and not before."""

from __future__ import annotations

from sqlalchemy import Engine, func, select

from audit.store import tables
from audit.store.removing import remove_bodies, remove_metadata
from audit.store.write import Writer
from tests.store.bodies_of import PICTURE, a_body, a_conversation, talking, told


def parts_of(engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(tables.parts)).scalar_one()


def remove(engine: Engine, *, last: bool) -> None:
    pks = tables.calls.c.pk
    with engine.begin() as connection:
        pk = connection.execute(select(pks).order_by(pks.desc() if last else pks).limit(1)).scalar_one()
        remove_bodies(connection, [pk])
        remove_metadata(connection, [pk])


def test_parts_that_later_ones_go_on_from_stay(engine: Engine, writer: Writer) -> None:
    writer.append(talking(list(a_conversation(4))))
    before = parts_of(engine)
    assert before > 3
    for _ in range(3):
        remove(engine, last=False)
        assert parts_of(engine) == before
    remove(engine, last=False)
    assert parts_of(engine) == 0


def test_from_the_end_they_go_one_by_one(engine: Engine, writer: Writer) -> None:
    writer.append(talking(list(a_conversation(4))))
    numbers = []
    for _ in range(4):
        numbers.append(parts_of(engine))
        remove(engine, last=True)
    assert numbers == sorted(set(numbers), reverse=True)
    assert parts_of(engine) == 0


def test_a_picture_goes_with_the_last_run_it_stands_in(engine: Engine, writer: Writer) -> None:
    bodies = [a_body([told("user", f"{word} {PICTURE}"), told("user", word * 500)]) for word in ("apple", "pear")]
    writer.append(talking(bodies))
    for left in (2, 0):
        with engine.begin() as connection:
            links = connection.execute(select(func.count()).select_from(tables.part_links)).scalar_one()
        assert links >= left / 2
        remove(engine, last=True)
    assert parts_of(engine) == 0
