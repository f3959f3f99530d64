"""Erasure in the configured database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from audit import wiring
from audit.call import Tags
from audit.errors import AuditError
from audit.settings import Settings
from audit.store.choosing import By
from audit.store.erasing import Request
from audit.store.rows.verified import Verdict
from audit.wiring.erasing import erase_and_scrub, left_in_journal, open_writable, place, release, request, would_go
from audit.wiring.ledger import verify_record
from tests.store.samples import a_call
from tests.wired import settings_of


def test_nothing_is_erased_where_nothing_is(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    wanted = request(By.USER, "ann", ground="Art. 17", bodies_only=False)
    with open_writable(settings) as engine:
        assert would_go(engine, wanted).calls == 0
        assert erase_and_scrub(settings, engine, wanted, lambda _gone: None).calls == 0
    assert left_in_journal(settings) == []


def test_a_name_that_names_nothing_is_refused() -> None:
    with pytest.raises(AuditError):
        request(By.CALL, "0193", ground="Art. 17", bodies_only=True)


def test_what_a_command_does_to_the_record_is_signed_at_once(tmp_path: Path) -> None:
    """No other process need come to give it its place."""
    settings = settings_of(tmp_path)
    with closing(wiring.open_store(settings)) as store:
        store.append([a_call(1, exchange={"tags": Tags(user="ann")})])
    for act in (
        lambda: release(settings, place(settings, By.USER, "ann", "a claim"), "settled"),
        lambda: erase(settings, request(By.USER, "ann", ground="Art. 17", bodies_only=False)),
    ):
        before = verify_record(settings)
        act()
        after = verify_record(settings)
        assert after.size > before.size
        assert after.anchored == after.size
        assert not after.entries[Verdict.UNSEQUENCED]


def erase(settings: Settings, wanted: Request) -> None:
    with open_writable(settings) as engine:
        assert erase_and_scrub(settings, engine, wanted, lambda _gone: None).calls == 1
