"""Which model is asked for: told for what tools send, and for nothing that could be read in another way."""

from __future__ import annotations

import json
import string
import time
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.proxy import _asked_in_body
from audit.proxy.model_asked import model_asked
from tests.proxy.smuggled import FORM, JSON, SMUGGLED, Ask, a_form, a_part

CHAT = "/v1/chat/completions"
FUNCTION = {"type": "object", "properties": {"model": {"type": "string"}}}


def asked(path: str, **body: Any) -> str | None:
    return model_asked(path, JSON, json.dumps(body).encode())


@pytest.mark.parametrize(
    "path",
    [
        CHAT,
        "/chat/completions",
        "//v1/chat/completions/",
        "/openai/v1/responses?stream=true",
        "/v1/responses/compact",
        "/v1/messages?beta=true",
        "/v1/messages/count_tokens",
        "/v1/embeddings",
        "/v1/images/generations",
        "/v2/chat",
        "/v2/rerank",
        "/api/chat",
        "/api/generate",
        "/v1/fim/completions",
        "/v1beta/interactions",
        "/v1internal:streamGenerateContent?alt=sse",
        "/models/chat/completions?api-version=2024-05-01-preview",
        "/v1/projects/p/locations/l/endpoints/openapi/chat/completions",
        "/v1%62eta/openai/chat%2Dcompletions/completions",
    ],
)
def test_a_body_names_the_model(path: str) -> None:
    assert asked(path, model="m-1", stream=True) == "m-1"


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta/models/gemini-3-flash:generateContent", "gemini-3-flash"),
        ("/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse&key=k", "gemini-3-flash"),
        ("/v1beta/models/gemini-3-flash%3AgenerateContent", "gemini-3-flash"),
        ("/v1beta/tunedModels/mine:generateContent", "tunedModels/mine"),
        (
            "/v1/projects/p/locations/l/publishers/anthropic/models/claude-opus-4@20250514:rawPredict",
            "claude-opus-4@20250514",
        ),
        ("/v1/projects/p/locations/l/endpoints/123:predict", "endpoints/123"),
        ("/v1/projects/p/locations/l/endpoints/123/chat/completions", "endpoints/123"),
        ("/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21", "my-gpt"),
        ("/openai/Deployments/my-gpt/embeddings", "my-gpt"),
        ("/v1/engines/davinci/completions", "davinci"),
        ("/serving-endpoints/llama/invocations", "llama"),
        ("/model/us.anthropic.claude-v1%3A0/converse-stream", "us.anthropic.claude-v1:0"),
        ("/model/amazon.nova-lite-v1:0/invoke", "amazon.nova-lite-v1:0"),
        (
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse",
            "arn:aws:bedrock:us-east-1:1:inference-profile/x",
        ),
    ],
)
def test_an_address_names_the_model(path: str, model: str) -> None:
    assert asked(path, messages=[], contents=[]) == model_asked(path, "", b"") == model


@pytest.mark.parametrize(
    "model",
    ["gpt-5.4", "claude-opus-4[1m]", "openai/gpt-4o:online", "~anthropic/claude-latest", "hf.co/a/b:Q4_K_M", "@cf/a/b"],
)
def test_names_of_all_kinds_come_as_they_are(model: str) -> None:
    assert asked(CHAT, model=model) == model


def test_both_may_say_the_same() -> None:
    assert asked("/openai/deployments/my-gpt/chat/completions", model="my-gpt") == "my-gpt"
    assert asked("/v1beta/models/embed-1:embedContent", model="models/embed-1") == "embed-1"
    assert asked(CHAT + "?model=m", model="m") == "m"


def test_googles_prefix_is_dropped() -> None:
    assert asked("/v1beta/openai/chat/completions", model="models/gemini-3-flash") == "gemini-3-flash"


@pytest.mark.parametrize(
    "body",
    [
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": FUNCTION}}]},
        {"tools": [{"type": "function", "name": "f", "parameters": FUNCTION}, {"type": "web_search"}]},
        {"tools": [{"name": "Task", "input_schema": FUNCTION}]},
        {"tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": FUNCTION, "response": FUNCTION}]}]},
        {"tools": None, "plugins": [{"id": "web", "max_results": 2}]},
        {"generationConfig": {"responseSchema": FUNCTION, "responseModalities": ["TEXT"]}},
        {"response_format": {"type": "json_schema", "json_schema": {"schema": FUNCTION}}},
        {"messages": [{"role": "user", "content": '{"model": "other"}', "model": "other"}]},
        {"metadata": {"model": "other"}, "provider": {"allow_fallbacks": False}, "fallbacks": None},
        {"additionalModelRequestFields": {"top_k": 1}, "modelArmorConfig": {}},
        {"seed": 1, "seed_": 10**30, "temperature": 0.5, "logit_bias": {}, "stop": [[], [1]]},
    ],
)
def test_what_is_said_elsewhere_does_not_matter(body: dict[str, Any]) -> None:
    assert asked(CHAT, model="m", **body) == "m"


def test_spaces_and_escapes_are_read() -> None:
    assert model_asked(CHAT, JSON, b' {\n"a" :\t[ ] , "mod\\u0065l" : "\\u006d" \r} \n') == "m"
    assert model_asked(CHAT, ' Application/JSON ; charset="UTF-8"', b'{"model":"m"}') == "m"
    assert model_asked(CHAT, "", b'{"model":"m"}') == "m"


def test_a_form_names_the_model() -> None:
    file = {"file": ("ü.mp3", b"\r\n--\x00\xff", "audio/mpeg")}
    request = httpx2.Request("POST", "http://x/", data={"model": "whisper-1", "language": "de"}, files=file)
    assert model_asked("/v1/audio/transcriptions", request.headers["content-type"], request.read()) == "whisper-1"


@pytest.mark.parametrize("end", [b"--B--", b"--B--\r\n"])
@pytest.mark.parametrize("content_type", [FORM, 'Multipart/Form-Data;boundary="B"'])
def test_a_form_is_read_as_clients_write_it(end: bytes, content_type: str) -> None:
    model = a_part('name="model"', b"m", "Content-Type: text/plain; charset=utf-8", "Content-Length: 1")
    file = a_part('name="file"; filename="a%22b.mp3"; filename*=UTF-8\'\'a.mp3', b"\x00", "content-type: audio/mpeg")
    assert model_asked("/v1/images/edits", content_type, file + model + end) == "m"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, b""),
        (CHAT, b"{}"),
        (CHAT, b'{"messages":[]}'),
        ("/v1/models", b""),
        ("/v1/models/gpt-4o", b""),
        ("/", b""),
    ],
)
def test_none_may_be_named_at_all(path: str, body: bytes) -> None:
    assert model_asked(path, JSON, body) is None


@pytest.mark.parametrize("ask", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_no_way_to_smuggle_a_model_leads_past(ask: Ask) -> None:
    assert model_asked(ask.path, ask.content_type, ask.body) is None


def test_there_are_many_such_ways() -> None:
    assert len(SMUGGLED) >= 100


def test_a_body_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_asked_in_body, "MOST_BYTES", 13)
    assert model_asked(CHAT, JSON, b'{"model":"m"}') == "m"
    assert model_asked(CHAT, JSON, b'{"model":"m"} ') is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"m","tools":[{' + b",".join(b'"k%d":{"type":"a"}' % one for one in range(50_000)) + b"}]}",
        b'{"model":"m","tools":' + b"[" * 500_000,
        b'{"model":"m","a":' + b"[" * 500_000,
        b"{" + b",".join(b'"model%d":null' % one for one in range(50_000)) + b"}",
        b'{"model":"' + b"m" * 5_000_000 + b'"}',
    ],
)
def test_a_hostile_body_takes_no_long_time(body: bytes) -> None:
    began = time.process_time()
    model_asked(CHAT, JSON, body)
    assert time.process_time() - began < 5


@given(st.text(), st.text(), st.binary())
def test_it_never_raises(path: str, content_type: str, body: bytes) -> None:
    model_asked(path, content_type, body)
    model_asked(CHAT, FORM, b"--B\r\n" + body + b"\r\n--B--")
    model_asked(CHAT, JSON, b'{"model":"m",' + body + b"}")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.lists(st.tuples(st.sampled_from(["model", "Model", "models", "a", "tools"]) | st.text(), VALUES), max_size=5),
    st.text(string.ascii_letters, min_size=1, max_size=5),
)
def test_what_is_told_is_what_every_reader_sees(members: list[tuple[str, Any]], model: str) -> None:
    """Of members with one name the first counts for some readers, the last for others."""
    members.insert(len(members) // 2, ("model", model))
    body = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members) + "}"
    told = model_asked(CHAT, JSON, body.encode())
    first, last = dict(reversed(json.loads(body, object_pairs_hook=list))), json.loads(body)
    folded = {name.casefold(): value for name, value in last.items() if value is not None}
    assert told is None or told == first["model"] == last["model"] == folded["model"] == model


def test_a_form_is_well_formed_when_the_tests_say_so() -> None:
    assert model_asked("/v1/audio/speech", FORM, a_form(("model", b"m"))) == "m"
