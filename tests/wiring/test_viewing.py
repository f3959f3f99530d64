from __future__ import annotations

from pathlib import Path

import pytest

from audit import wiring
from audit.errors import LedgerError, StoreError
from audit.settings import LedgerSettings, Settings
from audit.store.looks import Look
from audit.store.rows.acts import ActRow
from audit.store.rows.verified import Verdict
from audit.wiring.acting import actor
from audit.wiring.ledger import open_ledger, verify_record
from audit.wiring.viewing import note_copy, note_look, note_view
from tests.store.samples import an_id
from tests.wired import settings_of

READ_ONLY = StoreError("attempt to write a readonly database", permanent=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = settings_of(tmp_path / "home")
    made.home.mkdir()
    wiring.upgrade(made)
    return made


def views(settings: Settings) -> tuple[ActRow, ...]:
    with open_ledger(settings) as reader:
        return reader.acts("view")


def under(settings: Settings, views: str) -> Settings:
    return settings.model_copy(update={"ledger": LedgerSettings.model_validate({"views": views})})


def unwritable(*_args: object, **_kwargs: object) -> None:
    raise READ_ONLY


@pytest.mark.parametrize("wanted", ["noted", "required"])
def test_a_view_is_entered_with_who_looks(settings: Settings, wanted: str) -> None:
    assert note_view(under(settings, wanted), an_id(1), "audit calls show") is None
    assert note_view(under(settings, wanted), an_id(2), "dashboard", "ann@example.com") is None
    assert [(one.actor, one.statement["way"]) for one in reversed(views(settings))] == [
        (actor(), "audit calls show"),
        ("ann@example.com", "dashboard"),
    ]


def test_a_look_at_many_calls_is_entered_likewise(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    look = Look(way="audit redact --dry-run", calls=2, selection={})
    assert note_look(settings, look) is None
    assert note_look(under(settings, "off"), look) is None
    told = {"calls": 2, "way": "audit redact --dry-run", "selection": {}}
    assert [(one.actor, one.statement) for one in views(settings)] == [(actor(), told)]
    monkeypatch.setattr("audit.store.views.enter_look", unwritable)
    assert note_look(settings, look) == f"the ledger could not note this view: {READ_ONLY}"
    with pytest.raises(LedgerError, match="ask for the right to write"):
        note_look(under(settings, "required"), look)


def test_a_copy_of_the_record_is_entered_where_it_is_copied_from(settings: Settings, tmp_path: Path) -> None:
    other = settings_of(tmp_path / "other")
    said: list[str] = []
    note_copy(other, "audit db copy", "there", said.append, settings.database_url)
    note_copy(settings, "audit backup", "a file", said.append)
    told = [one.statement for one in reversed(views(settings))]
    assert told == [
        {"calls": 0, "way": "audit db copy", "into": "there"},
        {"calls": 0, "way": "audit backup", "into": "a file"},
    ]
    note_copy(Settings(home=tmp_path / "nothing"), "audit backup", "a file", said.append)  # without tables
    assert [one.partition(":")[0] for one in said] == ["the ledger could not note this view"]


def test_a_view_has_its_place_in_the_log_at_once(settings: Settings) -> None:
    note_view(settings, an_id(1), "audit calls show")
    found = verify_record(settings)
    assert (found.size, found.entries[Verdict.UNSEQUENCED]) == (1, 0)


def test_who_wants_no_views_in_the_ledger_gets_none(settings: Settings) -> None:
    assert note_view(under(settings, "off"), an_id(1), "audit calls show") is None
    assert views(settings) == ()


def test_who_may_only_read_is_told_and_shown_what_he_asked_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.views.enter_view", unwritable)
    told = note_view(settings, an_id(1), "audit calls show")
    assert told == f"the ledger could not note this view: {READ_ONLY}"


def test_where_views_are_required_nothing_is_to_be_shown_without(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.store.views.enter_view", unwritable)
    with pytest.raises(LedgerError, match="ask for the right to write"):
        note_view(under(settings, "required"), an_id(1), "audit calls show")
