"""Calls that were set aside, on the configured database."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from audit.errors import AuditError
from audit.recording.rejected import set_aside
from audit.wiring.readmitting import readmit
from tests.factories import an_exchange
from tests.wired import settings_of


def test_they_are_stored_there(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    settings.journal.mkdir()
    set_aside(settings.journal, an_exchange(), "DataError: too odd")
    with pytest.raises(AuditError, match="not set aside: 00000000"):
        readmit(settings, [UUID(int=1)])
    assert readmit(settings, [an_exchange().id]).stored == (an_exchange().id,)
    assert readmit(settings, None).stored == ()
