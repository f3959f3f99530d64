"""The pages as a server: Streamlit's ASGI application with security headers, a health route and no telemetry.

Nobody logs in here, and the pages show all that was recorded: so the server listens on the loopback interface, and
answers only to its names there, unless it is told in so many words that something else stands guard.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ipaddress
import re
import tomllib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audit.errors import SettingsError
from dashboard.asking import InTurn
from dashboard.warming import warm

__all__ = ["SecurityHeaders", "build_app", "content_security_policy", "is_loopback", "options", "serve"]

_HERE = Path(__file__).parent
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class SecurityHeaders:
    """Middleware that tells the browser what the pages may load, and who may frame them: nobody."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ours = {name for name, _ in self._headers}

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                others = [pair for pair in message["headers"] if pair[0].lower() not in ours]
                message["headers"] = [*others, *self._headers]
            await send(message)

        await self._app(scope, receive, guarded)


def content_security_policy(index: str) -> str:
    """Return the policy that lets Streamlit's own page run, and nothing else.

    The inline scripts of `index`, the HTML of the start page, are allowed by their hashes. `blob:` is where Streamlit
    puts the module of a component before it imports it; to make one takes a script that runs already.
    """
    digests = [hashlib.sha256(script.encode()).digest() for script in _SCRIPT.findall(index)]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {hashes} blob:".replace("  ", " "),
            "style-src 'self' 'unsafe-inline'",  # Emotion, which Streamlit is styled with, writes <style> elements
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def build_app(ready: Callable[[], None] = lambda: None) -> st.App:
    """Return the pages as an ASGI application; they read the settings that the environment names.

    `ready` is called when it starts to take requests.
    """
    index = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    policy = content_security_policy(index)
    return st.App(
        _HERE / "streamlit_app.py",
        lifespan=partial(_warming, ready),
        routes=[Route("/healthz", _healthy)],
        middleware=[Middleware(SecurityHeaders, policy=policy), Middleware(InTurn)],
    )


def serve(
    host: str = "127.0.0.1",
    port: int = 8501,
    *,
    open_to_network: bool = False,
    names: Sequence[str] = (),
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serve the pages until stopped; `names` are further host names by which a reverse proxy asks for them.

    `ready` is called when requests are taken.

    Raises `SettingsError` for a host that others can reach, unless `open_to_network` says that this is meant.
    """
    if not open_to_network and not is_loopback(host):
        raise SettingsError(
            [
                f"dashboard.host: {host} can be reached from other machines, and the pages ask nobody who they are. "
                "Use 127.0.0.1 and a reverse proxy that logs people in, or say that the network may see everything"
            ]
        )
    build_app(ready).run(config=options(host, port, names))


def options(host: str, port: int, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return how Streamlit is configured: quiet, offline, with the look of `theme.toml`."""
    theme = tomllib.loads((_HERE / "theme.toml").read_text(encoding="utf-8"))
    return {
        "browser.gatherUsageStats": False,
        "client.disableDataExport": True,  # its CSV would let a spreadsheet run recorded text as a formula
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,  # they would ask search engines and models about what went wrong here
        "client.toolbarMode": "minimal",
        "logger.hideWelcomeMessage": True,  # it speaks of Streamlit; whoever serves the pages says where
        "runner.magicEnabled": False,
        "server.address": host,
        # Against DNS rebinding: a page elsewhere whose name is made to point here is refused.
        "server.allowedHosts": ["localhost", "127.0.0.1", "::1", host, *names] if is_loopback(host) else list(names),
        "server.enableStaticServing": False,
        "server.fileWatcherType": "none",
        "server.headless": True,
        "server.port": port,
        "server.showEmailPrompt": False,
        **dict(_flat(theme)),
    }


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _flat(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Return a table's values by dotted names."""
    return [
        pair
        for name, value in table.items()
        for pair in (_flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)])
    ]


@asynccontextmanager
async def _warming(ready: Callable[[], None], _app: st.App) -> AsyncIterator[None]:
    """Let the first visitor find what is slow to import, and slow to look up, done."""
    ready()
    warming = asyncio.get_running_loop().run_in_executor(None, warm)
    yield
    await warming


async def _healthy(_request: Request) -> JSONResponse:
    return JSONResponse({"status": "ok"})
