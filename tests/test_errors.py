"""The error tree is as its docstring draws it, and each error carries what its catcher decides by."""

from __future__ import annotations

import re

import pytest

from audit import errors
from audit.errors import AuditError, SettingsError, StoreError


def test_the_tree_is_as_it_is_drawn() -> None:
    drawn = re.findall(r"^[├└]── (\w+) ", errors.__doc__ or "", re.MULTILINE)
    assert [child.__name__ for child in AuditError.__subclasses__() if child.__module__ == errors.__name__] == drawn
    below = re.findall(r"^│   [├└]── (\w+) ", errors.__doc__ or "", re.MULTILINE)
    assert [child.__name__ for child in StoreError.__subclasses__() if child.__module__ == errors.__name__] == below
    assert sorted([*drawn, *below, "AuditError"]) == errors.__all__


def test_problems_of_settings_are_told_all_at_once_a_line_each() -> None:
    error = SettingsError(["audit.toml: a", "AUDIT_HOME: b"])
    assert error.problems == ["audit.toml: a", "AUDIT_HOME: b"]
    assert str(error) == "audit.toml: a\nAUDIT_HOME: b"


@pytest.mark.parametrize("permanent", [True, False])
def test_an_error_of_the_store_says_whether_waiting_can_help(permanent: bool) -> None:
    error = StoreError("the disk is full", permanent=permanent)
    assert (str(error), error.permanent) == ("the disk is full", permanent)
