from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import StoreError
from tests.cli.ledgers import a_signed_ledger
from tests.cli.terminal import Audit


def some_call(audit: Audit) -> str:
    return str(audit("calls", "list", "--json", "--limit", "1").json["rows"][0]["id"])


def test_who_looks_at_a_calls_bodies_is_noted(audit: Audit, filled: str, home: Path, tmp_path: Path) -> None:
    a_signed_ledger(home)
    call = some_call(audit)
    audit("calls", "show", call)
    audit("calls", "show", call, "--raw", "request")
    audit("prove", call)
    audit("prove", call, "--content", str(tmp_path / "call.json"))
    views = audit("ledger", "acts", "--kind", "view", "--json").json
    assert [one["statement"]["way"] for one in reversed(views)] == [
        "audit calls show",
        "audit calls show --raw request",
        "audit prove --content",
    ]


def test_a_look_that_cannot_be_noted_is_told(audit: Audit, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unwritable(*_args: object, **_kwargs: object) -> None:
        raise StoreError("read-only\x1b", permanent=True)

    call = some_call(audit)
    monkeypatch.setattr("audit.store.views.enter_view", unwritable)
    said = audit("calls", "show", call)
    assert (said.code, said.err) == (0, "the ledger could not note this view: read-only\\u001b\n")
    assert call in said.out
