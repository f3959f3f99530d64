"""Acts being performed through a recording client, as an application would."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import httpx2

from audit.clients import httpx2_client
from audit.demo.acts import PEOPLE, Act
from audit.recording.recorder import Recorder
from audit.recording.tagging import tags

__all__ = ["Performer", "improvised"]

_TIMEOUT_S = 30.0


class Performer:
    """Performs acts against one simulator, all of them recorded."""

    def __init__(self, base_url: str, recorder: Recorder) -> None:
        self._base_url = base_url
        self._client = httpx2_client(recorder=recorder, timeout=_TIMEOUT_S)

    def perform(self, acts: Iterable[Act], done: Callable[[Act], None] = lambda _act: None) -> int:
        """Perform acts in turn; return how many requests that took."""
        sent = 0
        for number, act in enumerate(acts):
            project, user, key = PEOPLE[number % len(PEOPLE)]
            with tags(project=project, user=user, session=f"demo-{number // 8}", source="demo"):
                sent += self._attempts(act, key)
            done(act)
        return sent

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _attempts(self, act: Act, key: str) -> int:
        for attempt in range(act.retries + 1):
            if self._answered(act, key, attempt):
                return attempt + 1
        return act.retries + 1

    def _answered(self, act: Act, key: str, attempt: int) -> bool:
        url = f"{self._base_url}/{act.provider}{act.path}"
        headers = {**_key_header(act.provider, key), "x-stainless-retry-count": str(attempt)}
        if act.scenario:
            headers["x-sim-scenario"] = act.scenario.replace(" ", ", ")
        if act.body:
            headers["content-type"] = "application/json"
        try:
            with self._client.stream(act.method, url, content=act.content, headers=headers) as response:
                for _ in response.iter_raw():
                    pass
        except httpx2.TransportError:  # a scenario of a broken connection; what becomes of it is the record's to show
            return True
        return response.status_code < 400


def improvised(acts: Iterable[Act], seed: int) -> Iterator[Act]:
    """Yield acts of the kinds given, without end and in no order, mostly such as go well."""
    chance = random.Random(seed)  # noqa: S311  # to look lively, not to keep secrets
    repertoire = [(act, 1 if act.scenario else 4) for act in acts if act.method == "POST"]
    kinds, weights = zip(*repertoire, strict=True)
    while True:
        act = chance.choices(kinds, weights)[0]
        yield replace(act, scenario=act.scenario.replace("fail=1:demo", f"fail=1:{chance.random()}"))


def _key_header(provider: str, key: str) -> dict[str, str]:
    if provider == "anthropic":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if provider in ("gemini", "vertex"):
        return {"x-goog-api-key": key}
    return {"api-key": key} if provider == "azure" else {"authorization": f"Bearer {key}"}
