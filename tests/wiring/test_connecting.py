"""A tiny request through a real proxy, and the call that came of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.connect.place import Format, Place, Provider
from audit.errors import AuditError
from audit.settings import ProviderSettings, Settings
from audit.simulator import process
from audit.wiring.connecting import check
from tests.proxy.collected import collecting
from tests.proxy.origin import Script, Then, running_origin
from tests.proxy.running import RunningProxy, running_proxy
from tests.wired import settings_of


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    with process.running() as url:
        yield url


@pytest.fixture
def proxy(simulator: str, tmp_path: Path) -> Iterator[RunningProxy]:
    upstreams = {name: f"{simulator}/{name}" for name in ("openai", "anthropic", "gemini")}
    with running_proxy(upstreams, home=tmp_path) as running:
        yield running


def a_place(url: str, format_: Format, **facts: object) -> Place:
    values = {"url": url, "format": format_, "key_env": "KEY", "headers": {"x-audit-project": "search"}, **facts}
    return Place(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("openai", Format.CHAT),
        ("openai", Format.RESPONSES),
        ("anthropic", Format.MESSAGES),
        ("gemini", Format.GEMINI),
    ],
)
def test_a_request_in_each_format_is_found_in_the_record(
    proxy: RunningProxy, tmp_path: Path, name: str, format_: Format
) -> None:
    settings = settings_of(tmp_path)
    with collecting(settings):
        found = check(settings, a_place(f"{proxy.url}/{name}", format_), "sk-not-a-key")
    assert (found.status, found.refused) == (200, None)
    assert found.call is not None
    assert (found.call.row.project, found.call.row.standing) == ("search", "ok")
    assert b"pong" in found.call.exchange.response_body


def test_a_provider_whose_paths_are_left_alone_is_asked_at_them(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with running_origin() as origin:
        provider = Provider(name="zai", base_url=f"{origin.url}/paas/v4", key_header="api-key", mended=False)
        with running_proxy({"zai": provider.base_url}, home=tmp_path) as proxy, collecting(settings):
            place = a_place(f"{proxy.url}/zai", Format.CHAT, mended=False)
            assert check(settings, place, "k", provider=provider).call is not None
    (heard,) = origin.heard
    assert heard.target == b"/paas/v4/chat/completions"
    assert (b"api-key", b"k") in [(name.lower(), value) for name, value in heard.headers]


def test_what_the_proxy_itself_refuses_is_told_apart_and_not_waited_for(tmp_path: Path) -> None:
    upstream = {"metadata": "http://169.254.169.254"}
    with running_proxy(upstream, home=tmp_path, allow_networks=()) as proxy:
        found = check(Settings(home=tmp_path), a_place(f"{proxy.url}/metadata", Format.CHAT), "k")
    assert found.refused
    assert found.status >= 400
    assert found.call is None


def test_a_call_that_does_not_come_into_the_record_is_not_waited_for_forever(
    proxy: RunningProxy, tmp_path: Path
) -> None:
    elsewhere = Settings(home=tmp_path / "elsewhere", providers={"x": ProviderSettings(base_url="http://x")})
    found = check(elsewhere, a_place(f"{proxy.url}/openai", Format.CHAT), "k", record_s=0.2)
    assert (found.status, found.call) == (200, None)


def test_where_nothing_answers_it_is_told_how_to_start_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = a_place(f"http://127.0.0.1:{taken.getsockname()[1]}", Format.CHAT)
        with pytest.raises(AuditError, match=r"nothing answers at http://127.*; `audit proxy` starts the proxy"):
            check(Settings(home=tmp_path), place, "k")


def test_an_answer_that_breaks_off_is_an_error(tmp_path: Path) -> None:
    with running_origin() as origin:
        origin.play(Script((b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{",), Then.CLOSE))
        with pytest.raises(AuditError, match="no whole answer"):
            check(Settings(home=tmp_path), a_place(origin.url, Format.CHAT), "k")
