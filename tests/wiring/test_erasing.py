"""Erasure in the configured database."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import AuditError
from audit.settings import Settings
from audit.store.choosing import By
from audit.wiring.erasing import erase_and_scrub, left_in_journal, open_writable, request, user_of_process, would_go


def test_nothing_is_erased_where_nothing_is(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    wanted = request(By.USER, "ann", ground="Art. 17", bodies_only=False)
    with open_writable(settings) as engine:
        assert would_go(engine, wanted).calls == 0
        assert erase_and_scrub(engine, wanted, lambda _gone: None).calls == 0
    assert left_in_journal(settings) == []


def test_a_name_that_names_nothing_is_refused() -> None:
    with pytest.raises(AuditError):
        request(By.CALL, "0193", ground="Art. 17", bodies_only=True)


def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert user_of_process() == "unknown"
