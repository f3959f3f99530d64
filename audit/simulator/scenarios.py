"""Which part the simulator plays, and how a request asks for it.

A request names scenarios in any of three ways; all that it names are played together:

    the model's name     gpt-4o+slow            gpt-4o+slow=300+gzip
    the last message     Hello [[sim:cut]]      [[sim:slow=300 gzip]]      (blanks or commas between)
    a header             x-sim-scenario: slow=300, gzip

`name=value` gives a scenario its value; without one its default holds. Markers count in the last message alone, so
a conversation goes on after an error. A name or value that is not understood is answered with 400.
From outside, `PUT /__sim/forced` with `{"gpt-4o": "server_error"}` plays scenarios for every request to a model, a
provider or `*`, until `{}` is put there.
Of several errors the first in the list wins. A provider that has no such thing as the scenario asked for plays the
nearest it has, or a normal reply; `GET /__sim/served` tells what was really served.

    time       slow=MS drip=MS stall=MS
    errors     bad_request context_length invalid_prompt invalid_key forbidden resource_blocked not_found too_large
               rate_limit=S quota server_error empty_error html_error unavailable timeout overloaded error_200
               error_stream=N fail=N:KEY
    endings    cut=N no_end no_done
    filters    rated unassessed annotated=LEVEL jailbreak indirect_attack prompt_blocked=CATEGORY
               completion_blocked=CATEGORY completion_cut=CATEGORY protected_code protected_text blocklist
               async_filter async_hit async_cut filter_error purview_error output_blocked masked flagged
    answers    refusal wrong echo empty length tool_call=NAME reasoning=N cached=N cache_write=N no_usage shifting_usage
               substituted=NAME
    bytes      huge=KB unicode odd_text split=N crlf gzip deflate br zstd

`SCENARIOS` says what each does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["CODINGS", "ERRORS", "SCENARIOS", "ScenarioError", "Script", "bare_model", "bare_prompt", "script"]

_ERRORS = {
    "bad_request": "400, a parameter is wrong",
    "context_length": "400, the prompt is too long for the model",
    "invalid_prompt": "400, the prompt breaks the usage policy; no filter is named",
    "invalid_key": "401 (Gemini: 400)",
    "forbidden": "403",
    "resource_blocked": "403, Azure has shut the resource for abuse (forbidden elsewhere)",
    "not_found": "404, no such model or deployment",
    "too_large": "413",
    "rate_limit": "=S: 429, try again after S seconds [1]",
    "quota": "429, nothing left to spend: trying again is no use",
    "server_error": "500",
    "empty_error": "500 without a body",
    "html_error": "502 with a page of HTML",
    "unavailable": "503",
    "timeout": "504",
    "overloaded": "529 (503 at others than Anthropic)",
    "error_200": "200 whose body is the error",
}
_CODINGS = {
    "gzip": "the body is encoded with gzip if Accept-Encoding allows; several codings in the order named",
    "deflate": "the same with deflate (zlib)",
    "br": "the same with Brotli",
    "zstd": "the same with Zstandard",
}

SCENARIOS: Mapping[str, str] = MappingProxyType(
    {
        "slow": "=MS: the first byte comes after MS milliseconds [1500]",
        "drip": "=MS: MS milliseconds pass for each token [50]",
        "stall": "=MS: the stream pauses half-way for MS milliseconds [60000]",
        **_ERRORS,
        "error_stream": "=N: 200, and an error in the stream after N tokens [half of them]; unstreamed as error_200",
        "fail": "=N:KEY: the other scenarios (unavailable, if none) are played for the first N attempts [1] with this "
        "KEY [the whole request], then all is normal",
        "cut": "=N: the connection breaks after N tokens [half of them], in the middle of a frame",
        "no_end": "the stream ends in good order, but without its closing events",
        "no_done": "only `data: [DONE]` is missing",
        "rated": "filters that keep silent when nothing is up say so: Gemini's ratings, OpenAI's inline moderation, a "
        "Bedrock trace",
        "unassessed": "filters that always speak keep silent: `{}` at Azure",
        "annotated": "=low|medium|high: found in prompt and answer [low], nothing is withheld",
        "jailbreak": "found in the prompt, not acted on",
        "indirect_attack": "found in the prompt, not acted on",
        "prompt_blocked": "=CATEGORY: the prompt is refused [violence]; Azure's categories (jailbreak, "
        "custom_blocklists, …), or a Gemini blockReason in capitals",
        "completion_blocked": "=CATEGORY: the whole answer is withheld [violence]; or a Gemini finishReason in "
        "capitals, or an Anthropic category (cyber, bio, …)",
        "completion_cut": "=CATEGORY: the answer is cut half-way; values as for completion_blocked",
        "protected_code": "protected code in the answer, delivered with its citation (Gemini: RECITATION)",
        "protected_text": "protected text in the answer, which is cut (Gemini: RECITATION)",
        "blocklist": "a custom blocklist hits the answer, which is cut",
        "async_filter": "Azure's asynchronous filter: verdicts in frames of their own",
        "async_hit": "asynchronous filter that hits after the stream has said `stop`",
        "async_cut": "asynchronous filter that cuts the stream",
        "filter_error": "the filter did not run, and says so",
        "purview_error": "a filter looks clean and did not run",
        "output_blocked": "Anthropic's other block: 400, or an error in the stream",
        "masked": "Bedrock's guardrail replaces a span and delivers the rest",
        "flagged": "moderation flags prompt and answer, nothing is withheld",
        "refusal": "the model declines in words",
        "wrong": "sums, facts and exact replies come out wrong",
        "echo": "the answer is the last message",
        "empty": "the answer has no text",
        "length": "the answer stops at its limit",
        "tool_call": "=NAME: that tool is called if it is offered, or the first, or one named `lookup`; with what the "
        "prompt wants to be said",
        "reasoning": "=N: N tokens of reasoning [128]; models that always reason need not be told",
        "cached": "=N: N input tokens come from the cache [half of them]",
        "cache_write": "=N: N input tokens are written to the cache [half of them]",
        "no_usage": "no token figures",
        "shifting_usage": "input figures change along the stream; the last ones count",
        "substituted": "=NAME: another model serves [sim-stand-in-1]",
        "huge": "=KB: an answer of KB kilobytes [2048]",
        "unicode": "letters of several alphabets, emoji, characters that join",
        "odd_text": "NUL, a lone surrogate and other text that databases refuse",
        "split": "=N: the body comes in pieces of N bytes [7], across characters and line ends",
        "crlf": "the lines of an event stream end in CRLF",
        **_CODINGS,
    }
)
"""What each scenario does, by name; `=` tells the value it takes, brackets the default."""

ERRORS = tuple(_ERRORS)
"""The scenarios that are an error from the first byte on; the first that is named wins."""

CODINGS = tuple(_CODINGS)
"""The scenarios that encode the body."""


class ScenarioError(ValueError):
    """A request names a scenario that there is not, or gives it a value that it cannot have."""


@dataclass(frozen=True, slots=True)
class Script:
    """The scenarios to play, by name, with their values as written."""

    scenes: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.scenes

    def value(self, name: str, default: str = "") -> str:
        """Return a scenario's value, or `default` where it has none or is not played."""
        return self.scenes.get(name) or default

    def number(self, name: str, default: float) -> float:
        """Return a scenario's value as a number, or `default`."""
        return float(self.scenes.get(name) or default)

    def any_of(self, names: Iterable[str]) -> str | None:
        """Return the first of `names` that is played."""
        return next((name for name in names if name in self.scenes), None)

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" if value else name for name, value in self.scenes.items())


def script(model: str, prompt: str, *others: str) -> Script:
    """Return what a model's name, a prompt's markers and other lists ask for; raise `ScenarioError` if it cannot be."""
    scenes: dict[str, str] = {}
    for item in [*_suffixes(model), *_marked(prompt), *_items(" ".join(others))]:
        name, _, value = item.partition("=")
        _check(name, value)
        scenes[name] = value
    return Script(scenes)


def bare_model(model: str) -> str:
    """Return a model's name without the scenarios behind it."""
    return _SUFFIX.sub("", model)


def bare_prompt(prompt: str) -> str:
    """Return a prompt without its markers."""
    return _MARKER.sub("", prompt).strip()


def _suffixes(model: str) -> list[str]:
    found = _SUFFIX.search(model)
    return found.group().strip("+").split("+") if found else []


def _marked(prompt: str) -> list[str]:
    return [item for marker in _MARKER.findall(prompt) for item in _items(marker)]


def _items(text: str) -> list[str]:
    return [item for item in re.split(r"[\s,]+", text) if item]


def _check(name: str, value: str) -> None:
    if name not in SCENARIOS:
        raise ScenarioError(f"simulator: there is no scenario {name!r}")
    allowed = next((pattern for taken, pattern in _VALUES if SCENARIOS[name].startswith(taken)), "")
    if value and not re.fullmatch(allowed, value):
        raise ScenarioError(f"simulator: {name} cannot have the value {value!r}")


_MARKER = re.compile(r"\[\[sim:([^\]]*)\]\]")
_SUFFIX = re.compile(r"(?:\+[a-z0-9_]+(?:=[^+\s]*)?)+$")
_NUMBER = r"\d{1,9}(\.\d{1,6})?"
_VALUES = (
    ("=N:KEY", r"\d{1,9}(:.+)?"),
    ("=low|", "low|medium|high"),
    ("=N:", r"\d{1,9}"),
    ("=S:", _NUMBER),
    ("=MS", _NUMBER),
    ("=KB", r"\d{1,6}"),
    ("=", r".+"),
)
