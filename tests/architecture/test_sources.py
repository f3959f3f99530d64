"""What the other tests here stand on sees what is there."""

from __future__ import annotations

from tests.architecture.sources import calls, imports, names, sources, taken_from


def test_sources_are_found_in_all_folders_below() -> None:
    found = sources("audit", "dashboard")
    assert {"audit/call.py", "audit/store/read/calls.py", "dashboard/views/usage_page.py"} <= set(found)


def test_imports_are_seen_wherever_they_stand() -> None:
    assert {"logging", "audit.call", "sqlalchemy", "audit.settings"} <= imports("audit/wiring/storing.py")


def test_calls_are_seen_as_they_are_written() -> None:
    assert {"read_settings", "threading.Event", "told.wait"} <= calls("audit/wiring/__init__.py")


def test_names_are_seen_with_their_endings() -> None:
    assert {"bind.dialect.name", "dialect.name", "name"} <= names("audit/store/engine.py")


def test_names_out_of_a_package_are_seen() -> None:
    assert taken_from("sqlalchemy", "audit/wiring/storing.py") == {"Engine"}
