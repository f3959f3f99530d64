"""Names of calls that are to be erased or held."""

from __future__ import annotations

import pytest

from audit.errors import AuditError
from audit.store.choosing import By, sound
from tests.store.samples import an_id


@pytest.mark.parametrize(
    ("by", "value", "kept"),
    [
        (By.CALL, str(an_id(1)).upper(), str(an_id(1))),
        (By.CONVERSATION, an_id(1).hex, str(an_id(1))),
        (By.USER, "ann", "ann"),
        (By.LABEL, "case=", "case="),
    ],
)
def test_a_sound_name_is_kept(by: By, value: str, kept: str) -> None:
    assert sound(by, value) == kept


@pytest.mark.parametrize(
    ("by", "value"), [(By.CALL, "0193"), (By.CONVERSATION, ""), (By.USER, ""), (By.LABEL, "case"), (By.KEY, "")]
)
def test_one_that_can_name_nothing_is_refused(by: By, value: str) -> None:
    with pytest.raises(AuditError):
        sound(by, value)
