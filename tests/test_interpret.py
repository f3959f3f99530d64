"""From an exchange to a call: whatever fails costs its own part only, and is noted."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import interpret
from audit.call import Exchange, Finding, ModelMatch, Outcome, Price, Reading, Source
from audit.dialects import Dialect, Fit
from audit.dialects import unknown as unknown_dialect
from audit.interpret import Interpreter, outcome_of
from audit.wire.transcript import Transcript
from tests.factories import an_exchange

PRICE = Price(amount=Decimal("0.5"), currency="USD", source="a list", model="m")
OPENAI = "https://api.openai.com/v1/chat/completions"
AZURE = "https://ours.openai.azure.com/openai/deployments/helper/chat/completions"


def interpreter(
    pricing: Callable[[Reading, Exchange], Price | str | None] = lambda *_: None, **over: Any
) -> Interpreter:
    return Interpreter(pricing=pricing, **over)


def a_chat(url: str = OPENAI, *, asked: str = "gpt-4o", served: str = "gpt-4o", **over: Any) -> Exchange:
    reply = {"id": "c", "object": "chat.completion", "model": served, "choices": []}
    json_type = (("content-type", "application/json"),)
    plain: dict[str, Any] = {
        "url": url,
        "request_headers": json_type,
        "request_body": json.dumps({"model": asked, "messages": [], "stream": over.pop("stream", False)}).encode(),
        "response_headers": json_type,
        "response_body": json.dumps(reply).encode(),
    }
    return an_exchange(**{**plain, **over})


def reading(**over: Any) -> Reading:
    return Reading(**{"dialect": "d", "dialect_version": 1, "provider": "p", **over})


def finding(**over: Any) -> Finding:
    return Finding(**{"source": Source.PROMPT, "category": "hate", "severity": "safe", **over})


def fail(*_: object) -> Any:
    raise RuntimeError("x" * 500)


def test_a_call_is_its_exchange_read_judged_and_priced() -> None:
    exchange = a_chat()
    call = interpreter(lambda *_: PRICE)(exchange)
    assert call.exchange is exchange
    assert (call.reading.dialect, call.reading.provider, call.reading.model_served) == (
        "openai_chat",
        "openai",
        "gpt-4o",
    )
    assert (call.outcome, call.price, call.unpriced_reason) == (Outcome.NOT_ASSESSED, PRICE, None)


@pytest.mark.parametrize(
    ("priced", "price", "reason"),
    [(PRICE, PRICE, None), ("no usage in the reply", None, "no usage in the reply"), (None, None, None)],
)
def test_a_call_has_a_price_or_a_reason_or_none_is_due(
    priced: Price | str | None, price: Price | None, reason: str | None
) -> None:
    call = interpreter(lambda *_: priced)(a_chat())
    assert (call.price, call.unpriced_reason) == (price, reason)


def test_pricing_is_asked_with_the_reading_and_the_exchange() -> None:
    asked: list[tuple[Reading, Exchange]] = []
    call = interpreter(lambda *given: asked.append(given))(a_chat())  # type: ignore[func-returns-value,arg-type]
    assert asked == [(call.reading, call.exchange)]


def test_a_price_list_that_fails_leaves_a_call_unpriced() -> None:
    call = interpreter(fail)(a_chat())
    assert (call.reading.dialect, call.price) == ("openai_chat", None)
    assert call.unpriced_reason == f"pricing failed: RuntimeError: {'x' * 200}"


def test_a_dialect_that_fails_costs_the_reading_and_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Dialect(name="broken", version=7, fits=lambda _: Fit.BOTH, read=fail)
    monkeypatch.setattr(interpret, "choose", lambda _transcript: broken)
    call = interpreter(lambda *_: "not priced")(a_chat(status=500))
    assert (call.reading.dialect, call.reading.provider) == ("unknown", "openai")
    assert call.reading.error is not None
    assert call.reading.notes == (f"broken failed: RuntimeError: {'x' * 200}",)
    assert call.unpriced_reason == "not priced"


def test_a_choice_of_dialects_that_fails_is_noted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpret, "choose", fail)
    assert interpreter().read(a_chat()).notes == (f"dialects failed: RuntimeError: {'x' * 200}",)


def test_an_exchange_that_cannot_be_taken_apart_is_kept_without_a_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpret, "transcribe", fail)
    call = interpreter()(a_chat(status=503))
    assert call.reading.dialect == unknown_dialect.DIALECT.name
    assert call.reading.error is not None
    assert call.reading.error.code == "503"
    assert call.reading.notes == (f"transcript failed: RuntimeError: {'x' * 200}",)


def test_notes_of_the_transcript_come_before_the_dialects(monkeypatch: pytest.MonkeyPatch) -> None:
    noting = Dialect(name="noting", version=1, fits=lambda _: Fit.BOTH, read=lambda _: reading(notes=("second",)))
    monkeypatch.setattr(interpret, "choose", lambda _transcript: noting)
    first, second = interpreter().read(a_chat(response_body=b"{half")).notes
    assert first.startswith("response: ")
    assert second == "second"


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai"),
        ("https://elsewhere.example/v1/chat/completions", "elsewhere.example"),
        ("https://router.example/v1/chat/completions", "router"),
        ("https://router.example/azure/v1/chat/completions", "azure-by-router"),
        ("https://router.example/azureous/v1/chat/completions", "router"),
        ("https://router.example:8443/v1/chat/completions", "router.example"),
        ("https://ROUTER.example/v1/chat/completions", "router"),
        ("https://router.example", "router"),
        ("https://router.example.evil/v1/chat/completions", "router.example.evil"),
        ("http://[::1/v1", ""),
    ],
)
def test_a_provider_is_named_by_the_longest_configured_beginning_of_its_url_or_by_its_host(
    url: str, provider: str
) -> None:
    providers = {"router.example": "router", "router.example/azure/": "azure-by-router"}
    assert interpreter(providers=providers).read(an_exchange(url=url)).provider == provider


@pytest.mark.parametrize(
    ("exchange", "match"),
    [
        (a_chat(asked="gpt-4o", served="gpt-4o"), ModelMatch.SAME),
        (a_chat(asked="gpt-4o", served="gpt-4o-2024-08-06"), ModelMatch.ALIAS),
        (a_chat(asked="gpt-4o", served="gpt-3.5-turbo"), ModelMatch.DIFFERENT),
        (a_chat(asked="ours", served="gpt-4o"), ModelMatch.ALIAS),
        (a_chat(asked="theirs", served="gpt-4o"), ModelMatch.DIFFERENT),
        (a_chat(AZURE, asked="helper", served="gpt-4o"), ModelMatch.ALIAS),
        (a_chat(AZURE.replace("deployments/helper", "v1"), asked="helper", served="gpt-4o"), ModelMatch.ALIAS),
        (a_chat("https://gate.example/deployments/helper/chat/completions", asked="helper"), ModelMatch.ALIAS),
        (a_chat(response_body=b""), ModelMatch.UNKNOWN),
    ],
)
def test_the_model_that_served_is_compared_with_the_one_asked_for(exchange: Exchange, match: ModelMatch) -> None:
    assert interpreter(aliases={"ours": "gpt-*"}).read(exchange).model_match is match


HEADERS = (
    ("content-type", "application/json"),
    ("x-request-id", "req_7"),
    ("openai-processing-ms", "120"),
    ("x-metrics-ttft-ms", "30"),
)


def test_headers_tell_what_the_body_does_not() -> None:
    retried = (("x-stainless-retry-count", "2"),)
    found = interpreter().read(a_chat(response_headers=HEADERS, request_headers=retried))
    assert (found.request_id, found.attempt) == ("req_7", 2)
    assert (found.provider_duration_us, found.provider_first_token_us) == (120_000, 30_000)


def test_of_a_stream_headers_tell_no_duration(monkeypatch: pytest.MonkeyPatch) -> None:
    streaming(monkeypatch, streamed=True)
    found = interpreter().read(a_chat(response_headers=HEADERS))
    assert (found.provider_duration_us, found.provider_first_token_us) == (None, 30_000)


def test_what_the_body_tells_goes_before_the_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"request_id": "", "attempt": 0, "provider_duration_us": 0, "provider_first_token_us": 0}
    streaming(monkeypatch, **told)
    found = interpreter().read(a_chat(response_headers=HEADERS, request_headers=(("x-stainless-retry-count", "2"),)))
    assert {name: getattr(found, name) for name in told} == told


def streaming(monkeypatch: pytest.MonkeyPatch, **told: Any) -> None:
    """Let the dialect that fits tell this."""
    telling = Dialect(name="telling", version=1, fits=lambda _: Fit.BOTH, read=lambda _: reading(**told))
    monkeypatch.setattr(interpret, "choose", lambda _transcript: telling)


GRAVEST_FIRST: list[tuple[dict[str, Any], Outcome]] = [
    ({"block_source": Source.PROMPT}, Outcome.BLOCKED_PROMPT),
    ({"block_source": Source.COMPLETION}, Outcome.BLOCKED_COMPLETION),
    ({"findings": (finding(masked=True),)}, Outcome.MASKED),
    ({"findings": (finding(error="timeout"),)}, Outcome.FILTER_ERROR),
    ({"findings": (finding(severity="high"),)}, Outcome.ANNOTATED),
    ({"findings": (finding(),)}, Outcome.CLEAN),
    ({"findings": ()}, Outcome.NOT_ASSESSED),
]


@pytest.mark.parametrize(("told", "outcome"), GRAVEST_FIRST)
def test_an_outcome_is_one_word_for_what_was_told(told: dict[str, Any], outcome: Outcome) -> None:
    assert outcome_of(reading(**told)) is outcome


@pytest.mark.parametrize("graver", range(len(GRAVEST_FIRST) - 1))
def test_of_several_the_gravest_counts(graver: int) -> None:
    together: dict[str, Any] = {"findings": ()}
    for told, _ in reversed(GRAVEST_FIRST[graver:]):
        together = {**together, **told, "findings": (*together["findings"], *told.get("findings", ()))}
    assert outcome_of(reading(**together)) is GRAVEST_FIRST[graver][1]


def test_the_outcomes_are_listed_in_that_order() -> None:
    assert [outcome for _, outcome in GRAVEST_FIRST] == list(Outcome)


def test_a_refusal_in_words_is_no_filters_doing() -> None:
    assert outcome_of(reading(refusal=True)) is Outcome.NOT_ASSESSED


TYPES = st.sampled_from(["application/json", "text/event-stream", "application/vnd.amazon.eventstream", "x"])
PATHS = st.sampled_from(["/v1/chat/completions", "/v1/messages", "/v1/responses", "/model/m/invoke", "/", "//%ff"])


@given(
    path=PATHS,
    bodies=st.tuples(st.binary(max_size=60), st.binary(max_size=60)),
    content_type=TYPES,
    encoding=st.sampled_from(["", "gzip", "br", "zstd", "nonsense"]),
    status=st.none() | st.integers(100, 599),
)
def test_nothing_that_comes_over_a_wire_is_raised(
    path: str, bodies: tuple[bytes, bytes], content_type: str, encoding: str, status: int | None
) -> None:
    headers = (("content-type", content_type), ("content-encoding", encoding))
    exchange = an_exchange(
        url=f"https://api.example.com{path}",
        request_headers=headers,
        request_body=bodies[0],
        response_headers=headers,
        response_body=bodies[1],
        status=status,
    )
    call = interpreter(lambda *_: "not priced")(exchange)
    assert call.exchange is exchange
    assert not any(" failed: " in note for note in call.reading.notes)


def test_reading_needs_no_price() -> None:
    assert interpreter(fail).read(a_chat()).dialect == "openai_chat"


def test_dialects_are_given_the_exchange_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Transcript] = []
    exchange = a_chat()

    def read(transcript: Transcript) -> Reading:
        seen.append(transcript)
        return reading()

    monkeypatch.setattr(interpret, "choose", lambda _: Dialect(name="d", version=1, fits=lambda _: Fit.BOTH, read=read))
    interpreter().read(exchange)
    assert [(one.exchange, one.request["model"]) for one in seen] == [(exchange, "gpt-4o")]
