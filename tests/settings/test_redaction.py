"""Redaction as people write it in audit.toml."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from audit.settings.redaction import RedactionSettings

STAFF = {"name": "staff", "pattern": r"\bS-\d{5}\b"}


def test_it_is_off_until_a_rule_is_named() -> None:
    assert not RedactionSettings().on
    assert RedactionSettings.model_validate({"rules": "email"}).rules == ("email",)
    assert RedactionSettings.model_validate({"patterns": [STAFF], "regions": ["DE", "FR"]}).on


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rules": ["mail"]}, "Input should be 'email'"),
        (
            {"patterns": [{**STAFF, "pattern": "(?<=a)b"}]},
            r"no pattern that RE2 takes \(invalid perl operator: \(\?<=\)",
        ),
        ({"patterns": [{**STAFF, "pattern": r"(a)\1"}]}, "no lookaround and no backreferences"),
        ({"patterns": [{**STAFF, "pattern": "a*"}]}, "matches the empty text"),
        ({"patterns": [{**STAFF, "name": "Staff No"}]}, "begin with a small letter"),
        ({"patterns": [{**STAFF, "replacement": 'a "b"'}]}, "no quotes"),
        ({"patterns": [STAFF, STAFF]}, "'staff' is taken"),
        ({"patterns": [{**STAFF, "name": "email"}]}, "'email' is taken"),
        ({"regions": ["Germany"]}, "two capitals"),
        ({"undecodable": "ask"}, "'keep' or 'drop'"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        RedactionSettings.model_validate(given)


def test_a_replacement_may_be_any_plain_text() -> None:
    assert RedactionSettings.model_validate({"patterns": [{**STAFF, "replacement": "<staff>"}]}).on
