"""A recorder that records nothing."""

from __future__ import annotations

from audit.recording.silence import Silence


def test_it_keeps_nothing_and_nothing_is_missing() -> None:
    silence = Silence()
    assert silence.begin(method="GET", url="https://host/", headers=[], body=b"") is None
    assert silence.flush(0)
    assert silence.close()
    assert silence.leave()
    assert silence.lost == 0
