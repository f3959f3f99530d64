"""What the simulator remembers between requests, besides the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from audit.simulator.ask import Ask
from audit.simulator.reply import Reply
from audit.simulator.scenarios import Script, bare_model, script

__all__ = ["Memory"]

_MOST_REPLIES = 1000


class Memory:
    """Attempts counted, replies that can be fetched again, scenarios forced from outside."""

    def __init__(self) -> None:
        self._attempts: Counter[str] = Counter()
        self._replies: dict[str, Reply] = {}
        self.forced: Mapping[str, str] = {}
        """Scenarios by model, provider or `*`."""

    def force(self, forced: Mapping[str, str]) -> None:
        """Play these scenarios from now on, and none else; raise `ScenarioError` if one is not known."""
        for scenes in forced.values():
            script("", "", scenes)
        self.forced = forced

    def forced_on(self, ask: Ask) -> str:
        """Return the scenarios forced on a request."""
        names = dict.fromkeys(("*", ask.provider, bare_model(ask.model), ask.model))
        return " ".join(self.forced.get(name, "") for name in names)

    def cast(self, ask: Ask, asked: Script) -> Script:
        """Return the scenarios to play now: with `fail` they are over after so many attempts."""
        if "fail" not in asked:
            return asked
        count, _, key = asked.value("fail", "1").partition(":")
        key = key or "\x1f".join((ask.provider, ask.format, ask.model, ask.said.text))
        self._attempts[key] += 1
        if self._attempts[key] > int(count):
            return Script()
        others = {name: value for name, value in asked.scenes.items() if name != "fail"}
        return Script(others or {"unavailable": ""})

    def keep(self, replies: Mapping[str, Reply]) -> None:
        """Keep replies for later; the oldest are forgotten."""
        self._replies |= replies
        while len(self._replies) > _MOST_REPLIES:
            del self._replies[next(iter(self._replies))]

    def kept(self, number: str) -> Reply | None:
        """Return a reply that was kept."""
        return self._replies.get(number)
