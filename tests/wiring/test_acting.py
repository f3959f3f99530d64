from __future__ import annotations

import pytest

from audit.wiring.acting import actor


def test_who_acts_is_a_user_on_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    monkeypatch.setattr("socket.gethostname", lambda: "host")
    assert actor() == "ann@host"
