from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import httpx2
import pytest

from audit.call import Exchange
from audit.demo.acts import PEOPLE, PROVIDERS, Act, chat
from audit.demo.performance import Performer, improvised
from audit.simulator.process import running
from tests.recording.kept import a_recorder, journalled

FINE = chat("openai", "gpt-4o", "Hello.")


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with running() as url:
        yield url


def performed(simulator: str, folder: Path, *acts: Act) -> tuple[int, list[Exchange]]:
    """How many requests it took, and what was recorded of them."""
    with closing(Performer(simulator, a_recorder(folder))) as performer:
        sent = performer.perform(acts)
    return sent, journalled(folder)


def test_acts_are_performed_under_keys_names_and_tags(simulator: str, tmp_path: Path) -> None:
    sent, (exchange,) = performed(simulator, tmp_path, FINE)
    project, user, _key = PEOPLE[0]
    assert sent == 1
    assert exchange.status == 200
    assert (exchange.tags.project, exchange.tags.user, exchange.tags.session) == (project, user, "demo-0")
    assert exchange.tags.labels == (("source", "demo"),)
    assert exchange.key_fingerprint
    assert exchange.request_body == FINE.content


def test_nothing_to_perform_takes_no_request(simulator: str, tmp_path: Path) -> None:
    assert performed(simulator, tmp_path) == (0, [])


def test_every_end_of_an_act_is_told(simulator: str, tmp_path: Path) -> None:
    done: list[None] = []
    with closing(Performer(simulator, a_recorder(tmp_path))) as performer:
        performer.perform([FINE, chat("openai", "gpt-4o", "Hello again.")], lambda: done.append(None))
    assert len(done) == 2


def test_a_failure_is_tried_again_with_the_same_body_as_often_as_the_act_wants(simulator: str, tmp_path: Path) -> None:
    act = chat("openai", "gpt-4o", "Now.", "rate_limit=1 fail=1:here", retries=3)
    sent, exchanges = performed(simulator, tmp_path, act)
    assert sent == 2
    assert [one.status for one in exchanges] == [429, 200]
    assert exchanges[0].request_body == exchanges[1].request_body
    assert [dict(one.request_headers)["x-stainless-retry-count"] for one in exchanges] == ["0", "1"]


def test_without_retries_a_failure_stays_one(simulator: str, tmp_path: Path) -> None:
    sent, (exchange,) = performed(simulator, tmp_path, chat("openai", "gpt-4o", "Now.", "server_error"))
    assert (sent, exchange.status) == (1, 500)


def test_a_connection_that_breaks_is_not_tried_again(simulator: str, tmp_path: Path) -> None:
    act = chat("openai", "gpt-4o", "Go on.", "cut=6", stream=True, retries=2)
    sent, (exchange,) = performed(simulator, tmp_path, act)
    assert (sent, exchange.ending) == (1, "failed")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_gets_its_key_in_its_own_header(simulator: str, tmp_path: Path, provider: str) -> None:
    _, (exchange,) = performed(simulator, tmp_path, Act(provider=provider, path="/v1/models", method="GET"))
    names = {name for name, _ in exchange.request_headers}
    wanted = {"anthropic": "x-api-key", "gemini": "x-goog-api-key", "vertex": "x-goog-api-key", "azure": "api-key"}
    assert wanted.get(provider, "authorization") in names
    assert "content-type" not in names
    assert exchange.key_fingerprint


def test_a_proxy_of_the_environment_does_not_stand_in_the_way(
    simulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"{simulator}/__sim/health")
    assert performed(simulator, tmp_path, FINE)[1][0].status == 200


ACTS = (
    chat("openai", "gpt-4o", "Plain."),
    chat("openai", "gpt-4o", "Again.", "fail=1:demo", retries=1),
    Act(provider="openai", path="/v1/models", method="GET"),
)


def test_improvised_acts_are_such_as_are_given_without_end() -> None:
    acts = list(islice(improvised(ACTS, seed=1), 300))
    assert {act.method for act in acts} == {"POST"}
    plain = [act for act in acts if act.body == ACTS[0].body]
    assert len(plain) > 200
    assert len(plain) < 300


def test_improvised_acts_have_a_lifelike_pace() -> None:
    assert all("slow=" in act.scenario and "drip=" in act.scenario for act in islice(improvised(ACTS, seed=1), 30))


def test_a_failure_that_happens_once_happens_once_each_time() -> None:
    """The provider counts attempts by a key, which therefore is a new one each time."""
    keys = {act.scenario.split()[0] for act in islice(improvised(ACTS[1:2], seed=1), 10)}
    assert len(keys) == 10
    assert all(key.startswith("fail=1:0.") for key in keys)


def test_the_same_seed_improvises_the_same() -> None:
    assert list(islice(improvised(ACTS, seed=1), 9)) == list(islice(improvised(ACTS, seed=1), 9))
    assert list(islice(improvised(ACTS, seed=1), 9)) != list(islice(improvised(ACTS, seed=2), 9))
