"""`audit encryption`: how it stands, new keys, rotation, and what was plain."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.encryption.keyring import MasterKey
from audit.store.engine import open_engine
from audit.store.write import Writer
from tests.cli.ledgers import a_signed_ledger
from tests.cli.record import ADA, call_id
from tests.cli.terminal import Audit
from tests.databases import the_database
from tests.store.samples import a_call, an_id, said
from tests.store.sealed import NEW, OLD, sealed_with


@pytest.fixture
def keys(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file, which names the old key; both are in the environment."""
    monkeypatch.setenv("OLD", OLD.exported())
    monkeypatch.setenv("NEW", NEW.exported())
    return name(home.parent / "audit.toml", "env:OLD")


def name(config: Path, *places: str) -> Path:
    config.write_text(f"[encryption]\nkeys = {list(places)}\n")
    return config


def add(url: str, *calls: object) -> None:
    """Record calls as a process with the old key does."""
    engine = open_engine(url)
    Writer(sealed_with(engine, OLD)).append(list(calls))  # type: ignore[arg-type]
    engine.dispose()


def test_without_keys_it_is_said_how_to_have_one(audit: Audit, filled: str) -> None:
    found = audit("encryption", "status")
    assert found.code == 0
    assert "audit encryption new-key" in found.out
    told = audit("encryption", "status", "--json").json
    assert (told["keys"], told["trouble"], told["missing"], told["record"]["encrypted"]) == ([], None, [], False)


def test_a_record_that_is_not_there_yet_is_no_trouble(audit: Audit, keys: Path) -> None:
    found = audit("encryption", "status")
    assert (found.code, found.out) == (0, "Nothing is encrypted yet: the next call that is recorded will be.\n")


def test_a_new_key_is_written_once(audit: Audit, tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    made = audit("encryption", "new-key", str(path))
    assert made.code == 0
    assert MasterKey.parse(path.read_text()).id == made.out.partition(":")[0]
    assert f"file:{path}" in made.out
    other = audit("encryption", "new-key", "--json", str(tmp_path / "other.key")).json
    assert other["place"] == f"file:{tmp_path / 'other.key'}"
    assert len(other["id"]) == 8
    again = audit("encryption", "new-key", str(path))
    assert (again.code, again.out) == (2, "")
    assert "no key is written over" in again.err


def test_what_was_plain_is_encrypted(audit: Audit, filled: str, keys: Path) -> None:
    add(filled, a_call(900))
    before = audit("encryption", "status")
    assert before.code == 1
    assert "are plain" in before.lines[0]
    assert before.lines[1] == f"key {OLD.id} (the newest) wraps 2 data keys"
    assert "`audit encryption apply` ends that" in before.lines[2]
    done = audit("encryption", "apply")
    assert done.code == 0
    assert done.out.endswith("contents are encrypted\n")
    assert audit("encryption", "apply", "--json").json == {"encrypted": 0}
    assert audit("encryption", "status").code == 0
    assert audit("calls", "show", call_id(2)).code == 0
    assert audit("calls", "show", call_id(2), "--raw", "request").out
    assert audit("ledger", "sign").code == 0
    assert audit("verify", "--json").json["entries"]["ok"] > 1


def test_keys_are_rotated(audit: Audit, home: Path, keys: Path) -> None:
    url = the_database(home)
    assert audit("db", "upgrade").code == 0
    add(url, a_call(1), a_call(2))
    name(keys, "env:NEW", "env:OLD")
    before = audit("encryption", "status")
    assert (before.code, before.lines[-1]) == (1, "`audit encryption rotate` wraps all of them by the newest")
    assert f"key {OLD.id} (an older one) wraps 3 data keys" in before.out
    assert audit("encryption", "rotate").out == "3 data keys are wrapped anew\n"
    assert audit("encryption", "rotate", "--scrub", "--json").json == {"rotated": 0}
    name(keys, "env:NEW")
    assert audit("encryption", "status").code == 0
    assert audit("calls", "show", str(an_id(1))).code == 0


def test_a_missing_key_is_told_and_lists_go_on(audit: Audit, filled: str, keys: Path) -> None:
    add(filled, a_call(900, exchange=ADA, input=said("quince")))
    assert audit("ledger", "sign").code == 0
    for places in ((), ("env:NEW",), ("env:NOWHERE",)):
        name(keys, *places)
        status = audit("encryption", "status")
        assert status.code == 1
        assert f"key {OLD.id} (not here) wraps 2 data keys" in status.out
        shown = audit("calls", "show", str(an_id(900)))
        assert shown.code == 2
        assert OLD.id in shown.err or "NOWHERE is not set" in shown.err
        assert "Traceback" not in shown.err
        verified = audit("verify")
        assert verified.code == 2
        assert "Traceback" not in verified.err
        assert audit("usage").code == 0
        assert audit("calls", "list", "--since", "2020-01-01").code == 0
    assert "NOWHERE is not set" in audit("encryption", "status").out
    assert audit("encryption", "rotate").code == 2
    assert audit("encryption", "apply").code == 2


def test_who_searches_is_told_that_bodies_are_not_indexed(audit: Audit, filled: str, keys: Path) -> None:
    plain = audit("calls", "list", "--search", "quince")
    assert "not indexed" not in plain.err
    add(filled, a_call(900))
    found = audit("calls", "list", "--search", "quince")
    assert "Bodies are encrypted, and not indexed" in found.err


def test_the_doctor_looks_at_it(audit: Audit, home: Path, keys: Path) -> None:
    def told() -> str:
        return " ".join(one["text"] for one in audit("doctor", "--json").json if one["subject"] == "encryption")

    assert "begins with the next call" in told()
    name(keys)
    assert told() == ""
    name(keys, "env:OLD")
    url = the_database(home)
    assert audit("db", "upgrade").code == 0
    engine = open_engine(url)
    Writer(engine).append([a_call(1)])
    engine.dispose()
    add(url, a_call(2))
    assert "1 contents are stored plainly; run `audit encryption apply`" in told()
    assert "1 contents are encrypted" in told()
    name(keys, "env:NEW", "env:OLD")
    assert "2 data keys are wrapped by an older key" in told()
    name(keys, "env:NEW")
    assert f"encrypted with the key {OLD.id}, which is not here" in told()
    name(keys, "env:NOWHERE")
    assert "NOWHERE is not set" in told()
    name(keys)
    assert f"encrypted with the key {OLD.id}, which is not here" in told()
    name(keys, "env:OLD")
    assert audit("encryption", "apply").code == 0
    assert told() == "2 contents are encrypted"


def test_a_call_is_proven_without_the_key(audit: Audit, filled: str, keys: Path) -> None:
    add(filled, a_call(70))
    a_signed_ledger(keys.parent / "home")
    name(keys)
    said = audit("prove", str(an_id(70)))
    assert (said.code, said.err) == (0, "")
