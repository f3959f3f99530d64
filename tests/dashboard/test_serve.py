"""The server tells browsers what the pages may load, and serves nobody else's machine by accident."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config as streamlit_config

from audit.errors import SettingsError
from audit.store.engine import opened
from dashboard import serve
from dashboard.serve import SecurityHeaders, content_security_policy, is_loopback, options
from tests.dashboard.record import a_record


def answer(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello", headers={"x-frame-options": "ALLOWALL", "x-other": "kept"})


@pytest.fixture
def headers() -> dict[str, str]:
    guard = Middleware(SecurityHeaders, policy="default-src 'none'")
    app = Starlette(routes=[Route("/", answer)], middleware=[guard])
    with TestClient(app) as client:
        return dict(client.get("/").headers)


def test_every_response_says_what_may_be_loaded_and_framed(headers: dict[str, str]) -> None:
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_our_headers_replace_those_that_contradict_them(headers: dict[str, str]) -> None:
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-other"] == "kept"


def test_the_policy_allows_the_start_pages_own_script_by_its_hash() -> None:
    script = "window.ready = false"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = content_security_policy(f"<html><script>{script}</script><script src='x'></script></html>")
    assert f"script-src 'self' 'sha256-{digest}' blob:" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy


def test_a_page_without_a_script_has_a_policy_too() -> None:
    assert "script-src 'self' blob:;" in content_security_policy("<html></html>")


def test_streamlits_start_page_has_a_script_to_allow() -> None:
    index = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    assert content_security_policy(index).count("sha256-") == index.count("<script>")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.5", False),
        ("::", False),
        ("audit.example.com", False),
    ],
)
def test_loopback_is_told_from_the_network(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_it_refuses_a_host_that_others_can_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st.App, "run", lambda *_args, **_kwargs: pytest.fail("it was served"))
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0 can be reached from other machines"):
        serve.serve("0.0.0.0", 8501)


@pytest.mark.parametrize(("host", "open_to_network"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_it_serves_a_host_that_is_meant(monkeypatch: pytest.MonkeyPatch, host: str, open_to_network: bool) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(st.App, "run", lambda _app, *, config: told.update(config))
    serve.serve(host, 8599, open_to_network=open_to_network)
    assert (told["server.address"], told["server.port"]) == (host, 8599)


def test_options_are_ones_that_streamlit_knows_and_takes() -> None:
    known = set(streamlit_config.get_config_options())
    assert set(options("127.0.0.1", 8501)) <= known


def test_nothing_leaves_the_machine_and_nothing_leaves_as_a_formula() -> None:
    told = options("127.0.0.1", 8501)
    assert told["browser.gatherUsageStats"] is False
    assert told["client.disableDataExport"] is True
    assert told["client.toolbarMode"] == "minimal"
    assert told["client.showErrorDetails"] == "none"
    assert told["client.showErrorLinks"] is False
    assert told["server.fileWatcherType"] == "none"
    assert "http" not in str({name: value for name, value in told.items() if name.startswith("theme")})


def test_a_page_elsewhere_cannot_pretend_to_be_this_one() -> None:
    assert set(options("127.0.0.1", 1)["server.allowedHosts"]) == {"localhost", "127.0.0.1", "::1"}
    assert "audit.example.com" in options("127.0.0.1", 1, ["audit.example.com"])["server.allowedHosts"]
    assert options("0.0.0.0", 1, ["audit.example.com"])["server.allowedHosts"] == ["audit.example.com"]


def test_the_theme_has_a_light_and_a_dark_side() -> None:
    told = options("127.0.0.1", 8501)
    assert told["theme.light.backgroundColor"] != told["theme.dark.backgroundColor"]


def warmed() -> list[str]:
    """Serve nothing for a moment; return what was logged meanwhile."""
    told: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    listener = Listener()
    logger = logging.getLogger("audit.dashboard")
    logger.setLevel(logging.INFO)
    logger.addHandler(listener)

    async def moment() -> None:
        async with serve._warming(lambda: told.append("ready"), serve.build_app()):
            pass

    with ThreadPoolExecutor(1) as apart:  # a browser's event loop may be running here
        apart.submit(asyncio.run, moment()).result()
    logger.removeHandler(listener)
    return told


def test_the_first_visitor_finds_the_record_looked_at(shown: pytest.MonkeyPatch, traffic: str) -> None:
    shown.setenv("AUDIT_DATABASE_URL", traffic)
    assert warmed() == ["ready"]


def test_a_record_that_cannot_be_looked_at_keeps_no_server_from_starting(
    shown: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = a_record(tmp_path)
    with opened(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("alter table calls rename to gone")
    shown.setenv("AUDIT_DATABASE_URL", url)
    assert warmed() == ["ready", "the record could not be looked at before the first visit"]


def test_health_is_told() -> None:
    with TestClient(Starlette(routes=[Route("/healthz", serve._healthy)])) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
