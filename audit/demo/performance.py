"""Acts being performed through a recording client, as an application would."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx2

from audit.clients import httpx2_client
from audit.demo.acts import PEOPLE, Act
from audit.recording.recorder import Recorder
from audit.recording.tagging import tags

__all__ = ["Performer", "improvised"]

AT_ONCE = 8
"""Calls under way at a time, after the first, which has the record to itself."""
_SESSION = 8
_TIMEOUT_S = 30.0


class Performer:
    """Performs acts against one simulator, all of them recorded."""

    def __init__(self, base_url: str, recorder: Recorder) -> None:
        self._base_url = base_url
        # trust_env: a proxy that the environment names does not lead to this machine's own ports.
        self._client = httpx2_client(recorder=recorder, timeout=_TIMEOUT_S, trust_env=False)

    def perform(self, acts: Sequence[Act], done: Callable[[], None] = lambda: None) -> int:
        """Perform acts, the first one first; return how many requests that took. `done` is told of each act's end."""
        sent = 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="audit-demo") as pool:
            first, others = acts[:1], list(enumerate(acts))[1:]
            for act in first:
                sent += self._act(0, act)
                done()
            for requests in pool.map(lambda numbered: self._act(*numbered), others):
                sent += requests
                done()
        return sent

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _act(self, number: int, act: Act) -> int:
        """Try an act as often as it wants; return how many requests that took."""
        project, user, key = PEOPLE[number % len(PEOPLE)]
        with tags(project=project, user=user, session=f"demo-{number // _SESSION}"):
            for attempt in range(act.retries + 1):
                if self._answered(act, key, attempt):
                    break
        return attempt + 1

    def _answered(self, act: Act, key: str, attempt: int) -> bool:
        url = f"{self._base_url}/{act.provider}{act.path}"
        headers = {**_key_header(act.provider, key), "x-stainless-retry-count": str(attempt), "x-audit-source": "demo"}
        if act.scenario:
            headers["x-sim-scenario"] = act.scenario
        if act.body:
            headers["content-type"] = "application/json"
        try:
            with self._client.stream(act.method, url, content=act.content, headers=headers) as response:
                for _ in response.iter_raw():
                    pass
        except httpx2.TransportError:  # a scenario of a broken connection; what becomes of it is the record's to show
            return True
        return response.status_code < 400


def improvised(acts: Sequence[Act], seed: int) -> Iterator[Act]:
    """Yield acts of the kinds given, without end and in no order, mostly such as go well, and at a lifelike pace."""
    chance = random.Random(seed)  # noqa: S311  # to look lively, not to keep secrets
    repertoire = [act for act in acts if act.method == "POST"]
    weights = [1 if act.scenario else 6 for act in repertoire]
    while True:
        act = chance.choices(repertoire, weights)[0]
        pace = f"slow={chance.lognormvariate(5.8, 0.5):.0f} drip={chance.uniform(4, 20):.0f}"
        scenario = act.scenario.replace(":demo", f":{chance.random()}")
        yield replace(act, scenario=f"{scenario} {pace}".strip())


def _key_header(provider: str, key: str) -> dict[str, str]:
    if provider == "anthropic":
        return {"x-api-key": key, "anthropic-version": "2023-06-01"}
    if provider in ("gemini", "vertex"):
        return {"x-goog-api-key": key}
    return {"api-key": key} if provider == "azure" else {"authorization": f"Bearer {key}"}
