from __future__ import annotations

import pytest

from audit.wiring.acting import actor, user


def test_who_acts_is_a_user_on_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    monkeypatch.setattr("socket.gethostname", lambda: "host")
    assert actor() == "ann@host"


@pytest.mark.parametrize("nobody", [OSError, KeyError])
def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch, nobody: type[Exception]) -> None:
    def nameless() -> str:
        raise nobody

    monkeypatch.setattr("getpass.getuser", nameless)
    assert user() == "unknown"
