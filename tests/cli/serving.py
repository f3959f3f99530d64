"""What the tests of `audit proxy` and `audit up` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from audit.settings import Settings
from audit.wiring import fleet
from audit.wiring.fleet import Fleet
from audit.wiring.places import Served

__all__ = ["Asked", "asked"]

SERVED = Served(
    providers=(("http://127.0.0.1:1/openai", "https://api.openai.com"), ("http://127.0.0.1:1", "https://r.example")),
    admin="http://127.0.0.1:2",
    dashboard="http://127.0.0.1:3",
    notes=("it is late",),
)


@dataclass(kw_only=True)
class Asked:
    """What was to be run, and what comes of it."""

    served: Served = SERVED
    in_order: bool = True
    runs: list[tuple[Settings, Fleet]] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return self.runs[-1][0]

    @property
    def fleet(self) -> Fleet:
        return self.runs[-1][1]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Takes what is to be run, and runs nothing."""
    asked = Asked()

    def run(settings: Settings, wanted: Fleet, *, ready: Callable[[Served], None], ending: Callable[[], None]) -> bool:
        asked.runs.append((settings, wanted))
        ready(asked.served)
        ending()
        return asked.in_order

    monkeypatch.setattr(fleet, "run", run)
    return asked
