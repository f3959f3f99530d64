"""What the simulated model answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from audit.simulator.ask import Ask, Tool
from audit.simulator.knowledge import known_answer
from audit.simulator.prose import UNICODE, count_tokens, dice, pieces, prose
from audit.simulator.scenarios import Script, bare_model
from audit.simulator.structured import fitting, fitting_text

__all__ = ["Answer", "Call", "Choice", "Tokens", "answer", "half", "served_model", "withheld"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What an answer costs; each figure apart, for formats to add up as they do."""

    input: int
    """All input, cached and written included."""
    cached: int
    cache_write: int
    output: int
    """The visible answer."""
    reasoning: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of an answer's alternatives."""

    index: int
    pieces: tuple[str, ...]
    finish: str
    """stop, length, tool or filtered."""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Call(NamedTuple):
    """A function called."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says."""

    model: str
    choices: tuple[Choice, ...]
    tokens: Tokens
    refused: bool = False
    call: Call | None = None
    """None when the answer is text."""
    thoughts: str = ""

    @property
    def first(self) -> Choice:
        return self.choices[0]


def answer(ask: Ask) -> Answer:
    """Return what the model answers; the same for the same request."""
    call = _call(ask)
    choices = tuple(_choice(ask, index, call) for index in range(ask.choices))
    output = sum(len(pieces(choice.text)) for choice in choices)
    if call:
        output += count_tokens(f"{call.name}{dict(call.arguments)}")
    reasoning = _reasoning(ask)
    return Answer(
        model=served_model(ask),
        choices=choices,
        tokens=_tokens(ask, output, reasoning),
        refused="refusal" in ask.script,
        call=call,
        thoughts=prose("thoughts", ask.prompt) if reasoning else "",
    )


def served_model(ask: Ask) -> str:
    """Return the name that the provider says has served."""
    if "substituted" in ask.script:
        return ask.script.value("substituted", "sim-stand-in-1")
    path, slash, name = bare_model(ask.model).rpartition("/")
    return path + slash + _SNAPSHOTS.get(name, name)


def _tokens(ask: Ask, output: int, reasoning: int) -> Tokens:
    total = ask.said.tokens
    cached = _part(ask.script, "cached", total)
    written = _part(ask.script, "cache_write", total)
    return Tokens(
        input=total, cached=cached, cache_write=min(written, total - cached), output=output, reasoning=reasoning
    )


def _part(script: Script, name: str, total: int) -> int:
    return min(int(script.number(name, total // 2)), total) if name in script else 0


def _reasoning(ask: Ask) -> int:
    if "reasoning" in ask.script:
        return int(ask.script.number("reasoning", 128))
    name = bare_model(ask.model).rpartition("/")[2]
    return 64 * dice(ask.prompt, "reasoning").randint(1, 6) if name.startswith(_REASONING) else 0


def _choice(ask: Ask, index: int, call: object) -> Choice:
    parts = pieces("" if call else _text(ask, index))
    limit = len(parts) // 2 if "length" in ask.script else ask.limit
    if limit is not None and len(parts) > limit:
        return Choice(index=index, pieces=tuple(parts[:limit]), finish="length")
    return Choice(index=index, pieces=tuple(parts), finish="tool" if call else "stop")


def _text(ask: Ask, index: int) -> str:
    script = ask.script
    if "empty" in script:
        return ""
    if "refusal" in script:
        return "I’m sorry, but I can’t help with that."
    if "echo" in script:
        return ask.prompt
    return _dressed(script, _plain(ask, index))


def _plain(ask: Ask, index: int) -> str:
    known = known_answer(ask.prompt, wrong="wrong" in ask.script)
    if ask.schema is not None:
        return fitting_text(ask.schema, dice(ask.prompt, index), known=known)
    return known or prose(bare_model(ask.model), ask.prompt, index)


def _dressed(script: Script, text: str) -> str:
    if "unicode" in script:
        text += f" {UNICODE}"
    if "odd_text" in script:
        text += " NUL \x00, half a pair \ud83d, \x7f, \ufffe, \u2028, </script>, ' OR 1=1; -- \U0010ffff"
    if "huge" in script:
        wanted = int(script.number("huge", 2048)) * 1024
        text = " ".join([text] * (wanted // len(text.encode("utf-8", "surrogatepass")) + 1))
    return text


def _call(ask: Ask) -> Call | None:
    """Return the call that is asked for: of the tool named, or the first; with what the prompt says it should say."""
    if "tool_call" not in ask.script:
        return None
    named = [tool for tool in ask.tools if tool.name == ask.script.value("tool_call")]
    tool = (*named, *ask.tools, _LOOKUP)[0]
    schema = {"type": "object", **_required(tool.parameters)}
    return Call(tool.name, fitting(schema, dice(ask.prompt, tool.name), known=known_answer(ask.prompt)))


def _required(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema without what may be left out, as models leave it out; one that requires nothing as it is."""
    wanted, properties = parameters.get("required"), parameters.get("properties")
    if not wanted or not isinstance(properties, dict):
        return parameters
    return {**parameters, "properties": {name: one for name, one in properties.items() if name in wanted}}


def half(answer: Answer) -> Answer:
    """Return an answer of which a filter cut the second half away."""
    return _filtered(answer, [choice.pieces[: len(choice.pieces) // 2] for choice in answer.choices])


def withheld(answer: Answer) -> Answer:
    """Return an answer of which a filter left nothing."""
    return _filtered(answer, [() for _ in answer.choices])


def _filtered(answer: Answer, left: Iterable[tuple[str, ...]]) -> Answer:
    choices = tuple(
        replace(choice, pieces=parts, finish="filtered") for choice, parts in zip(answer.choices, left, strict=True)
    )
    return replace(answer, choices=choices)


_LOOKUP = Tool(name="lookup", parameters={"properties": {"query": {"type": "string"}}})
_REASONING = ("o1", "o3", "o4", "gpt-5", "deepseek-reasoner", "gemini-2.5-pro", "gemini-3-pro", "codex-mini")
_SNAPSHOTS = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-5": "gpt-5-2025-08-07",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
    "o3": "o3-2025-04-16",
    "o4-mini": "o4-mini-2025-04-16",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "gemini-flash-latest": "gemini-3.6-flash",
    "deepseek-reasoner": "deepseek-v4-flash",
}
"""The dated name behind a moving one."""
