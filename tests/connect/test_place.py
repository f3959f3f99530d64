from __future__ import annotations

import pytest

from audit.connect.place import Format, Place, Provider, choose, format_of, mount, spoken
from audit.errors import AuditError

ALL = tuple(Format)
OPENAI = Provider(name="openai", base_url="https://api.openai.com/v1")
ANTHROPIC = Provider(name="anthropic", base_url="https://api.anthropic.com")
GEMINI = Provider(name="gemini", base_url="https://generativelanguage.googleapis.com")
ROUTER = Provider(name="router", base_url="https://router.example/v1")


def a_place(**facts: object) -> Place:
    values = {"url": "http://127.0.0.1:8484/x", "format": Format.CHAT, "key_env": "KEY", **facts}
    return Place(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("provider", "format_"),
    [
        (OPENAI, Format.RESPONSES),
        (ANTHROPIC, Format.MESSAGES),
        (GEMINI, Format.GEMINI),
        (ROUTER, Format.CHAT),
        (Provider(name="a", base_url="https://claude.example", dialect="anthropic_messages"), Format.MESSAGES),
        (Provider(name="a", base_url="https://x.example", dialect="openai_responses"), Format.RESPONSES),
        (Provider(name="a", base_url="https://x.example", dialect="cohere_chat"), Format.CHAT),
        (Provider(name="our-claude", base_url="https://x.example"), Format.MESSAGES),
        (Provider(name="Google", base_url="https://x.example"), Format.GEMINI),
        (Provider(name="openai-eu", base_url="https://x.example"), Format.RESPONSES),
        (Provider(name="azure-openai", base_url="https://x.example"), Format.CHAT),
    ],
)
def test_what_a_provider_speaks_is_told_by_host_then_dialect_then_name(provider: Provider, format_: Format) -> None:
    assert format_of(provider) is format_


@pytest.mark.parametrize(
    ("formats", "providers", "chosen"),
    [
        ((Format.MESSAGES,), [OPENAI, ANTHROPIC, GEMINI], ANTHROPIC),
        ((Format.CHAT, Format.MESSAGES), [OPENAI, GEMINI], OPENAI),
        ((Format.RESPONSES,), [OPENAI, ROUTER], OPENAI),
        ((Format.MESSAGES,), [ROUTER], ROUTER),
        (ALL, [GEMINI], GEMINI),
        (ALL, [], None),
    ],
)
def test_the_only_provider_that_fits_is_chosen(
    formats: tuple[Format, ...], providers: list[Provider], chosen: Provider | None
) -> None:
    assert choose(formats, providers) is chosen


def test_of_several_the_one_at_the_root_is_chosen() -> None:
    assert choose(ALL, [OPENAI, ANTHROPIC], root="anthropic") is ANTHROPIC
    assert choose((Format.GEMINI,), [OPENAI, ROUTER], root="router") is ROUTER


def test_the_one_that_is_wanted_is_chosen_whatever_it_speaks() -> None:
    assert choose((Format.MESSAGES,), [OPENAI, ANTHROPIC], wanted="openai") is OPENAI


@pytest.mark.parametrize(
    ("providers", "wanted", "complaint"),
    [
        ([OPENAI, ANTHROPIC], None, "several providers fit; --provider says which is meant: openai, anthropic"),
        ([OPENAI], "router", "the proxy serves no provider 'router'; there are: openai"),
        ([], "router", "the proxy serves no provider 'router'; none is configured"),
    ],
)
def test_what_cannot_be_chosen_is_told_with_what_there_is(
    providers: list[Provider], wanted: str | None, complaint: str
) -> None:
    with pytest.raises(AuditError, match=complaint):
        choose(ALL, providers, wanted=wanted)


def test_where_none_fits_all_are_named() -> None:
    with pytest.raises(AuditError, match=r"no provider is known to speak gemini; .*: openai, anthropic"):
        choose((Format.GEMINI,), [OPENAI, ANTHROPIC])


@pytest.mark.parametrize(
    ("formats", "provider", "format_"),
    [
        ((Format.CHAT, Format.RESPONSES), OPENAI, Format.RESPONSES),
        ((Format.CHAT, Format.MESSAGES), OPENAI, Format.CHAT),
        ((Format.MESSAGES,), OPENAI, Format.MESSAGES),
        ((Format.GEMINI, Format.CHAT), None, Format.GEMINI),
    ],
)
def test_a_tool_speaks_what_the_provider_does_or_what_is_nearest(
    formats: tuple[Format, ...], provider: Provider | None, format_: Format
) -> None:
    assert spoken(formats, provider) is format_


def test_a_provider_is_below_its_name_and_at_the_root_if_it_is_there() -> None:
    assert mount("http://h:1/", ROUTER) == "http://h:1/router"
    assert mount("http://h:1", ROUTER, root="router") == "http://h:1"
    assert mount("http://h:1", None) == "http://h:1"


@pytest.mark.parametrize(
    ("facts", "versioned"),
    [
        ({}, "http://127.0.0.1:8484/x/v1"),
        ({"format": Format.GEMINI}, "http://127.0.0.1:8484/x/v1beta"),
        ({"mended": False}, "http://127.0.0.1:8484/x"),
    ],
)
def test_a_version_is_the_formats_own_unless_paths_are_left_alone(facts: dict[str, object], versioned: str) -> None:
    assert a_place(**facts).versioned == versioned


def test_an_example_stands_where_no_model_is_named() -> None:
    assert a_place(format=Format.MESSAGES).some_model.startswith("claude-")
    assert a_place(model="mine").some_model == "mine"


def test_a_format_has_its_vendors_variable_and_a_dialect_to_ask_in() -> None:
    assert [one.key_env for one in (Format.RESPONSES, Format.MESSAGES, Format.GEMINI)] == [
        "OPENAI_API_KEY",
        "ANTHROPIC_API_KEY",
        "GEMINI_API_KEY",
    ]
    assert Format.RESPONSES.dialect == "openai_responses"
