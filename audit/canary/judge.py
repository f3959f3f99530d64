"""Whether a call is what its canary expects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from audit.call import Call, Outcome
from audit.canary.fault import fault_of, reached_limit
from audit.canary.matching import is_found, misfits
from audit.canary.prompt import Canary, fits
from audit.canary.verdict import Judgement, Verdict
from audit.canary.wording import either, seconds, shortened

__all__ = ["Judgement", "Verdict", "judge"]

MOST_CHARACTERS = 100_000
"""Of an answer that are looked through: canaries ask for little."""

Failure = tuple[Verdict, str]


def judge(canary: Canary, call: Call) -> Judgement:
    """Return what came of asking a canary, with variables filled in as it was asked (`filled`).

    What an expectation needs and the reply does not tell makes the check `invalid`, not `ok`.
    """
    fault = fault_of(canary, call)
    if fault is not None:
        return fault
    failures = sorted(_failures(canary, call), key=lambda failure: _GRAVITY.index(failure[0]))
    if not failures:
        return Judgement(verdict=Verdict.OK)
    return Judgement(verdict=failures[0][0], reasons=tuple(reason for _, reason in failures))


def _failures(canary: Canary, call: Call) -> Iterator[Failure]:
    outcome = list(_outcome(canary, call))
    yield from outcome
    if not (outcome and call.outcome.blocked):  # a blocked answer cannot be expected to say anything
        yield from _status(canary, call)
        yield from _words(canary, call)
        yield from _finish_reason(canary, call)
        yield from _served_model(canary, call)
    yield from _durations(canary, call)


def _outcome(canary: Canary, call: Call) -> Iterator[Failure]:
    expected = _outcomes(canary)
    actual = call.outcome
    if actual in expected or not (expected or actual.blocked):
        return
    more = _STRICTNESS[actual] > max((_STRICTNESS[one] for one in expected), default=-1)
    wanted = either(canary.expect.outcome) or "no block"
    told = "".join(f" ({shortened(reason)})" for reason in call.reading.block_reasons[:1])
    yield (
        Verdict.FILTERED if more else Verdict.UNFILTERED,
        f"filter outcome {actual.value}{told}, expected {wanted}",
    )


def _outcomes(canary: Canary) -> set[Outcome]:
    expected: set[Outcome] = set()
    for word in canary.expect.outcome:
        expected |= {Outcome(word)} if word != "blocked" else {one for one in Outcome if one.blocked}
    return expected


def _status(canary: Canary, call: Call) -> Iterator[Failure]:
    expected, actual = canary.expect.status, call.exchange.status
    if expected is not None and actual != expected:
        yield Verdict.WRONG, f"HTTP status {actual}, expected {expected}"


def _words(canary: Canary, call: Call) -> Iterator[Failure]:
    expect, answer = canary.expect, _answer(call)
    told = f"the answer is {shortened(answer)!r}" if answer else "the answer has no text"
    if reached_limit(call.reading):
        told += f" and stopped at its limit of {canary.max_output_tokens} tokens"
    for text in expect.text:
        if text.casefold() not in answer.casefold():
            yield Verdict.WRONG, f"{told}, expected to contain {shortened(text)!r}"
    yield from _shape(canary, answer, told)
    if expect.refusal is not None and call.reading.refusal != expect.refusal:
        yield Verdict.WRONG, f"{told}, expected {'a' if expect.refusal else 'no'} refusal"


def _shape(canary: Canary, answer: str, told: str) -> Iterator[Failure]:
    expect = canary.expect
    try:
        if expect.regex is not None and not is_found(expect.regex, answer[:MOST_CHARACTERS]):
            yield Verdict.WRONG, f"{told}, expected to match {shortened(expect.regex)!r}"
        for mismatch in () if expect.json_schema is None else misfits(expect.json_schema, answer):
            yield Verdict.WRONG, f"{told}, expected to fit the JSON schema: {shortened(mismatch)}"
    except TimeoutError as exc:
        yield Verdict.INVALID, f"{told}, and whether it is as expected was {exc}; make the pattern simpler"


def _finish_reason(canary: Canary, call: Call) -> Iterator[Failure]:
    expected, actual = canary.expect.finish_reason, call.reading.finish_reason
    if not expected or (actual or "").lower() in [word.lower() for word in expected]:
        return
    verdict = Verdict.INVALID if actual is None else Verdict.WRONG
    yield verdict, f"finish reason {shortened(actual or 'not told')}, expected {either(expected)}"


def _served_model(canary: Canary, call: Call) -> Iterator[Failure]:
    expected, actual = canary.expect.served_model, call.reading.model_served
    if not expected or any(fits(actual or "", pattern) for pattern in expected):
        return
    verdict = Verdict.INVALID if actual is None else Verdict.SUBSTITUTED
    yield verdict, f"served model {shortened(actual or 'not told')}, expected {either(expected)}"


def _durations(canary: Canary, call: Call) -> Iterator[Failure]:
    """A reply in one piece has its first token, at the latest, when it ends."""
    whole_us = call.exchange.duration_us
    first_us = whole_us if call.reading.first_token_us is None else call.reading.first_token_us
    yield from _duration("duration", whole_us, canary.expect.max_duration)
    yield from _duration("time to first token", first_us, canary.expect.max_first_token)


def _duration(name: str, taken_us: int | None, most: timedelta | None) -> Iterator[Failure]:
    if most is None:
        return
    if taken_us is None:
        yield Verdict.INVALID, f"{name} not known, expected at most {seconds(most)}"
    elif (taken := timedelta(microseconds=taken_us)) > most:
        yield Verdict.SLOW, f"{name} {seconds(taken)}, expected at most {seconds(most)}"


def _answer(call: Call) -> str:
    """What a reader sees: no reasoning, no tool calls."""
    parts = [part for message in call.reading.output for part in message.parts]
    return "\n".join(part.text for part in parts if part.kind in ("text", "refusal"))


_GRAVITY = (
    Verdict.UNFILTERED,
    Verdict.FILTERED,
    Verdict.SUBSTITUTED,
    Verdict.WRONG,
    Verdict.SLOW,
    Verdict.INVALID,
)
_STRICTNESS = {
    Outcome.NOT_ASSESSED: 0,
    Outcome.FILTER_ERROR: 0,
    Outcome.CLEAN: 1,
    Outcome.ANNOTATED: 2,
    Outcome.MASKED: 3,
    Outcome.BLOCKED_COMPLETION: 4,
    Outcome.BLOCKED_PROMPT: 5,
}
"""How much a filter did."""
