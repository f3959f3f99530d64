"""Settings become redaction of what is stored."""

from __future__ import annotations

import importlib.machinery
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from audit import wiring
from audit.errors import StoreError
from audit.interpret import Interpreter
from audit.settings import Settings
from audit.wiring import redacting
from tests.factories import an_exchange
from tests.wired import recorded, settings_of

STAFF = {"name": "staff", "pattern": r"S-\d+", "replacement": "(staff)"}
TEXT = b'{"messages": [{"role": "user", "content": "S-12345 is ann@x.org"}]}'


def settings(folder: Path, **redaction: Any) -> Settings:
    return settings_of(folder, redaction=redaction)


def left(given: Settings) -> str:
    return redacting.redactor(given)(an_exchange(request_body=TEXT)).exchange.request_body.decode()


def test_without_a_rule_nothing_stands_between(tmp_path: Path) -> None:
    interpret = Interpreter(pricing=lambda *_: None)
    assert redacting.reading(settings(tmp_path), interpret) is interpret


def test_what_is_stored_is_what_is_left(tmp_path: Path) -> None:
    given = settings(tmp_path, rules=["email"], patterns=[STAFF])
    with closing(wiring.open_store(given)) as store:
        store.append([store.read(an_exchange(request_body=TEXT))])
    (detail,) = recorded(given)
    assert b"(staff) is [redacted:email]" in detail.exchange.request_body
    assert detail.notes == ("redacted: email 1, staff 1",)


def test_pseudonyms_are_this_installations(tmp_path: Path) -> None:
    here = settings(tmp_path / "here", rules=["email"], pseudonyms=True)
    there = settings(tmp_path / "there", rules=["email"], pseudonyms=True)
    assert left(here) == left(here) != left(there)
    assert "[redacted:email:" in left(here)


def test_what_cannot_be_searched_is_dropped_if_so_wished(tmp_path: Path) -> None:
    unread = an_exchange(request_body=TEXT, request_headers=(("content-encoding", "secret"),))
    for undecodable, body in (("keep", TEXT), ("drop", b"")):
        given = settings(tmp_path, rules=["email"], undecodable=undecodable)
        assert redacting.redactor(given)(unread).exchange.request_body == body


@pytest.mark.parametrize(
    ("rules", "wanted", "found"),
    [
        ([], [], {"staff", "email"}),
        (["card"], [], {"staff"}),
        (["card"], ["email"], {"email"}),
        ([], ["staff"], {"staff"}),
    ],
)
def test_a_trial_is_of_the_wanted_rules_else_those_that_are_on_else_all(
    tmp_path: Path, rules: list[str], wanted: list[str], found: set[str]
) -> None:
    redact = redacting.trial(settings(tmp_path, rules=rules, patterns=[STAFF]), wanted)
    assert {rule for rule, _ in redact(an_exchange(request_body=TEXT)).found} == found


def test_every_rule_has_its_name(tmp_path: Path) -> None:
    assert redacting.names(settings(tmp_path, patterns=[STAFF]))[-3:] == ("ip", "presidio", "staff")


def test_presidio_that_is_not_installed_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"audit\[presidio\]") as failed:
        redacting.redactor(settings(tmp_path, rules=["presidio"]))
    assert not failed.value.permanent


@pytest.mark.parametrize(("models", "loaded"), [([], "blank en"), (["de_core", "en_core_web_sm"], "en_core_web_sm")])
def test_presidio_gets_a_model_that_is_installed_or_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, models: list[str], loaded: str
) -> None:
    class Engine:
        """Presidio's, as far as it is used."""

        def __init__(self, **given: Any) -> None:
            self.given, self.nlp = given, {}

        def get_supported_entities(self, _language: str) -> list[str]:
            return ["PERSON"]

        def analyze(self, text: str, _language: str, **_options: Any) -> list[Any]:
            assert self.given["nlp_engine"].nlp == {"en": loaded}
            at = text.find("ann")
            return [SimpleNamespace(start=at, end=at + 3)] if at >= 0 else []

    for name, content in {
        "spacy": {
            "util": SimpleNamespace(get_installed_models=lambda: models),
            "load": str,
            "blank": lambda language: f"blank {language}",
        },
        "presidio_analyzer": {"AnalyzerEngine": Engine},
        "presidio_analyzer.nlp_engine": {"SpacyNlpEngine": Engine},
    }.items():
        module = ModuleType(name)
        module.__dict__.update(content, __spec__=importlib.machinery.ModuleSpec(name, None))
        monkeypatch.setitem(sys.modules, name, module)
    assert "S-12345 is [redacted:presidio]@x.org" in left(settings(tmp_path, rules=["presidio"]))
