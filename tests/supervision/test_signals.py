from __future__ import annotations

import asyncio
import os
import signal

import pytest

from audit.supervision.signals import ending_on_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_first_signal_means_to_end_and_every_other_one_to_hurry(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    told: list[str] = []

    async def scene() -> None:
        with ending_on_signals(lambda: told.append("end"), lambda: told.append("hurry")):
            for _ in range(3):
                os.kill(os.getpid(), number)
                await asyncio.sleep(0.01)

    asyncio.run(scene())
    assert told == ["end", "hurry", "hurry"]
    assert signal.getsignal(number) is before


def test_what_is_ignored_remains_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def scene() -> None:
        with ending_on_signals(pytest.fail, pytest.fail):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.01)

    try:
        asyncio.run(scene())
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
