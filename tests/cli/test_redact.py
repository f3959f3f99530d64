"""`audit redact`: what would go, and that nothing goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.cli._nothing import NOTHING_RECORDED
from audit.errors import StoreError
from audit.store.engine import open_engine
from audit.store.read import Reader
from audit.store.write import Writer
from audit.wiring import interpreter, read_settings
from tests.cli.record import CALLS
from tests.cli.terminal import Audit
from tests.dashboard.record import a_chat


@pytest.fixture
def personal(filled: str) -> str:
    """A record in which two more calls have addresses."""
    engine = open_engine(filled)
    read = interpreter(read_settings())
    said = ["Write to ann@x.org, bob@x.org or ann@x.org.", "4111 1111 1111 1111 of cy@x.net"]
    Writer(engine).append([read(a_chat(20 + number, text)) for number, text in enumerate(said)])
    engine.dispose()
    return filled


def test_without_dry_run_it_says_that_the_record_stays(audit: Audit, personal: str) -> None:
    said = audit("redact")
    assert said.code == 2
    assert "never rewritten" in said.err
    assert 'rules = ["email", "card", "iban"]' in said.err


def test_a_dry_run_shows_how_much_would_go_and_masked_examples(audit: Audit, personal: str) -> None:
    said = audit("redact", "--dry-run", "--rule", "email", "--rule", "card")
    assert said.code == 0
    assert [line.split() for line in said.lines] == [
        ["rule", "calls", "values", "examples"],
        ["email", "2", "4", "a…g,", "b…g,", "c…t"],
        ["card", "1", "1", "4…1"],
    ]
    assert f"{CALLS + 2} calls looked at; nothing was changed." in said.err
    assert "x.org" not in said.out


def test_who_looked_is_in_the_ledger_once(audit: Audit, personal: str) -> None:
    audit("redact", "--dry-run", "--rule", "card", "--user", "nobody")
    assert audit("ledger", "acts", "--kind", "view", "--json").json == []  # there was nothing to look at
    assert audit("redact", "--dry-run", "--rule", "card", "--limit", "3", "--since", "2026-01-01").code == 0
    (act,) = audit("ledger", "acts", "--kind", "view", "--json").json
    assert act["statement"] == {
        "calls": 3,
        "way": "audit redact --dry-run",
        "selection": {"since": act["statement"]["selection"]["since"], "canaries": "without"},
    }


def test_where_looks_have_to_be_noted_nothing_is_shown_without(
    audit: Audit, personal: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(*_args: object, **_kwargs: object) -> None:
        raise StoreError("attempt to write a readonly database", permanent=True)

    monkeypatch.setattr("audit.store.views.enter_look", unwritable)
    said = audit("redact", "--dry-run", "--rule", "card")
    assert (said.code, "4…1" in said.out) == (0, True)
    assert "the ledger could not note this view" in said.err
    (home.parent / "audit.toml").write_text('[ledger]\nviews = "required"\n')
    said = audit("redact", "--dry-run", "--rule", "card")
    assert (said.code, said.out) == (2, "")


def test_json_has_the_same(audit: Audit, personal: str) -> None:
    rows = [{"rule": "card", "calls": 1, "values": 1, "examples": ["4…1"]}]
    words = ("redact", "--dry-run", "--rule", "card", "--json")
    assert audit(*words).json == {"looked_at": CALLS + 2, "rules": rows}
    assert audit(*words, "--limit", "1").json == {"looked_at": 1, "rules": []}


def test_nothing_found_is_said(audit: Audit, filled: str) -> None:
    said = audit("redact", "--dry-run", "--rule", "iban")
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("Nothing would be taken out.")


def test_an_empty_record_says_why(audit: Audit) -> None:
    assert NOTHING_RECORDED in audit("redact", "--dry-run").err


def test_an_unknown_rule_is_named_with_those_there_are(audit: Audit, filled: str, home: Path) -> None:
    (home.parent / "audit.toml").write_text('[[redaction.patterns]]\nname = "staff"\npattern = "S-[0-9]+"\n')
    said = audit("redact", "--dry-run", "--rule", "mail")
    assert said.code == 2
    assert "there is no rule 'mail'; there are email, " in said.err
    assert "staff" in said.err


def test_a_call_that_is_gone_meanwhile_is_passed_over(
    audit: Audit, personal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "call", lambda _reader, _id: None)
    assert audit("redact", "--dry-run", "--json").json == {"looked_at": 0, "rules": []}
