"""The campaign against the proxy kills, reckons, and tells of a proxy that does not come back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.campaigns import proxy_kill


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_a_kill_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code = proxy_kill.main(["--kills", "1", "--json"])

    said = told(capsys)
    assert code == 0, said
    assert said["kills"] == 1
    assert 0 < said["acknowledged"] <= said["served"] == said["recorded"]


def test_a_proxy_that_serves_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(proxy_kill, "_PROGRAM", "import time; time.sleep(60)")
    monkeypatch.setattr(proxy_kill, "PATIENCE_S", 0.5)

    code = proxy_kill.main(["--json"])

    said = told(capsys)
    assert code == 1
    assert said["failures"] == [
        "no call has gone through for 0.5 s after 0 kills",
        "the supervisor ended with code -15",
    ]
