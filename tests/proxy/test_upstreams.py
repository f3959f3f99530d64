"""Where a path leads."""

from __future__ import annotations

import pytest

from audit.proxy.messages import Malformed
from audit.proxy.plan import UpstreamPlan
from audit.proxy.upstreams import Upstream, Upstreams

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages?beta=true"
GEMINI = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


def served(base_url: str, *, mount: str = "/x", mend: bool = True) -> Upstreams:
    return Upstreams([UpstreamPlan(name="x", mounts=(mount,), base_url=base_url, mend_version=mend)])


def led(upstreams: Upstreams, target: str) -> str | None:
    route = upstreams.route(target.encode())
    return route and route.url


@pytest.mark.parametrize("base", ["https://a.example", "https://a.example/", "https://a.example/v1"])
@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        (CHAT, CHAT),
        ("/chat/completions", CHAT),
        ("/v1/v1/chat/completions", CHAT),
        ("//v1/chat/completions", CHAT),
        (MESSAGES, MESSAGES),
        ("/messages?beta=true", MESSAGES),
        ("/v1/v1/messages?beta=true", MESSAGES),
        (GEMINI, GEMINI),
        ("/v1beta" + GEMINI, GEMINI),
        ("/v1" + GEMINI, GEMINI),
        ("/v1/models", "/v1/models"),
        ("/models", "/v1/models"),
        ("/models/gpt-5", "/v1/models/gpt-5"),
        ("/v1/", "/v1/"),
    ],
)
def test_tools_may_disagree_whether_the_version_belongs_to_the_base_url(base: str, sent: str, wanted: str) -> None:
    assert led(served(base), "/x" + sent) == "https://a.example" + wanted


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("/models/gemini-2.5-flash:generateContent", "/v1beta/models/gemini-2.5-flash:generateContent"),
        ("/cachedContents", "/v1beta/cachedContents"),
        ("/api/hello", "/api/hello"),
        ("/api/chat", "/api/chat"),
        (
            "/openai/deployments/d/chat/completions?api-version=1",
            "/openai/deployments/d/chat/completions?api-version=1",
        ),
        ("/openai/v1/responses", "/openai/v1/responses"),
        ("/model/a%2Fb%3A0/converse", "/model/a%2Fb%3A0/converse"),
        ("/v1/projects/p/models/m:rawPredict", "/v1/projects/p/models/m:rawPredict"),
        ("", "/"),
        ("/", "/"),
        ("?a=b", "/?a=b"),
    ],
)
def test_other_paths_are_left_alone(sent: str, wanted: str) -> None:
    assert led(served("https://a.example"), "/x" + sent) == "https://a.example" + wanted


def test_a_base_url_may_have_a_path_of_its_own() -> None:
    router = served("https://openrouter.example/api/v1")
    assert led(router, "/x/v1/chat/completions") == "https://openrouter.example/api/v1/chat/completions"
    assert led(router, "/x/chat/completions") == "https://openrouter.example/api/v1/chat/completions"
    assert led(router, "/x") == "https://openrouter.example/api/v1"


def test_googles_own_list_of_models_is_in_its_version() -> None:
    google = served("https://generativelanguage.googleapis.com")
    assert led(google, "/x/models") == "https://generativelanguage.googleapis.com/v1beta/models"


def test_a_provider_may_have_paths_without_a_version() -> None:
    plain = served("https://api.perplexity.ai", mend=False)
    assert led(plain, "/x/chat/completions") == "https://api.perplexity.ai/chat/completions"
    assert led(plain, "/x") == "https://api.perplexity.ai/"


def test_a_root_serves_what_no_mount_does() -> None:
    plans = [
        UpstreamPlan(name="a", mounts=("/a", ""), base_url="http://a.example"),
        UpstreamPlan(name="b", mounts=("/b",), base_url="http://b.example:8080"),
    ]
    both = Upstreams(plans)
    assert led(both, "/v1/models") == led(both, "/a/v1/models") == "http://a.example/v1/models"
    assert led(both, "/b/v1/models") == "http://b.example:8080/v1/models"
    assert led(both, "/ab/v1") == "http://a.example/ab/v1"


def test_without_a_root_nothing_else_is_served() -> None:
    assert led(served("http://a.example"), "/y/v1/models") is None
    assert led(served("http://a.example"), "/%78/v1/models") is None


@pytest.mark.parametrize(
    "path",
    [
        "/x/../y", "/x/./y", "/x/..", "/x/..;/y", "/x/..;a=b/y", "/x/%2e%2e/y", "/x/.%2E/y", "/x/a%2f..%2fb",
        "/x/%252e%252e/y", "/x/%2525252e/y", "/x/a%5cb", "/x/a\\b", "/x/%00", "/x/a%0d%0ab", "/x/%7f",
        "/x/%c0%ae%c0%ae/y", "/x/%e0%80%ae/y", "/x/%f0%80%80%af/y", "/x/%zz", "/x/%", "/x/%2", "/x/%ff",
    ],
)  # fmt: skip
def test_what_servers_read_in_different_ways_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        served("http://a.example").route(path.encode())


@pytest.mark.parametrize(
    "path", ["/x/...", "/x/a..b", "/x/.known/x", "/x/a%20b", "/x/%E4%BD%A0", "/x/a%2Fb", "/x/a%25b"]
)
def test_what_is_plain_goes_through_as_it_is(path: str) -> None:
    assert led(served("http://a.example"), path) == "http://a.example" + path.removeprefix("/x")


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "secure"),
    [
        ("https://a.example", "a.example", 443, b"a.example", True),
        ("http://a.example", "a.example", 80, b"a.example", False),
        ("http://[::1]:8080/v1", "::1", 8080, b"[::1]:8080", False),
        ("https://bücher.example", "xn--bcher-kva.example", 443, b"xn--bcher-kva.example", True),
    ],
)
def test_an_upstream_knows_its_address(url: str, host: str, port: int, authority: bytes, secure: bool) -> None:
    upstream = Upstream.of(UpstreamPlan(name="x", mounts=("",), base_url=url))
    assert (upstream.host, upstream.port, upstream.authority, upstream.secure) == (host, port, authority, secure)
