from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from audit.store.effective import Effective, changes_of, enter_settings
from audit.store.ledger import Author
from audit.store.read.acts import acts
from audit.store.rows.acts import ActRow
from tests.store.samples import NOON

FIRST = Effective(host="a", home="/srv", program="audit", values={"proxy.port": "1"})


def entered(engine: Engine, *settings: Effective) -> Sequence[ActRow]:
    """Enter settings one after another; return the acts, the oldest first."""
    author = Author()
    with author.transaction(engine) as connection:
        for at, effective in enumerate(settings):
            enter_settings(connection, author, NOON + timedelta(minutes=at), effective, actor="ann@a")
        return acts(connection, "settings", None, 99)[::-1]


def test_the_first_settings_are_entered_and_again_when_they_change(engine: Engine) -> None:
    second = replace(FIRST, values={"proxy.port": "2"})
    first, last = entered(engine, FIRST, FIRST, second, second)
    assert (first.actor, first.statement["changes"], first.statement["values"]) == ("ann@a", [], FIRST.values)
    assert last.statement["changes"] == [{"name": "proxy.port", "before": "1", "after": "2"}]


def test_each_program_has_settings_of_its_own(engine: Engine) -> None:
    other = replace(FIRST, program="script.py", values={"proxy.port": "2"})
    assert [one.statement["changes"] for one in entered(engine, FIRST, other, FIRST, other)] == [[], []]


def test_another_host_with_the_same_settings_is_nothing_new(engine: Engine) -> None:
    container = replace(FIRST, host="b")
    changed = replace(FIRST, host="c", values={"proxy.port": "2"})
    first, last = entered(engine, FIRST, container, changed, FIRST, changed)
    assert (first.statement["place"]["host"], last.statement["place"]["host"]) == ("a", "c")


def test_of_several_other_hosts_the_last_counts(engine: Engine) -> None:
    changed = replace(FIRST, host="b", values={"proxy.port": "2"})
    assert len(entered(engine, FIRST, changed, replace(changed, host="c"))) == 2


def test_settings_that_come_and_go_are_changes() -> None:
    assert changes_of({"a": "1", "b": "1", "c": "1"}, {"b": "1", "c": "2", "d": "1"}) == [
        {"name": "a", "before": "1"},
        {"name": "c", "before": "1", "after": "2"},
        {"name": "d", "after": "1"},
    ]
