from __future__ import annotations

from dataclasses import replace

from audit.simulator.answer import answer, half, withheld
from audit.simulator.ask import Ask, Said, Tool
from audit.simulator.scenarios import Script

ASK = Ask(provider="openai", format="chat", model="gpt-4o", said=Said(prompt="Hello harbour", text="Hello harbour"))


def played(**scenes: str) -> Ask:
    return replace(ASK, script=Script(scenes))


def test_the_same_request_has_the_same_answer() -> None:
    assert answer(ASK) == answer(ASK)
    assert answer(ASK).first.text != answer(replace(ASK, model="gpt-4.1")).first.text


def test_a_scenario_in_the_name_does_not_change_the_words() -> None:
    assert answer(replace(ASK, model="gpt-4o+gzip")).first.text == answer(ASK).first.text


def test_cached_and_written_tokens_are_part_of_the_input() -> None:
    total = ASK.said.tokens

    assert answer(played(cached="")).tokens.cached == total // 2
    assert answer(played(cached="9999")).tokens.cached == total
    both = answer(played(cached="5", cache_write="9999")).tokens
    assert (both.cached, both.cache_write) == (5, total - 5)
    assert (answer(ASK).tokens.cached, answer(ASK).tokens.cache_write) == (0, 0)


def test_a_tool_is_called_by_name_with_what_the_prompt_wants_said_and_nothing_that_may_be_left_out() -> None:
    shell = Tool(
        name="shell",
        parameters={"required": ["command"], "properties": {"command": {"type": "string"}, "why": {"type": "string"}}},
    )
    ask = replace(played(tool_call="shell"), tools=(Tool(name="read"), shell), said=Said(prompt="Say exactly: `ls -l`"))
    assert answer(ask).call == ("shell", {"command": "ls -l"})


def test_a_tool_that_is_not_offered_is_not_called() -> None:
    assert answer(replace(played(tool_call="shell"), tools=(Tool(name="read"),))).call == ("read", {})
    lookup = answer(played(tool_call="")).call
    assert lookup is not None
    assert (lookup.name, list(lookup.arguments)) == ("lookup", ["query"])


def test_filters_take_a_part_or_all() -> None:
    whole = answer(replace(ASK, choices=2))

    assert [len(choice.pieces) for choice in half(whole).choices] == [len(one.pieces) // 2 for one in whole.choices]
    assert [choice.text for choice in withheld(whole).choices] == ["", ""]
    assert {choice.finish for choice in withheld(whole).choices} == {"filtered"}
    assert withheld(whole).tokens == whole.tokens
