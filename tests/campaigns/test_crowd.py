"""Many processes record into one database."""

from __future__ import annotations

import json

import pytest

from tests.campaigns import crowd


def test_every_call_of_a_crowd_is_recorded_once(capsys: pytest.CaptureFixture[str]) -> None:
    code = crowd.main(["--processes", "2", "--seconds", "0.2", "--rate", "20", "--json"])

    said = json.loads(capsys.readouterr().out)
    assert code == 0, said
    assert 0 < said["acknowledged"] == said["served"] == said["recorded"]
