from __future__ import annotations

import pytest

from audit.simulator.ask import Ask, Said
from audit.simulator.memory import Memory
from audit.simulator.reply import Frame, Reply
from audit.simulator.scenarios import ScenarioError, Script

ASK = Ask(provider="azure", format="chat", model="gpt-4o+cut", said=Said(text="hello"))
OTHER = Ask(provider="azure", format="chat", model="gpt-4o+cut", said=Said(text="goodbye"))


def test_scenarios_end_after_so_many_attempts() -> None:
    memory, asked = Memory(), Script({"fail": "2", "rate_limit": "0.1"})

    assert [str(memory.cast(ASK, asked)) for _ in range(4)] == ["rate_limit=0.1", "rate_limit=0.1", "", ""]
    assert str(memory.cast(OTHER, asked)) == "rate_limit=0.1"


def test_alone_it_fails_once_and_is_unavailable() -> None:
    memory = Memory()

    assert [str(memory.cast(ASK, Script({"fail": ""}))) for _ in range(2)] == ["unavailable", ""]


def test_requests_with_one_key_are_counted_together() -> None:
    memory, asked = Memory(), Script({"fail": "1:mine"})

    assert [str(memory.cast(ask, asked)) for ask in (ASK, OTHER)] == ["unavailable", ""]


def test_without_fail_all_is_played() -> None:
    asked = Script({"cut": ""})

    assert Memory().cast(ASK, asked) is asked


def test_scenarios_are_forced_on_models_providers_and_all() -> None:
    memory = Memory()
    memory.force({"*": "slow=1", "azure": "crlf", "gpt-4o": "gzip", "gpt-4o+cut": "br", "openai": "quota"})

    assert memory.forced_on(ASK).split() == ["slow=1", "crlf", "gzip", "br"]
    with pytest.raises(ScenarioError):
        memory.force({"*": "nonsense"})
    assert memory.forced["*"] == "slow=1"


def test_old_replies_are_forgotten() -> None:
    memory, reply = Memory(), Reply(frames=(Frame(data=b""),))
    memory.keep({str(number): reply for number in range(1001)})

    assert memory.kept("0") is None
    assert memory.kept("1000") is reply
